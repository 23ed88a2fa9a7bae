//! The bench's page: the engine alone, driven from outside through `window.__peer`.
//!
//! Opened with `?bench=1&backend=cpu&threads=N`. Weights and digits come from the bench's own server,
//! so that every system under test starts from the same numbers.

mod job;
mod training;

use std::{cell::RefCell, future::Future, rc::Rc};

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;

use crate::{
    dom::{fetch, now_ms, window},
    state::url::page_value,
};
use job::{Job, Pixels, Task};

/// What the driver has asked for so far.
#[derive(Default)]
struct Peer {
    pixels: Option<Rc<Pixels>>,
    job: Option<Job>,
    /// What `job` was made of, to begin anew.
    task: Option<(Task, Vec<f32>)>,
}

type Shared = Rc<RefCell<Peer>>;

pub fn start() {
    let peer = Shared::default();
    let object = Object::new();
    offer(&object, "prepare", &peer, |peer, config| async move { prepare(&peer, &config).await });
    offer(&object, "sample", &peer, |peer, seconds| async move { sample(&peer, seconds.as_f64().unwrap_or(1.0)) });
    offer(&object, "accuracyRun", &peer, |peer, options| async move { training::accuracy_run(&peer, &options).await });
    offer(&object, "dispose", &peer, |peer, _| async move {
        peer.borrow_mut().job = None;
        Ok(Object::new())
    });
    if let Some(window) = window() {
        let _ = Reflect::set(&window, &JsValue::from_str("__peer"), &object);
    }
}

/// Makes an async JavaScript method of `call`.
fn offer<F>(object: &Object, name: &str, peer: &Shared, call: impl Fn(Shared, JsValue) -> F + 'static)
where
    F: Future<Output = Result<Object, String>> + 'static,
{
    let peer = Rc::clone(peer);
    let method = Closure::<dyn Fn(JsValue) -> Promise>::new(move |argument| {
        let answer = call(Rc::clone(&peer), argument);
        future_to_promise(async move { answer.await.map(JsValue::from).map_err(|why| js_sys::Error::new(&why).into()) })
    });
    let _ = Reflect::set(object, &JsValue::from_str(name), &method.into_js_value());
}

async fn prepare(peer: &Shared, config: &JsValue) -> Result<Object, String> {
    let backend = page_value("backend").unwrap_or_else(|| "cpu".to_owned());
    if backend != "cpu" {
        return Err(format!("backend `{backend}` is not there yet: cpu only"));
    }
    let threads = page_value("threads").unwrap_or_else(|| "1".to_owned());
    if threads != "1" {
        return Err(format!("{threads} threads are not there yet: one core only"));
    }
    let task = Task::read(config)?;
    if peer.borrow().pixels.is_none() {
        let pixels = Pixels::parse(fetch::bytes("/.cache/mnist.bin").await.map_err(|e| format!("mnist.bin: {e}"))?)?;
        peer.borrow_mut().pixels = Some(Rc::new(pixels));
    }
    let pixels = peer.borrow().pixels.clone().ok_or("no digits")?;
    let weights = fetch::bytes(&format!("/.cache/{}.weights.bin", task.net)).await.map_err(|e| format!("weights: {e}"))?;
    let weights: Vec<f32> = weights.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let mut job = Job::new(&task, &weights, &pixels)?;
    let answer = Object::new();
    set(&answer, "ok", JsValue::TRUE);
    if task.check {
        let logits = job.scores(pixels.train(0).0)?;
        set(&answer, "logits", logits.into_iter().map(|v| JsValue::from_f64(f64::from(v))).collect::<Array>());
        set(&answer, "losses", job.first_losses(5).into_iter().map(JsValue::from_f64).collect::<Array>());
        job = Job::new(&task, &weights, &pixels)?;
    }
    let begun = now_ms();
    job.run(1);
    let first = now_ms();
    // Some more, so that the browser's optimising compiler has seen every kernel.
    job.run(3);
    let warm = now_ms();
    job.run(1);
    let step_ms = now_ms() - warm;
    job.note_pace(step_ms);
    set(&answer, "firstMs", first - begun);
    set(&answer, "stepMs", step_ms);
    set(&answer, "info", format!("kernelscope {} cpu 1 thread", env!("CARGO_PKG_VERSION")));
    let mut peer = peer.borrow_mut();
    peer.job = Some(job);
    peer.task = Some((task, weights));
    Ok(answer)
}

fn sample(peer: &Shared, seconds: f64) -> Result<Object, String> {
    let mut peer = peer.borrow_mut();
    let job = peer.job.as_mut().ok_or("sample before prepare")?;
    let measured = job.sample(seconds, &mut now_ms);
    let answer = Object::new();
    set(&answer, "steps", measured.steps);
    set(&answer, "ms", measured.ms);
    set(&answer, "msPerStep", measured.ms / f64::from(measured.steps));
    set(&answer, "imagesPerSecond", 1000.0 * f64::from(measured.steps) * job.batch() as f64 / measured.ms);
    if let Some(median) = measured.median_ms {
        set(&answer, "msMedian", median);
    }
    Ok(answer)
}

fn set(object: &Object, key: &str, value: impl Into<JsValue>) {
    // An ordinary object takes any property.
    let _ = Reflect::set(object, &JsValue::from_str(key), &value.into());
}

fn number(object: &JsValue, key: &str) -> Option<f64> {
    Reflect::get(object, &JsValue::from_str(key)).ok().and_then(|v| v.as_f64())
}
