//! The bench's page: the engine alone, driven from outside through `window.__peer`.
//!
//! Opened with `?bench=1&backend=cpu&threads=1` or `?bench=1&backend=webgpu` (any adapter will do, one
//! in software too). Weights and digits come from the bench's own server, so that every system under
//! test starts from the same numbers. What goes wrong rejects the promise, and is left in words as
//! `{ error }` on `window.__bench`.

mod card;
mod cpu;
mod runner;
mod task;
mod training;

use std::{cell::RefCell, future::Future, rc::Rc};

use engine::backend::gpu::Traffic;
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;

use crate::{
    dom::{fetch, window},
    link::program::Program,
    state::url::page_value,
};
use card::Stand;
use cpu::Staff;
use runner::{Job, Runner};
use task::{Pixels, Task};

/// What the driver has asked for so far.
#[derive(Default)]
struct Peer {
    pixels: Option<Rc<Pixels>>,
    /// The card, where that is asked for.
    stand: Option<Rc<Stand>>,
    /// The workers of the CPU.
    staff: Option<Rc<Staff>>,
    /// Taken out while it runs.
    runner: Option<Runner>,
    /// What `runner` was made of, to begin anew.
    task: Option<(Task, Vec<f32>)>,
}

type Shared = Rc<RefCell<Peer>>;

/// From the page: has the worker's program, which holds the engine, started here as the bench.
pub fn call() {
    if let Err(why) = Program::of_worker().start_here(&Object::new()) {
        web_sys::console::error_1(&why);
    }
}

pub fn start() {
    let peer = Shared::default();
    let object = Object::new();
    offer(&object, "prepare", &peer, |peer, config| async move { prepare(&peer, &config).await });
    offer(&object, "sample", &peer, |peer, seconds| async move { sample(&peer, seconds.as_f64().unwrap_or(1.0)).await });
    offer(&object, "accuracyRun", &peer, |peer, options| async move { accuracy_run(&peer, &options).await });
    offer(&object, "dispose", &peer, |peer, _| async move {
        peer.borrow_mut().runner = None;
        Ok(Object::new())
    });
    put("__peer", &object);
}

fn put(name: &str, object: &Object) {
    if let Some(window) = window() {
        set(&window.into(), name, object);
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
        future_to_promise(async move {
            answer.await.map(JsValue::from).map_err(|why| {
                let error = Object::new();
                set(&error, "error", &why);
                put("__bench", &error);
                js_sys::Error::new(&why).into()
            })
        })
    });
    set(object, name, method.into_js_value());
}

/// The card, if the page's link asks for it.
async fn stand(peer: &Shared, pixels: &Pixels) -> Result<Option<Rc<Stand>>, String> {
    match page_value("backend").as_deref() {
        None | Some("cpu") => Ok(None),
        Some("webgpu" | "gpu") => {
            let open = peer.borrow().stand.clone().filter(|stand| stand.works());
            let stand = match open {
                Some(stand) => stand,
                None => Stand::open(pixels).await?,
            };
            peer.borrow_mut().stand = Some(Rc::clone(&stand));
            Ok(Some(stand))
        }
        Some(backend) => Err(format!("there is no backend `{backend}`: cpu or webgpu")),
    }
}

/// As many cores as the page's link asks for: one, where it does not.
fn staff(peer: &Shared) -> Result<Rc<Staff>, String> {
    let threads = page_value("threads");
    let cores = match threads.as_deref().map_or(Ok(1), str::parse) {
        Ok(cores @ 1..=8) => cores,
        _ => return Err(format!("`threads` is {}; expected 1 to 8", threads.unwrap_or_default())),
    };
    Ok(Rc::clone(peer.borrow_mut().staff.get_or_insert_with(|| Staff::new(cores))))
}

async fn prepare(peer: &Shared, config: &JsValue) -> Result<Object, String> {
    let task = Task::read(config)?;
    peer.borrow_mut().runner = None;
    let known = peer.borrow().pixels.clone();
    let pixels = match known {
        Some(pixels) => pixels,
        None => Rc::new(Pixels::parse(fetch::bytes("/.cache/mnist.bin").await.map_err(|e| format!("mnist.bin: {e}"))?)?),
    };
    peer.borrow_mut().pixels = Some(Rc::clone(&pixels));
    let stand = stand(peer, &pixels).await?;
    let weights = fetch::bytes(&format!("/.cache/{}.weights.bin", task.net)).await.map_err(|e| format!("weights: {e}"))?;
    let weights: Vec<f32> = weights.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let staff = staff(peer)?;
    let answer = Object::new();
    set(&answer, "ok", true);
    if task.check {
        Runner::new(&task, &weights, &pixels, stand.as_ref(), &staff)?.check(pixels.train(0).0, &answer).await?;
    }
    let mut runner = Runner::new(&task, &weights, &pixels, stand.as_ref(), &staff)?;
    runner.warm(&answer).await?;
    runner.introduce(&answer).await?;
    let mut peer = peer.borrow_mut();
    peer.runner = Some(runner);
    peer.task = Some((task, weights));
    Ok(answer)
}

async fn sample(peer: &Shared, seconds: f64) -> Result<Object, String> {
    let taken = peer.borrow_mut().runner.take();
    let mut runner = taken.ok_or("sample before prepare, or during another")?;
    let before = asked(&runner);
    let measured = runner.sample(seconds).await?;
    let answer = Object::new();
    let steps = f64::from(measured.steps);
    set(&answer, "steps", measured.steps);
    set(&answer, "ms", measured.ms);
    set(&answer, "msPerStep", measured.ms / steps);
    set(&answer, "imagesPerSecond", 1000.0 * steps * runner.batch() as f64 / measured.ms);
    if let Some(median) = measured.median_ms {
        set(&answer, "msMedian", median);
    }
    if let (Some((before, issued_before)), Some((after, issued_after))) = (before, asked(&runner)) {
        set(&answer, "dispatches", (after.dispatches - before.dispatches) as f64);
        set(&answer, "submissions", (after.submissions - before.submissions) as f64);
        set(&answer, "readBacks", (after.read_backs - before.read_backs) as f64);
        // Recording and submitting; the name is the harness's.
        set(&answer, "enqueueMsPerStep", (issued_after - issued_before) / steps);
    }
    peer.borrow_mut().runner = Some(runner);
    Ok(answer)
}

/// What was asked of the card so far, and the milliseconds that this took in training.
fn asked(runner: &Runner) -> Option<(Traffic, f64)> {
    match &runner.job {
        Job::Card(job) => Some(job.traffic()),
        Job::Cpu(_) => None,
    }
}

async fn accuracy_run(peer: &Shared, options: &JsValue) -> Result<Object, String> {
    let staff = staff(peer)?;
    let (mut runner, pixels) = {
        let peer = peer.borrow();
        let (task, weights) = peer.task.as_ref().ok_or("accuracyRun before prepare")?;
        let pixels = peer.pixels.clone().ok_or("accuracyRun before prepare")?;
        (Runner::new(task, weights, &pixels, peer.stand.as_ref(), &staff)?, pixels)
    };
    runner.assemble().await;
    training::accuracy_run(&mut runner, &pixels, options).await
}

fn set(object: &Object, key: &str, value: impl Into<JsValue>) {
    // An ordinary object takes any property.
    let _ = Reflect::set(object, &JsValue::from_str(key), &value.into());
}

fn number(object: &JsValue, key: &str) -> Option<f64> {
    Reflect::get(object, &JsValue::from_str(key)).ok().and_then(|v| v.as_f64())
}
