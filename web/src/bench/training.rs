//! Training until a share of the test digits is read right.

use engine::{Mode, Plan, PlanOptions, Run, StepInputs, plan::Watch};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{
    Shared,
    job::{Job, Pixels},
    number, set,
};
use crate::dom::now_ms;

/// Test images that are scored at once.
const SCORE_BATCH: usize = 250;
/// Steps after which the page breathes.
const STEPS_PER_BREATH: usize = 50;

/// The order of the peers' own shuffles, so that all see the digits in the same order.
struct Mulberry32(u32);

impl Mulberry32 {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut t = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        t = t.wrapping_add((t ^ (t >> 7)).wrapping_mul(61 | t)) ^ t;
        f64::from(t ^ (t >> 14)) / 4_294_967_296.0
    }

    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for i in (1..count).rev() {
            let j = (self.next() * (i + 1) as f64) as usize;
            order.swap(i, j);
        }
        order
    }
}

pub async fn accuracy_run(peer: &Shared, options: &JsValue) -> Result<Object, String> {
    let option = |key: &str, usual: f64| number(options, key).unwrap_or(usual);
    let (target, epochs) = (option("target", 0.985), option("maxEpochs", 3.0));
    let (every, seconds) = (option("evalEvery", 100.0).max(1.0) as u32, option("maxSeconds", 600.0));
    let (mut job, pixels) = {
        let peer = peer.borrow();
        let (task, weights) = peer.task.as_ref().ok_or("accuracyRun before prepare")?;
        let pixels = peer.pixels.clone().ok_or("accuracyRun before prepare")?;
        (Job::new(task, weights, &pixels)?, pixels)
    };
    let plan = Plan::compile(job.graph(), &PlanOptions { batch: SCORE_BATCH, mode: Mode::Eval, watch: Watch::Nothing })
        .map_err(|e| e.to_string())?;
    let mut score = Run::new(plan);
    let (batch, mut random) = (job.batch(), Mulberry32(option("seed", 1.0) as u32));
    let (curve, answer) = (Array::new(), Object::new());
    let (mut steps, mut train_ms, mut eval_ms) = (0_u32, 0.0, 0.0);
    let mut hit = JsValue::NULL;
    'epochs: for _ in 0..epochs as u32 {
        let order = random.shuffled(Pixels::TRAIN);
        for (index, chosen) in order.chunks_exact(batch).enumerate() {
            let begun = now_ms();
            fill(&mut job.work, chosen.iter().map(|i| pixels.train(*i)));
            job.advance();
            steps += 1;
            let trained = now_ms();
            train_ms += trained - begun;
            if steps % every == 0 {
                let accuracy = accuracy(&mut job, &mut score, &pixels);
                eval_ms += now_ms() - trained;
                curve.push(&Array::of3(&steps.into(), &(train_ms / 1000.0).into(), &accuracy.into()));
                if accuracy >= target {
                    let found = Object::new();
                    set(&found, "steps", steps);
                    set(&found, "epochs", f64::from(steps) * batch as f64 / Pixels::TRAIN as f64);
                    set(&found, "seconds", train_ms / 1000.0);
                    set(&found, "accuracy", accuracy);
                    hit = found.into();
                    break 'epochs;
                }
                if train_ms / 1000.0 > seconds {
                    set(&answer, "stopped", "time limit");
                    break 'epochs;
                }
            }
            if index % STEPS_PER_BREATH == 0 {
                breathe().await;
            }
        }
    }
    set(&answer, "hit", hit);
    set(&answer, "curve", curve);
    set(&answer, "evalSeconds", eval_ms / 1000.0);
    Ok(answer)
}

fn fill<'a>(run: &mut Run, digits: impl Iterator<Item = (&'a [u8], u8)>) {
    run.labels.clear();
    for ((image, label), into) in digits.zip(run.images.chunks_exact_mut(784)) {
        into.iter_mut().zip(image).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
        run.labels.push(label);
    }
}

/// Share of the test digits that are read right.
fn accuracy(job: &mut Job, score: &mut Run, pixels: &Pixels) -> f64 {
    let loss = engine::LossSpec::default();
    let mut correct = 0;
    for first in (0..Pixels::TEST).step_by(SCORE_BATCH) {
        fill(score, (first..first + SCORE_BATCH).map(|i| pixels.test(i)));
        job.cpu.forward(score, &StepInputs::default());
        correct += job.cpu.evaluate(score, &loss).correct;
    }
    f64::from(correct) / Pixels::TEST as f64
}

/// Lets the browser do something else for a moment.
async fn breathe() {
    let pause = Promise::new(&mut |resolve, _| {
        let timer: Option<Function> =
            Reflect::get(&js_sys::global(), &JsValue::from_str("setTimeout")).ok().and_then(|f| f.dyn_into().ok());
        let started = timer.is_some_and(|timer| timer.call2(&JsValue::UNDEFINED, &resolve, &JsValue::from_f64(0.0)).is_ok());
        if !started {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    let _ = JsFuture::from(pause).await;
}
