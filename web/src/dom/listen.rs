//! Event listeners that are removed when their owner is dropped.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{AddEventListenerOptions, Event, EventTarget};

/// A listener on a target, for as long as this value lives.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    handler: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn new(target: &EventTarget, kind: &'static str, handler: impl FnMut(Event) + 'static) -> Self {
        Self::with(target, kind, false, handler)
    }

    /// May call `prevent_default` on touch and wheel events, which browsers else treat as passive.
    pub fn active(target: &EventTarget, kind: &'static str, handler: impl FnMut(Event) + 'static) -> Self {
        Self::with(target, kind, true, handler)
    }

    fn with(target: &EventTarget, kind: &'static str, active: bool, handler: impl FnMut(Event) + 'static) -> Self {
        let handler = Closure::<dyn FnMut(Event)>::new(handler);
        let options = AddEventListenerOptions::new();
        options.set_passive(!active);
        // Fails only for a null callback.
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(kind, handler.as_ref().unchecked_ref(), &options);
        Self { target: target.clone(), kind, handler }
    }

    /// Keeps listening for as long as the page lives.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.kind, self.handler.as_ref().unchecked_ref());
    }
}
