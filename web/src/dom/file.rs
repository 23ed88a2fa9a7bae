//! Files in and out of the page.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Url};

use super::{document, reason};

/// Offers `bytes` as a download.
///
/// # Errors
/// In words, where the browser refuses.
pub fn download(name: &str, bytes: &[u8]) -> Result<(), String> {
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(|e| reason(&e))?;
    let url = Url::create_object_url_with_blob(&blob).map_err(|e| reason(&e))?;
    let anchor = document()
        .and_then(|d| d.create_element("a").ok())
        .and_then(|e| e.dyn_into::<HtmlAnchorElement>().ok())
        .ok_or("the page has no document")?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The download holds its own reference by the time that this runs.
    super::frame::after(10_000, move || {
        let _ = Url::revoke_object_url(&url);
    });
    Ok(())
}

/// The bytes of a file that the user chose.
///
/// # Errors
/// In words, where it cannot be read.
pub async fn read(file: &File) -> Result<Vec<u8>, String> {
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(|e| reason(&e))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
