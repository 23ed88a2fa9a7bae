//! The worker's life: hosting a session, and last words when it panics.

pub mod adapter;
mod figure;
pub mod host;
mod launched;
mod schedule;
mod surveyor;

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, EventTarget, MessageEvent, MessagePort};

use crate::{
    bench,
    dom::listen::Listener,
    link::{
        message::{Parcel, Tell},
        program::FIRST,
    },
    shards,
};
use host::Host;

/// A turn of training in a worker: long enough to be worth a message, short enough for a pause to
/// come within a frame.
const WORKER_TURN_MS: f64 = 14.0;
/// The same on the page's own thread, which also has to draw.
const PAGE_TURN_MS: f64 = 6.0;

/// Where the page is.
#[derive(Clone)]
enum Outlet {
    Worker(DedicatedWorkerGlobalScope),
    /// This is the page's own thread, and messages take the same way as from a worker.
    Page(MessagePort),
}

impl Outlet {
    fn target(&self) -> &EventTarget {
        match self {
            Self::Worker(scope) => scope,
            Self::Page(port) => port,
        }
    }

    fn post(&self, parcel: &Parcel<Tell>) {
        let send = |message: &Array, transfer: &Array| match self {
            Self::Worker(scope) => scope.post_message_with_transfer(message, transfer),
            Self::Page(port) => port.post_message_with_transferable(message, transfer),
        };
        match parcel.pack() {
            Ok((message, transfer)) => {
                // Fails only for values that cannot be cloned; these can.
                let _ = send(&message, &transfer);
            }
            Err(why) => web_sys::console::error_1(&JsValue::from_str(&format!("a message to the page cannot be written: {why}"))),
        }
    }
}

pub fn start() {
    let scope = js_sys::global();
    // What it was told first; see `link::program`.
    let first = Reflect::get(&scope, &JsValue::from_str(FIRST)).unwrap_or_default();
    let get = |key: &str| Reflect::get(&first, &JsValue::from_str(key)).unwrap_or_default();
    let (outlet, turn_ms) = match (scope.dyn_into::<DedicatedWorkerGlobalScope>(), get("port").dyn_into::<MessagePort>()) {
        (Ok(scope), _) if get(shards::KEY).is_truthy() => return shards::serve(&scope),
        (Ok(scope), _) => (Outlet::Worker(scope), WORKER_TURN_MS),
        (_, Ok(port)) => (Outlet::Page(port), PAGE_TURN_MS),
        _ => {
            console_error_panic_hook::set_once();
            return bench::start();
        }
    };
    let dying = outlet.clone();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        let words = info.payload_as_str().unwrap_or("a panic without words");
        dying.post(&Parcel::new(Tell::Panicked(words.to_owned())));
    }));
    let word = |key: &str| get(key).as_string().unwrap_or_default();
    let wish = word("backend").parse().unwrap_or_default();
    let cores = get("threads").as_f64().unwrap_or(1.0) as usize;
    let speaker = outlet.clone();
    let host = Host::start(&word("base"), wish, cores, turn_ms, move |parcel| speaker.post(&parcel));
    Listener::new(outlet.target(), "message", move |event| {
        if let Ok(event) = event.dyn_into::<MessageEvent>() {
            match Parcel::unpack(&event.data()) {
                Ok(parcel) => Host::receive(&host, parcel),
                // Page and worker are of one build, so this is a mistake in it.
                Err(why) => web_sys::console::error_1(&JsValue::from_str(&format!("a message from the page cannot be read: {why}"))),
            }
        }
    })
    .keep();
    if let Outlet::Page(port) = &outlet {
        port.start();
    }
}
