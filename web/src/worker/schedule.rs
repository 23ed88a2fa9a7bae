//! When the next turn comes: at once but after waiting messages, or after a while.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessagePort};

use crate::dom::listen::Listener;

/// A wake-up call. At most one is under way.
#[derive(Debug)]
pub struct Schedule {
    port: Option<MessagePort>,
    _listener: Option<Listener>,
    timer: Option<JsValue>,
    wake: Closure<dyn FnMut()>,
    at_once: bool,
}

impl Schedule {
    pub fn new(call: impl Fn() + Clone + 'static) -> Self {
        // A message to oneself comes sooner than a timer, which browsers hold back to 4 ms.
        let channel = MessageChannel::new().ok();
        let ring = call.clone();
        let listener = channel.as_ref().map(|channel| {
            let port = channel.port1();
            port.start();
            Listener::new(&port, "message", move |_| ring())
        });
        Self { port: channel.map(|c| c.port2()), _listener: listener, timer: None, wake: Closure::new(call), at_once: false }
    }

    /// The call has come.
    pub fn rung(&mut self) {
        self.at_once = false;
        self.cancel();
    }

    pub fn now(&mut self) {
        if !std::mem::replace(&mut self.at_once, true) {
            self.cancel();
            let sent = self.port.as_ref().is_some_and(|port| port.post_message(&JsValue::NULL).is_ok());
            if !sent {
                self.timer = self.set_timer(0.0);
            }
        }
    }

    pub fn after(&mut self, ms: f64) {
        if !self.at_once {
            self.cancel();
            self.timer = self.set_timer(ms);
        }
    }

    fn set_timer(&self, ms: f64) -> Option<JsValue> {
        call_global("setTimeout", &[self.wake.as_ref().clone(), JsValue::from_f64(ms.ceil())])
    }

    fn cancel(&mut self) {
        if let Some(timer) = self.timer.take() {
            call_global("clearTimeout", &[timer]);
        }
    }
}

/// Is over after so many milliseconds.
pub async fn sleep(ms: f64) {
    let timer = Promise::new(&mut |done, _| {
        call_global("setTimeout", &[done.into(), JsValue::from_f64(ms)]);
    });
    // A timer does not fail.
    let _ = JsFuture::from(timer).await;
}

/// Timers are methods of the window and of the worker's scope alike.
fn call_global(name: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let global = js_sys::global();
    let function: Function = Reflect::get(&global, &JsValue::from_str(name)).ok()?.dyn_into().ok()?;
    function.apply(&global, &arguments.iter().collect()).ok()
}
