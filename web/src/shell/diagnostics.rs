//! How smoothly the page runs: a line for people, `window.__kernelscope` for tests.

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use protocol::EvalSet;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use crate::{
    dom::{frame::Interval, timing::Meter, window},
    reaction::effect,
    state::{Lab, Phase, app},
    widgets::number,
};

const PERIOD_MS: i32 = 500;

pub fn start(lab: Lab) {
    let meter = Meter::start();
    let report = Object::new();
    if let Some(window) = window() {
        let _ = Reflect::set(&window, &JsValue::from_str("__kernelscope"), &report);
    }
    let crash = Closure::<dyn Fn()>::new(move || lab.crash_worker());
    put(&report, "crash_worker", crash.into_js_value());
    let crash = Closure::<dyn Fn()>::new(move || lab.crash_shard());
    put(&report, "crash_shard", crash.into_js_value());
    let lose = Closure::<dyn Fn()>::new(move || lab.lose_card());
    put(&report, "lose_card", lose.into_js_value());
    let memory = Closure::<dyn Fn() -> f64>::new(|| {
        let memory = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
        memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length().into()
    });
    put(&report, "wasmBytes", memory.into_js_value());
    let state = lab.state;
    // Follows the run without delay, so that tests need not wait for the line.
    let live = report.clone();
    effect(move || {
        let progress = state.progress.get();
        let phase = state.phase.get();
        put(&live, "step", f64::from(progress.step));
        put(&live, "epoch", progress.epoch);
        put(&live, "loss", progress.loss);
        put(&live, "accuracy", progress.accuracy);
        put(&live, "imagesPerSecond", progress.images_per_second);
        put(&live, "running", phase == Phase::Playing);
        put(&live, "ready", !matches!(phase, Phase::Starting | Phase::Stopped));
        put(&live, "finished", phase == Phase::Finished);
    });
    let live = report.clone();
    effect(move || {
        state.frame_tick.track();
        state.frame.with_value(|frame| {
            put(&live, "frame", frame.id.0);
            put(&live, "frameStep", frame.step);
        });
        state.probabilities.with(|p| {
            let top = p.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            put(&live, "answer", top.map_or(JsValue::NULL, |(class, _)| JsValue::from_f64(class as f64)));
        });
    });
    let live = report.clone();
    effect(move || {
        put(&live, "backend", state.summary.with(|s| s.backend.name()));
        put(&live, "cores", state.summary.with(|s| s.cores));
        // What was chosen, once the graphics card has been looked at.
        put(&live, "chosen", state.card.with(|c| c.as_ref().map_or(JsValue::NULL, |c| c.chosen.name().into())));
        put(&live, "parted", state.parting.with(Option::is_some));
        put(&live, "dispatchesPerStep", state.traffic.get().map_or(JsValue::NULL, |t| t.dispatches_per_step.into()));
    });
    let live = report.clone();
    effect(move || {
        state.scores.track();
        let score = |set| state.score(set).map_or(JsValue::NULL, JsValue::from_f64);
        put(&live, "validationAccuracy", score(EvalSet::Validation));
        put(&live, "testAccuracy", score(EvalSet::Test));
    });
    let live = report.clone();
    effect(move || {
        put(&live, "runs", state.runs.list.with(|list| protocol::record::table_csv(list)));
        put(&live, "racing", state.runs.race.with(|race| race.as_ref().is_some_and(|r| !r.over)));
    });
    if let Some(interval) = Interval::new(PERIOD_MS, move || {
        let smoothness = meter.read();
        put(&report, "frameP95", smoothness.frame_p95_ms);
        put(&report, "longTasks", smoothness.long_tasks);
        put(&report, "longestTask", smoothness.longest_task_ms);
        if state.smoothness.get_untracked() != smoothness {
            state.smoothness.set(smoothness);
        }
    }) {
        interval.keep();
    }
}

fn put(object: &Object, key: &str, value: impl Into<JsValue>) {
    // An ordinary object takes any property.
    let _ = Reflect::set(object, &JsValue::from_str(key), &value.into());
}

#[component]
pub fn Line() -> impl IntoView {
    let state = app();
    view! {
        <footer class="foot">
            <span>"Digits: MNIST, CC BY-SA 3.0. Nothing leaves this tab."</span>
            <span class="number" data-testid="diagnostics">
                {move || {
                    let s = state.smoothness.get();
                    format!("frame {} ms, {} long tasks", number::short(s.frame_p95_ms), s.long_tasks)
                }}
            </span>
        </footer>
    }
}
