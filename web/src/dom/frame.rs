//! Drawing happens in animation frames only: jobs asked for between two frames run in the next one.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, closure::Closure};

use super::window;

type Job = Box<dyn FnOnce(f64)>;

#[derive(Default)]
struct Frames {
    jobs: Vec<Job>,
    callback: Option<Closure<dyn FnMut(f64)>>,
    requested: bool,
}

thread_local! {
    static FRAMES: RefCell<Frames> = RefCell::default();
}

/// Runs `job` in the next animation frame, with the frame's time in milliseconds.
pub fn next(job: impl FnOnce(f64) + 'static) {
    FRAMES.with_borrow_mut(|frames| {
        frames.jobs.push(Box::new(job));
        if frames.requested {
            return;
        }
        let callback = frames.callback.get_or_insert_with(|| Closure::new(run));
        if let Some(window) = window()
            && window.request_animation_frame(callback.as_ref().unchecked_ref()).is_ok()
        {
            frames.requested = true;
        }
    });
}

fn run(time_ms: f64) {
    let jobs = FRAMES.with_borrow_mut(|frames| {
        frames.requested = false;
        std::mem::take(&mut frames.jobs)
    });
    for job in jobs {
        job(time_ms);
    }
}

/// A repeating call every `period_ms`, until dropped.
#[derive(Debug)]
pub struct Interval {
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

impl Interval {
    pub fn new(period_ms: i32, call: impl FnMut() + 'static) -> Option<Self> {
        let callback = Closure::<dyn FnMut()>::new(call);
        let id = window()?.set_interval_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), period_ms).ok()?;
        Some(Self { id, _callback: callback })
    }

    /// Goes on for as long as the page lives.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        if let Some(window) = window() {
            window.clear_interval_with_handle(self.id);
        }
    }
}

/// Is over after so many milliseconds.
pub async fn wait(delay_ms: i32) {
    let promise = js_sys::Promise::new(&mut |done, _| {
        if let Some(window) = window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&done, delay_ms);
        }
    });
    // A timer does not fail.
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Lets what waits have its turn, on the page and in a worker.
pub async fn pause() {
    let promise = js_sys::Promise::new(&mut |done, _| {
        let global = js_sys::global();
        let timer = js_sys::Reflect::get(&global, &"setTimeout".into()).ok().and_then(|f| f.dyn_into::<js_sys::Function>().ok());
        if timer.is_none_or(|timer| timer.call1(&global, &done).is_err()) {
            let _ = done.call0(&wasm_bindgen::JsValue::NULL);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Calls once after `delay_ms`.
pub fn after(delay_ms: i32, call: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(call);
    if let Some(window) = window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(callback.unchecked_ref(), delay_ms);
    }
}
