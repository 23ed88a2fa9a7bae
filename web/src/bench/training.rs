//! Training until a share of the test digits is read right.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{
    number,
    runner::Runner,
    set,
    task::{Pixels, TRAIN},
};
use crate::dom::now_ms;

/// Test images that are scored at once.
pub const SCORE_BATCH: usize = 250;

/// The order of the peers' own shuffles, so that all see the digits in the same order.
struct Mulberry32(u32);

impl Mulberry32 {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut t = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        t = t.wrapping_add((t ^ (t >> 7)).wrapping_mul(61 | t)) ^ t;
        f64::from(t ^ (t >> 14)) / 4_294_967_296.0
    }

    fn shuffled(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        for i in (1..count).rev() {
            let j = (self.next() * (i + 1) as f64) as usize;
            order.swap(i, j);
        }
        order
    }
}

/// Trains `runner` from where it stands. The clock leaves out what scoring takes.
pub async fn accuracy_run(runner: &mut Runner, pixels: &Pixels, options: &JsValue) -> Result<Object, String> {
    let option = |key: &str, usual: f64| number(options, key).unwrap_or(usual);
    let (target, epochs) = (option("target", 0.985), option("maxEpochs", 3.0));
    let (every, seconds) = (option("evalEvery", 100.0).max(1.0) as usize, option("maxSeconds", 600.0));
    let (batch, mut random) = (runner.batch(), Mulberry32(option("seed", 1.0) as u32));
    let (curve, answer) = (Array::new(), Object::new());
    let (mut steps, mut train_ms, mut eval_ms) = (0, 0.0, 0.0);
    let mut hit = JsValue::NULL;
    'epochs: for _ in 0..epochs as u32 {
        let order = random.shuffled(TRAIN);
        let shuffled = now_ms();
        runner.shuffle(&order)?;
        train_ms += now_ms() - shuffled;
        let (mut first, batches) = (0, TRAIN / batch);
        while first < batches {
            // Up to the next look at the test digits.
            let count = (every - steps % every).min(batches - first);
            train_ms += runner.train(&order, first, count, pixels).await?;
            first += count;
            steps += count;
            if steps % every == 0 {
                let trained = now_ms();
                let accuracy = runner.accuracy(pixels).await?;
                eval_ms += now_ms() - trained;
                curve.push(&Array::of3(&(steps as u32).into(), &(train_ms / 1000.0).into(), &accuracy.into()));
                if accuracy >= target {
                    let found = Object::new();
                    set(&found, "steps", steps as u32);
                    set(&found, "epochs", (steps * batch) as f64 / TRAIN as f64);
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
        }
    }
    set(&answer, "hit", hit);
    set(&answer, "curve", curve);
    set(&answer, "evalSeconds", eval_ms / 1000.0);
    Ok(answer)
}

/// Lets the browser do something else for a moment.
pub async fn breathe() {
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
