//! Names that one tab at a time has, as long as it lives: the browser's locks.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use super::window;

/// Takes `name` for this tab, unless another has it. Where the browser has no locks, as on hosts without encryption,
/// every tab gets what it asks for.
pub async fn claim(name: &str) -> bool {
    let Some(locks) = window().and_then(|w| Reflect::get(&w.navigator(), &"locks".into()).ok()).filter(JsValue::is_object) else {
        return true;
    };
    let Some(request) = Reflect::get(&locks, &"request".into()).ok().and_then(|f| f.dyn_into::<Function>().ok()) else { return true };
    let options = Object::new();
    let _ = Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE);
    let promise = Promise::new(&mut |done, _| {
        let answered = done.clone();
        let held = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let is_ours = !lock.is_null();
            let _ = answered.call1(&JsValue::NULL, &JsValue::from_bool(is_ours));
            // A lock is held until this is over: never, but with the tab.
            if is_ours { Promise::new(&mut |_, _| {}).into() } else { JsValue::UNDEFINED }
        });
        if let Ok(asked) = request.call3(&locks, &JsValue::from_str(name), &options, &held)
            && let Ok(asked) = asked.dyn_into::<Promise>()
        {
            // Refused where storage is: nobody else has it either.
            let refused = Closure::once_into_js(move |_: JsValue| {
                let _ = done.call1(&JsValue::NULL, &JsValue::TRUE);
            });
            if let Ok(catch) = Reflect::get(&asked, &"catch".into()).and_then(JsCast::dyn_into::<Function>) {
                let _ = catch.call1(&asked, &refused);
            }
        }
    });
    JsFuture::from(promise).await.is_ok_and(|answer| answer.is_truthy())
}
