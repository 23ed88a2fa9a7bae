//! Files from the page's own origin, from the page or the worker.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::reason;

/// The bytes at `url`.
///
/// # Errors
/// In words: the status, or what the network said.
pub async fn bytes(url: &str) -> Result<Vec<u8>, String> {
    let global = js_sys::global();
    let fetch: Function = Reflect::get(&global, &JsValue::from_str("fetch"))
        .and_then(JsCast::dyn_into)
        .map_err(|_| "this browser has no fetch".to_owned())?;
    let promise: Promise = fetch.call1(&global, &JsValue::from_str(url)).and_then(JsCast::dyn_into).map_err(|e| reason(&e))?;
    let response: Response = JsFuture::from(promise).await.and_then(JsCast::dyn_into).map_err(|e| reason(&e))?;
    if !response.ok() {
        return Err(format!("the server answered {} {}", response.status(), response.status_text()).trim_end().to_owned());
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(|e| reason(&e))?).await.map_err(|e| reason(&e))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
