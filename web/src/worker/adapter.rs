//! What the browser itself says about the graphics card.

use js_sys::{Function, Object, Promise, Reflect};
use protocol::Adapter;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Fills in the names. Browsers give a vendor and an architecture and, against being recognised, mostly
/// no description, which is all that is known otherwise.
pub async fn name(adapter: &mut Adapter) {
    // Where the browser says nothing, the names stay as they are.
    let Ok(info) = info().await else { return };
    let word = |key: &str| Reflect::get(&info, &key.into()).ok().and_then(|w| w.as_string()).filter(|w| !w.is_empty());
    let vendor = word("vendor");
    if let Some(name) = word("description").or_else(|| word("device")).or_else(|| word("architecture")).or_else(|| vendor.clone()) {
        adapter.name = name;
    }
    if let Some(vendor) = vendor {
        adapter.vendor = vendor;
    }
}

/// The `info` of the adapter that runs are given too.
async fn info() -> Result<JsValue, JsValue> {
    let field = |of: &JsValue, key: &str| Reflect::get(of, &key.into());
    let gpu = field(&field(&js_sys::global(), "navigator")?, "gpu")?;
    let request: Function = field(&gpu, "requestAdapter")?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into())?;
    let found = JsFuture::from(request.call1(&gpu, &options)?.dyn_into::<Promise>()?).await?;
    field(&found, "info")
}
