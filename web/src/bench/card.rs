//! One network on the graphics card, on digits that lie there.

use std::rc::Rc;

use engine::{
    Cpu, LossSpec, Mode, OptimizerSpec, StepInputs,
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, SLOTS, Traffic, Turn, launch::Storage, network::RESULT_BYTES, profile, results},
    loss::BatchResult,
};
use js_sys::{Array, Object};
use protocol::Adapter;
use wasm_bindgen::JsValue;

use super::{
    set,
    task::{PIXELS, Pixels, RATE, TEST, TRAIN, Task, numbers, plan},
    training::SCORE_BATCH,
};
use crate::{dom::now_ms, worker::adapter};

/// Submissions that may be under way.
const UNDERWAY: usize = 3;
/// What one submission of training should take at most. Nobody pauses here; but a browser takes a card
/// that is busy for seconds for one that hangs.
const SUBMISSION_MS: f64 = 400.0;
/// Images of a copy to the card: the bytes pass through memory twice.
const APPENDED: usize = 10_000;
/// Repetitions of which the times of kernels are medians.
const REPETITIONS: usize = 5;

/// The card with all digits, opened once for all measurements of the page.
#[derive(Debug)]
pub struct Stand {
    card: Rc<Card>,
    adapter: Adapter,
    train: DigitSet,
    test: DigitSet,
}

impl Stand {
    pub async fn open(pixels: &Pixels) -> Result<Rc<Self>, String> {
        let card = Card::open().await.map_err(words)?;
        let copy = |training| {
            let (images, classes) = pixels.set(training);
            let digits = DigitSet::new(&card, classes.len(), PIXELS).map_err(words)?;
            for (images, classes) in images.chunks(APPENDED * PIXELS).zip(classes.chunks(APPENDED)) {
                digits.append(images, classes);
            }
            Ok::<_, String>(digits)
        };
        let (train, test) = (copy(true)?, copy(false)?);
        let info = card.info.clone();
        let mut adapter = Adapter {
            name: info.name,
            vendor: info.vendor,
            backend: info.backend,
            software: info.software,
            half: info.half,
            subgroups: info.subgroups,
            timestamps: info.timestamps,
        };
        adapter::name(&mut adapter).await;
        Ok(Rc::new(Self { card, adapter, train, test }))
    }

    /// Whether the card can still be used.
    pub fn works(&self) -> bool {
        self.card.trouble().is_none()
    }
}

fn words(error: impl ToString) -> String {
    error.to_string()
}

#[derive(Debug)]
pub struct CardJob {
    stand: Rc<Stand>,
    gpu: Gpu,
    run: GpuRun,
    score: GpuRun,
    training: bool,
    /// One digit as numbers: what a step with a batch of one takes in.
    digit: Vec<f32>,
    step: u32,
    /// Milliseconds of a step, as measured last; 0 before.
    step_ms: f64,
    /// Milliseconds spent on recording and submitting training steps.
    issued_ms: f64,
    last: Option<BatchResult>,
}

impl CardJob {
    pub fn new(task: &Task, weights: &[f32], pixels: &Pixels, stand: &Rc<Stand>) -> Result<Self, String> {
        let (graph, loss, optimizer) = (task.graph(weights.len())?, LossSpec::default(), OptimizerSpec::default());
        let start = Cpu::new(&graph, optimizer, 1);
        let gpu = Gpu::new(&stand.card, &graph, optimizer).map_err(words)?;
        gpu.write(weights, &start.state, &start.optimizer_state);
        let run_of = |batch, mode| GpuRun::new(&gpu, plan(&graph, batch, mode)?, &loss, Storage::F32).map_err(words);
        let (mut run, mut score) = (run_of(task.batch, task.mode())?, run_of(SCORE_BATCH, Mode::Eval)?);
        run.gather_from(&gpu, &stand.train, false).map_err(words)?;
        score.gather_from(&gpu, &stand.test, false).map_err(words)?;
        let digit = numbers(pixels.train(0).0).collect();
        let (stand, training) = (Rc::clone(stand), task.training);
        Ok(Self { stand, gpu, run, score, training, digit, step: 0, step_ms: 0.0, issued_ms: 0.0, last: None })
    }

    fn batch(&self) -> usize {
        self.run.plan.batch
    }

    fn turn(&self, step: u32, first: usize) -> Turn {
        let now = StepInputs { rate: RATE, step, seed: 1 };
        Turn { now, first: first as u32, count: self.batch() as u32 }
    }

    /// Where the batch of a step begins: batch after batch through the whole set, and again.
    fn first(&self, step: u32) -> usize {
        step as usize % (TRAIN / self.batch()) * self.batch()
    }

    /// The oldest answer.
    async fn next(&mut self) -> Result<Vec<u8>, String> {
        let content = self.gpu.line.reader.next().await.map_err(words)?;
        self.gpu.trouble().map_or(Ok(content), |e| Err(e.to_string()))
    }

    /// Training steps of the batches that begin at `firsts`, several to a submission.
    async fn submit(&mut self, firsts: &[usize]) -> Result<(), String> {
        let at_once = if self.step_ms > 0.0 { (SUBMISSION_MS / self.step_ms) as usize } else { 1 }.clamp(1, SLOTS);
        for firsts in firsts.chunks(at_once) {
            while self.gpu.line.reader.underway() >= UNDERWAY {
                let content = self.next().await?;
                self.last = results(&content).last();
            }
            let begun = now_ms();
            let turns: Vec<Turn> = (self.step..).zip(firsts).map(|(step, first)| self.turn(step, *first)).collect();
            self.gpu.train(&self.run, &turns).map_err(words)?;
            self.issued_ms += now_ms() - begun;
            self.step += turns.len() as u32;
        }
        Ok(())
    }

    /// Waits until all that was submitted has been done and its results are here.
    async fn finish(&mut self) -> Result<(), String> {
        while self.gpu.line.reader.underway() > 0 {
            let content = self.next().await?;
            self.last = results(&content).last();
        }
        Ok(())
    }

    /// So many steps, until the last results and the weights are here; the last one's mean loss in
    /// training. In inference every answer is waited for.
    pub async fn run(&mut self, steps: u32) -> Result<f64, String> {
        let begun = now_ms();
        if self.training {
            let firsts: Vec<usize> = (self.step..self.step + steps).map(|step| self.first(step)).collect();
            self.submit(&firsts).await?;
            self.finish().await?;
            self.gpu.read().map_err(words)?;
            self.next().await?;
        } else {
            for _ in 0..steps {
                self.infer().await?;
            }
        }
        self.step_ms = (now_ms() - begun) / f64::from(steps.max(1));
        Ok(self.last.map_or(0.0, |result| result.mean_loss()))
    }

    /// One digit is sent there, as one that was drawn; a larger batch is gathered there.
    async fn infer(&mut self) -> Result<(), String> {
        let turn = self.turn(self.step, self.first(self.step));
        if self.batch() == 1 {
            self.run.set_batch(&self.gpu, &self.digit, &[0]);
            self.gpu.look(&self.run, turn, &[]).map_err(words)?;
        } else {
            self.gpu.score(&self.run, &[turn]).map_err(words)?;
        }
        self.step += 1;
        self.next().await.map(drop)
    }

    /// The scores of a digit, in evaluation mode, with the weights as they are.
    pub async fn scores(&mut self, image: &[u8]) -> Result<Vec<f32>, String> {
        let plan = plan(&self.gpu.graph, 1, Mode::Eval)?;
        let run = GpuRun::new(&self.gpu, plan, &LossSpec::default(), Storage::F32).map_err(words)?;
        let numbers: Vec<f32> = numbers(image).collect();
        run.set_batch(&self.gpu, &numbers, &[0]);
        self.gpu.look(&run, Turn { count: 1, ..Turn::default() }, &[]).map_err(words)?;
        let content = self.next().await?;
        Ok(self.gpu.tensors(&run, &[], &content).0)
    }

    /// What was asked of the card so far, and the milliseconds that training's part of it took to ask.
    pub fn traffic(&self) -> (Traffic, f64) {
        (self.gpu.traffic(), self.issued_ms)
    }

    /// Batches come from these digits, in this order, from now on.
    pub fn shuffle(&mut self, order: &[u32]) -> Result<(), String> {
        self.stand.train.set_order(order);
        self.run.gather_from(&self.gpu, &self.stand.train, true).map_err(words)
    }

    /// Steps from batch `batch` of the order on; returns the milliseconds until all was done.
    pub async fn train(&mut self, batch: usize, count: usize) -> Result<f64, String> {
        let begun = now_ms();
        let firsts: Vec<usize> = (batch..batch + count).map(|batch| batch * self.batch()).collect();
        self.submit(&firsts).await?;
        self.finish().await?;
        let ms = now_ms() - begun;
        self.step_ms = ms / count.max(1) as f64;
        Ok(ms)
    }

    /// Share of the test digits that are read right.
    pub async fn accuracy(&mut self) -> Result<f64, String> {
        let turns: Vec<Turn> = (0..TEST)
            .step_by(SCORE_BATCH)
            .map(|first| Turn { first: first as u32, count: SCORE_BATCH as u32, ..Turn::default() })
            .collect();
        let mut correct = 0;
        for turns in turns.chunks(SLOTS) {
            self.gpu.score(&self.score, turns).map_err(words)?;
            let content = self.next().await?;
            // The results come last, after the scores.
            let (_, ends) = content.split_at(content.len().saturating_sub(turns.len() * RESULT_BYTES));
            correct += results(ends).map(|r| r.correct).sum::<u32>();
        }
        Ok(f64::from(correct) / TEST as f64)
    }

    /// The card, and what a step asks of it; with `kernels` the time of each, which takes some steps.
    pub async fn about(&mut self, kernels: bool) -> Result<Object, String> {
        let about = Object::new();
        set(&about, "system", format!("kernelscope {} webgpu", env!("CARGO_PKG_VERSION")));
        // Plain words and flags: always an object.
        set(&about, "adapter", serde_wasm_bindgen::to_value(&self.stand.adapter).unwrap_or(JsValue::NULL));
        if self.training {
            set(&about, "dispatchesPerStep", self.gpu.dispatches_per_step(&self.run) as u32);
        }
        if kernels && self.training {
            let turn = self.turn(self.step, 0);
            let times = profile::training_step(&self.gpu, &self.run, turn, REPETITIONS).await.map_err(words)?;
            let rows = times.iter().flatten().map(|time| {
                let row = Object::new();
                let layer = time.layer.map(|id| JsValue::from_str(&self.gpu.graph.node(id).name));
                set(&row, "layer", layer.unwrap_or(JsValue::NULL));
                set(&row, "shader", time.shader);
                set(&row, "us", time.ns / 1e3);
                JsValue::from(row)
            });
            set(&about, "kernels", rows.collect::<Array>());
        }
        Ok(about)
    }
}
