//! `window.__kernelscope` for tests: what figures have reported, and where one is.

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsValue, closure::Closure};

use super::state::Learn;
use crate::dom::window;

pub fn start(learn: Learn) {
    let hook = Object::new();
    let facts = Closure::<dyn Fn() -> JsValue>::new(move || {
        let told = Object::new();
        if let Some(desk) = learn.desk.get_untracked() {
            desk.facts.try_with_untracked(|facts| facts.0.iter().for_each(|(name, value)| put(&told, name, &JsValue::from_f64(*value))));
        }
        told.into()
    });
    put(&hook, "facts", &facts.into_js_value());
    let sample =
        Closure::<dyn Fn() -> JsValue>::new(move || learn.sample.with_untracked(|s| js_sys::Float32Array::from(s.image.as_slice()).into()));
    put(&hook, "sample", &sample.into_js_value());
    if let Some(window) = window() {
        let _ = Reflect::set(&window, &"__kernelscope".into(), &hook);
    }
}

fn put(object: &Object, key: &str, value: &JsValue) {
    // An ordinary object takes any property.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}
