//! One network on the graphics card, on digits that lie there.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use data::{Digits, Set};
use engine::{
    Cpu, LossSpec, OptimizerSpec, StepInputs,
    backend::gpu::{
        Card, CardError, DigitSet, Gpu, GpuRun, SLOTS, Traffic, Turn,
        launch::Storage,
        profile::{self, KernelTime},
        reader::block_on,
        results,
    },
    loss::BatchResult,
};

use super::{Task, work::RATE};
use crate::{arguments::Mode, error::Error};

/// Submissions that may be under way.
const UNDERWAY: usize = 3;
/// What one submission of training should take.
const SUBMISSION_S: f64 = 0.05;
/// Repetitions of which the times of kernels are medians.
const REPETITIONS: usize = 7;

pub struct CardWork {
    gpu: Gpu,
    run: GpuRun,
    mode: Mode,
    /// The first digit as numbers: what a step with a batch of one takes in.
    digit: Vec<f32>,
    total: usize,
    step: u32,
    /// Seconds of a step, as measured last; 0 before.
    step_s: f64,
    last: Option<BatchResult>,
    pub issued: Duration,
}

/// The training digits of `digits` on the card.
pub fn lay_out(card: &Rc<Card>, digits: &Digits) -> Result<DigitSet, CardError> {
    let set = DigitSet::new(card, digits.labels.len(), digits.image(0).len())?;
    set.append(&digits.pixels, &digits.labels);
    Ok(set)
}

impl CardWork {
    pub fn new(task: &Task<'_>, card: &Rc<Card>, set: &DigitSet, in_order: bool) -> Result<Self, Error> {
        let optimizer = OptimizerSpec::default();
        let start = Cpu::new(task.graph, optimizer, 0);
        let gpu = Gpu::new(card, task.graph, optimizer)?;
        gpu.write(task.weights, &start.state, &start.optimizer_state);
        let mut run = GpuRun::new(&gpu, task.plan_for_card()?, &LossSpec::default(), Storage::F32)?;
        run.gather_from(&gpu, set, in_order)?;
        let digits = task.data.set(Set::Train).ok_or(Error::NoDigits)?;
        let digit = digits.image(0).iter().map(|grey| f32::from(*grey) / 255.0).collect();
        let total = digits.labels.len();
        Ok(Self { gpu, run, mode: task.mode, digit, total, step: 0, step_s: 0.0, last: None, issued: Duration::ZERO })
    }

    fn next(&mut self) -> Result<Vec<u8>, Error> {
        let content = block_on(self.gpu.line.reader.next())?;
        self.gpu.trouble().map_or(Ok(content), |e| Err(e.into()))
    }

    /// Batch after batch through the whole set, and again.
    fn turn(&self, step: u32) -> Turn {
        let batch = self.run.plan.batch;
        let first = step as usize % (self.total / batch) * batch;
        Turn { now: StepInputs { rate: RATE, step, seed: 0 }, first: first as u32, count: batch as u32 }
    }

    /// Seconds that `count` steps take: in training until the last results and the weights are here,
    /// in inference one after another until each answer is here.
    pub fn timed_steps(&mut self, count: u64) -> Result<f64, Error> {
        let started = Instant::now();
        match self.mode {
            Mode::Train => self.train(count)?,
            Mode::Infer => (0..count).try_for_each(|_| self.infer().map(drop))?,
        }
        let seconds = started.elapsed().as_secs_f64();
        self.step_s = seconds / count.max(1) as f64;
        Ok(seconds)
    }

    fn train(&mut self, count: u64) -> Result<(), Error> {
        let mut left = count;
        while left > 0 {
            while self.gpu.line.reader.underway() >= UNDERWAY {
                self.next()?;
            }
            let fitting = if self.step_s > 0.0 { (SUBMISSION_S / self.step_s) as u64 } else { 1 };
            let now = fitting.clamp(1, SLOTS as u64).min(left) as u32;
            let begun = Instant::now();
            let turns: Vec<Turn> = (self.step..self.step + now).map(|step| self.turn(step)).collect();
            self.gpu.train(&self.run, &turns)?;
            self.issued += begun.elapsed();
            self.step += now;
            left -= u64::from(now);
        }
        while self.gpu.line.reader.underway() > 0 {
            let content = self.next()?;
            self.last = results(&content).last();
        }
        self.gpu.read()?;
        self.next().map(drop)
    }

    /// The scores of a batch. One digit is sent there, as one that was drawn; more are gathered there.
    fn infer(&mut self) -> Result<Vec<u8>, Error> {
        let turn = self.turn(self.step);
        if turn.count == 1 {
            self.run.set_batch(&self.gpu, &self.digit, &[0]);
            self.gpu.look(&self.run, turn, &[])?;
        } else {
            self.gpu.score(&self.run, &[turn])?;
        }
        self.step += 1;
        self.next()
    }

    /// Losses of the first steps.
    pub fn losses(mut self, count: usize) -> Result<Vec<f64>, Error> {
        (0..count)
            .map(|_| {
                self.train(1)?;
                Ok(self.last.map_or(f64::NAN, |r| r.mean_loss()))
            })
            .collect()
    }

    /// Scores of the first digit.
    pub fn logits(mut self) -> Result<Vec<f32>, Error> {
        let content = self.infer()?;
        Ok(engine::backend::gpu::reader::floats(&content).take(self.gpu.graph.output().len()).collect())
    }

    /// In training; a batch of inference is a forward pass.
    pub fn dispatches_per_step(&self) -> usize {
        self.gpu.dispatches_per_step(&self.run)
    }

    /// What was asked of the card so far.
    pub fn traffic(&self) -> Traffic {
        self.gpu.traffic()
    }

    /// Seconds of an epoch: its order is sent, every whole batch of it trained on, the weights come back.
    pub fn epoch(&mut self, set: &DigitSet) -> Result<f64, Error> {
        let order = data::epoch_order(0, 1);
        self.step = 0;
        let started = Instant::now();
        set.set_order(&order);
        self.train(self.steps_of_an_epoch())?;
        Ok(started.elapsed().as_secs_f64())
    }

    pub fn steps_of_an_epoch(&self) -> u64 {
        (self.total / self.run.plan.batch) as u64
    }

    /// The time of every kernel of a training step, where the card has a clock.
    pub fn kernels(&mut self) -> Result<Option<Vec<KernelTime>>, Error> {
        let turn = self.turn(self.step);
        Ok(block_on(profile::training_step(&self.gpu, &self.run, turn, REPETITIONS))?)
    }
}
