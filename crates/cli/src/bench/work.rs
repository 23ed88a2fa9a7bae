//! One network with its batches on the CPU, to be run again and again.

use std::{hint::black_box, time::Instant};

use data::Set;
use engine::{Cpu, LossSpec, OptimizerSpec, Run, StepInputs};

use super::Task;
use crate::{arguments::Mode, error::Error};

/// Batches that are gone through in turn: enough that none stays in the nearest cache.
const BATCHES: usize = 8;
pub const RATE: f32 = 1e-3;

pub struct Work {
    pub cpu: Cpu,
    pub run: Run,
    pub mode: Mode,
    pub loss: LossSpec,
    /// Pixels as 0 to 1, and classes.
    batches: Vec<(Vec<f32>, Vec<u8>)>,
    step: u32,
}

impl Work {
    pub fn new(task: &Task<'_>) -> Result<Self, Error> {
        let plan = task.plan()?;
        let digits = task.data.set(Set::Train).ok_or(Error::NoDigits)?;
        let batches = (0..BATCHES).map(|batch| {
            let at = (batch * task.batch..(batch + 1) * task.batch).map(|i| i % digits.labels.len());
            let pixels = at.clone().flat_map(|i| digits.image(i)).map(|p| f32::from(*p) / 255.0);
            (pixels.collect(), at.map(|i| digits.labels[i]).collect())
        });
        let mut cpu = Cpu::new(task.graph, OptimizerSpec::default(), 0);
        cpu.params.copy_from_slice(task.weights);
        Ok(Self { cpu, run: Run::new(plan), mode: task.mode, loss: LossSpec::default(), batches: batches.collect(), step: 0 })
    }

    /// Takes the next batch.
    pub fn load(&mut self) {
        let (pixels, labels) = &self.batches[self.step as usize % self.batches.len()];
        self.run.images.copy_from_slice(pixels);
        self.run.labels.clone_from(labels);
        self.step += 1;
    }

    /// One step; the batch's mean loss, in training.
    fn step(&mut self) -> f64 {
        let now = StepInputs { rate: RATE, step: self.step, seed: 0 };
        self.load();
        self.cpu.forward(&mut self.run, &now);
        if self.mode == Mode::Infer {
            black_box(self.run.logits());
            return 0.0;
        }
        let batch = self.run.plan.batch;
        let result = self.cpu.backward(&mut self.run, &self.loss, batch, &now);
        self.cpu.update(&now);
        result.mean_loss()
    }

    /// Seconds that `count` steps take.
    pub fn timed_steps(&mut self, count: u64) -> f64 {
        let started = Instant::now();
        for _ in 0..count {
            black_box(self.step());
        }
        started.elapsed().as_secs_f64()
    }

    /// Losses of the first steps.
    pub fn losses(mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.step()).collect()
    }

    /// Scores of the first digit.
    pub fn logits(mut self) -> Vec<f32> {
        self.step();
        self.run.logits()[..self.cpu.graph.output().len()].to_vec()
    }
}
