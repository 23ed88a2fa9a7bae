//! Subgroups in a browser. The library that opens devices does not know the name of that feature there yet, and
//! so cannot ask for it. Here the name is added to what it asks for: to `requestDevice` of the adapters that
//! `navigator.gpu.requestAdapter` gives.

use std::cell::Cell;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

const NAME: &str = "subgroups";

thread_local! {
    static EXTENDED: Cell<bool> = const { Cell::new(false) };
    static GRANTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the device that was asked for last has subgroups.
pub fn has_subgroups() -> bool {
    GRANTED.get()
}

/// To be called before an adapter is asked for. Where something of it is missing, nothing is asked for.
pub fn ask_for_subgroups() {
    GRANTED.set(false);
    if !EXTENDED.replace(true) {
        // A browser without WebGPU.
        let _ = extend_gpu();
    }
}

fn get(object: &JsValue, key: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &JsValue::from_str(key))
}

fn method(object: &JsValue, key: &str) -> Result<Function, JsValue> {
    get(object, key)?.dyn_into()
}

/// A method of this object's own, before that of its class. It stays as long as the object.
fn put(object: &JsValue, key: &str, body: impl Fn(JsValue) -> Result<JsValue, JsValue> + 'static) -> Result<(), JsValue> {
    let closure = Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(body);
    Reflect::set(object, &JsValue::from_str(key), closure.as_ref())?;
    closure.forget();
    Ok(())
}

fn extend_gpu() -> Result<(), JsValue> {
    let gpu = get(&get(&js_sys::global(), "navigator")?, "gpu")?;
    let request = method(&gpu, "requestAdapter")?;
    let own = gpu.clone();
    let extended = Closure::<dyn Fn(JsValue) -> JsValue>::new(|adapter: JsValue| {
        // None was found, or one that cannot be extended.
        let _ = extend_adapter(&adapter);
        adapter
    });
    let extended = extended.into_js_value();
    put(&gpu, "requestAdapter", move |options| {
        let promise: JsValue = request.call1(&own, &options)?;
        let chained: JsValue = method(&promise, "then")?.call1(&promise, &extended)?;
        Ok(chained)
    })
}

fn extend_adapter(adapter: &JsValue) -> Result<(), JsValue> {
    let features = get(adapter, "features")?;
    let offered: JsValue = method(&features, "has")?.call1(&features, &JsValue::from_str(NAME))?;
    if !offered.is_truthy() {
        return Ok(());
    }
    let request = method(adapter, "requestDevice")?;
    let own = adapter.clone();
    put(adapter, "requestDevice", move |descriptor| {
        if let Ok(wanted) = get(&descriptor, "requiredFeatures")?.dyn_into::<Array>() {
            wanted.push(&JsValue::from_str(NAME));
            GRANTED.set(true);
        }
        request.call1(&own, &descriptor)
    })
}
