//! The clipboard.

use wasm_bindgen_futures::JsFuture;

use super::window;

/// Whether the browser took `text` there: it may refuse.
pub async fn copy(text: &str) -> bool {
    match window().map(|w| w.navigator().clipboard()) {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}
