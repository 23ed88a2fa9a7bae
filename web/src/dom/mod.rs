//! The browser's parts that the page and the worker use, each with an owner that lets go of it.

pub mod claim;
pub mod clipboard;
pub mod fetch;
pub mod file;
pub mod frame;
pub mod image;
pub mod listen;
pub mod media;
pub mod picture;
pub mod size;
pub mod store;
pub mod timing;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Window};

/// The page's window; `None` in a worker.
pub fn window() -> Option<Window> {
    js_sys::global().dyn_into::<Window>().ok()
}

pub fn document() -> Option<Document> {
    window().and_then(|w| w.document())
}

/// Milliseconds since the page or the worker began; works in both.
pub fn now_ms() -> f64 {
    let performance = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("performance"));
    performance.ok().and_then(|p| p.dyn_into::<web_sys::Performance>().ok()).map_or(0.0, |p| p.now())
}

/// What a thrown JavaScript value says, for people.
pub fn reason(error: &JsValue) -> String {
    if let Some(error) = error.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    error.as_string().unwrap_or_else(|| format!("{error:?}"))
}
