//! One network with its batches on the CPU, to be run again and again.

use std::{hint::black_box, time::Instant};

use data::Set;
use engine::{
    Augment, Cpu, LossSpec, OptimizerSpec, Run, StepInputs,
    shards::{Crew, Job, Shard},
};

use super::Task;
use crate::{arguments::Mode, error::Error};

/// Batches that are gone through in turn: enough that none stays in the nearest cache.
const BATCHES: usize = 8;
pub const RATE: f32 = 1e-3;

pub struct Work {
    pub cpu: Cpu,
    pub mode: Mode,
    pub loss: LossSpec,
    pub crew: Crew,
    /// The batch in one piece: for inference, and for one layer at a time.
    pub run: Option<Run>,
    /// Grey, 0 to 255, and classes.
    batches: Vec<(Vec<u8>, Vec<u8>)>,
    step: u32,
}

impl Work {
    /// With the shards that `hire` gives.
    pub fn new(task: &Task<'_>, hire: impl FnOnce(&Job) -> Vec<Box<dyn Shard>>) -> Result<Self, Error> {
        let digits = task.data.set(Set::Train).ok_or(Error::NoDigits)?;
        let batches = (0..BATCHES).map(|batch| {
            let at = (batch * task.batch..(batch + 1) * task.batch).map(|i| i % digits.labels.len());
            (at.clone().flat_map(|i| digits.image(i)).copied().collect(), at.map(|i| digits.labels[i]).collect())
        });
        let mut cpu = Cpu::new(task.graph, OptimizerSpec::default(), 0);
        cpu.params.copy_from_slice(task.weights);
        let loss = LossSpec::default();
        let job = Job::new(task.graph, task.batch, loss.clone(), Augment::default()).map_err(|cause| Error::Refused { cause })?;
        let run = if task.mode == Mode::Infer { Some(Run::new(task.plan()?)) } else { None };
        Ok(Self { cpu, mode: task.mode, loss, crew: Crew::new(&job, hire(&job)), run, batches: batches.collect(), step: 0 })
    }

    /// Takes the next batch in one piece.
    pub fn load(&mut self) {
        let (pixels, labels) = &self.batches[self.step as usize % self.batches.len()];
        if let Some(run) = &mut self.run {
            run.images.iter_mut().zip(pixels).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
            run.labels.clone_from(labels);
        }
        self.step += 1;
    }

    /// One step; the batch's mean loss, in training.
    fn step(&mut self) -> f64 {
        let now = StepInputs { rate: RATE, step: self.step, seed: 0 };
        if self.mode == Mode::Infer {
            self.load();
            if let Some(run) = &mut self.run {
                self.cpu.forward(run, &now);
                black_box(run.logits());
            }
            return 0.0;
        }
        let (pixels, labels) = &self.batches[self.step as usize % self.batches.len()];
        self.step += 1;
        let image = pixels.len() / labels.len();
        self.crew.begin(&mut self.cpu, pixels.chunks_exact(image).zip(labels.iter().copied()), now);
        // Threads are waited for.
        let result = self.crew.poll(&mut self.cpu).unwrap_or_default();
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
    pub fn losses(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.step()).collect()
    }

    /// Scores of the first digit.
    pub fn logits(mut self) -> Vec<f32> {
        self.step();
        self.run.map_or_else(Vec::new, |run| run.logits()[..self.cpu.graph.output().len()].to_vec())
    }
}
