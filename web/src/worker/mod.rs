//! The worker's life: hosting a session, and last words when it panics.

pub mod adapter;
pub mod host;
mod schedule;
mod surveyor;

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::{
    dom::listen::Listener,
    link::message::{Parcel, Tell},
    shards,
};
use host::Host;

/// A turn of training in a worker: long enough to be worth a message, short enough for a pause to
/// come within a frame.
pub const WORKER_TURN_MS: f64 = 14.0;
/// The same on the page's own thread, which also has to draw.
pub const PAGE_TURN_MS: f64 = 6.0;

/// The worker's scope, if this is one.
pub fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

pub fn start(scope: &DedicatedWorkerGlobalScope) {
    // What the page said first; see `link::start`.
    let first = Reflect::get(scope, &JsValue::from_str("kernelscope")).unwrap_or_default();
    let get = |key: &str| Reflect::get(&first, &JsValue::from_str(key)).unwrap_or_default();
    if get(shards::KEY).is_truthy() {
        return shards::serve(scope);
    }
    let dying = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        let words = info.payload_as_str().unwrap_or("a panic without words");
        post(&dying, &Parcel::new(Tell::Panicked(words.to_owned())));
    }));
    let word = |key: &str| get(key).as_string().unwrap_or_default();
    let wish = word("backend").parse().unwrap_or_default();
    let outlet = scope.clone();
    let cores = get("threads").as_f64().unwrap_or(1.0) as usize;
    let host = Host::start(&word("base"), wish, cores, WORKER_TURN_MS, move |parcel| post(&outlet, &parcel));
    Listener::new(scope, "message", move |event| {
        if let Ok(event) = event.dyn_into::<MessageEvent>() {
            match Parcel::unpack(&event.data()) {
                Ok(parcel) => Host::receive(&host, parcel),
                // Page and worker are of one build, so this is a mistake in it.
                Err(why) => web_sys::console::error_1(&JsValue::from_str(&format!("a message from the page cannot be read: {why}"))),
            }
        }
    })
    .keep();
}

fn post(scope: &DedicatedWorkerGlobalScope, parcel: &Parcel<Tell>) {
    match parcel.pack() {
        Ok((message, transfer)) => {
            // Fails only for values that cannot be cloned; these can.
            let _ = scope.post_message_with_transfer(&message, &transfer);
        }
        Err(why) => web_sys::console::error_1(&JsValue::from_str(&format!("a message to the page cannot be written: {why}"))),
    }
}
