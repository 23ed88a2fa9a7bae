//! One network on the CPU, alone or with further workers, on batches that lie ready.

use std::{cell::RefCell, future::poll_fn, rc::Rc, task::Poll, task::Waker};

use engine::{
    Augment, Cpu, LossSpec, Mode, OptimizerSpec, Run, StepInputs,
    shards::{Crew, Job},
};
use protocol::{RunSpec, TrainSpec};

use super::{
    task::{PIXELS, Pixels, RATE, TEST, TRAIN, Task, numbers, plan_for_cpu},
    training::{SCORE_BATCH, breathe},
};
use crate::{dom::now_ms, shards::Workers};

/// Batches that a measurement goes around.
const READY: usize = 8;
/// Steps after which the page breathes.
const STEPS_PER_BREATH: usize = 50;

/// Workers that share the steps, and who waits for them.
pub struct Staff {
    workers: Workers,
    waiting: Rc<RefCell<Option<Waker>>>,
    pub cores: usize,
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staff").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Staff {
    pub fn new(cores: usize) -> Rc<Self> {
        let waiting = Rc::<RefCell<Option<Waker>>>::default();
        let called = Rc::clone(&waiting);
        let bell = move || {
            if let Some(waker) = called.borrow_mut().take() {
                waker.wake();
            }
        };
        Rc::new(Self { workers: Workers::new(cores, Rc::new(bell)), waiting, cores })
    }
}

#[derive(Debug)]
pub struct CpuJob {
    cpu: Cpu,
    crew: Crew,
    staff: Rc<Staff>,
    /// In inference.
    infer: Option<Run>,
    score: Run,
    /// Grey and classes.
    ready: Vec<(Vec<u8>, Vec<u8>)>,
    step: u32,
}

impl CpuJob {
    pub fn new(task: &Task, weights: &[f32], pixels: &Pixels, staff: &Rc<Staff>) -> Result<Self, String> {
        let graph = task.graph(weights.len())?;
        let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), 1);
        // The file's order is that of the graph: layer by layer, weight before bias.
        cpu.params.copy_from_slice(weights);
        let ready = (0..READY)
            .map(|k| {
                let digits = (k * task.batch..(k + 1) * task.batch).map(|i| pixels.train(i % TRAIN));
                let (mut images, mut labels) = (Vec::new(), Vec::new());
                for (image, label) in digits {
                    images.extend_from_slice(image);
                    labels.push(label);
                }
                (images, labels)
            })
            .collect();
        let job = Job::new(&graph, task.batch, LossSpec::default(), Augment::default()).map_err(|e| e.to_string())?;
        let spec = RunSpec { model: graph.spec.clone(), train: TrainSpec { batch: task.batch, ..TrainSpec::default() } };
        let shards = if task.training { staff.workers.shards_for(&spec, job.split.leaves()) } else { Vec::new() };
        let infer = if task.training { None } else { Some(Run::new(plan_for_cpu(&graph, task.batch, Mode::Eval)?)) };
        let score = Run::new(plan_for_cpu(&graph, SCORE_BATCH, Mode::Eval)?);
        Ok(Self { cpu, crew: Crew::new(&job, shards), staff: Rc::clone(staff), infer, score, ready, step: 0 })
    }

    /// Is over when all workers are there.
    pub async fn assemble(&self) {
        while self.crew.hands() < self.crew.cores() {
            self.news().await;
        }
    }

    /// Something has come from a worker.
    async fn news(&self) {
        let mut asked = false;
        poll_fn(|context| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            *self.staff.waiting.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// One step of training; the batch's mean loss.
    async fn advance<'a>(&mut self, digits: impl Iterator<Item = (&'a [u8], u8)>) -> f64 {
        let now = StepInputs { rate: RATE, step: self.step, seed: 1 };
        self.step += 1;
        self.crew.begin(&mut self.cpu, digits, now);
        let result = loop {
            match self.crew.poll(&mut self.cpu) {
                Some(result) => break result,
                None => self.news().await,
            }
        };
        self.cpu.update(&now);
        result.mean_loss()
    }

    /// So many steps; the last one's mean loss in training.
    pub async fn run(&mut self, steps: u32) -> f64 {
        let mut loss = 0.0;
        for _ in 0..steps {
            let place = self.step as usize % READY;
            let (images, labels) = std::mem::take(&mut self.ready[place]);
            let digits = images.chunks_exact(PIXELS).zip(labels.iter().copied());
            match &mut self.infer {
                Some(run) => {
                    fill(run, digits);
                    self.cpu.forward(run, &StepInputs::default());
                    self.step += 1;
                }
                None => loss = self.advance(digits).await,
            }
            self.ready[place] = (images, labels);
        }
        loss
    }

    /// The scores of a digit, in evaluation mode, with the weights as they are.
    pub fn scores(&mut self, image: &[u8]) -> Result<Vec<f32>, String> {
        let mut run = Run::new(plan_for_cpu(&self.cpu.graph, 1, Mode::Eval)?);
        run.images.iter_mut().zip(numbers(image)).for_each(|(x, number)| *x = number);
        self.cpu.forward(&mut run, &StepInputs::default());
        Ok(run.logits().to_vec())
    }

    /// Steps on these digits; returns the milliseconds that they took.
    pub async fn train(&mut self, digits: &[u32], pixels: &Pixels) -> f64 {
        let mut ms = 0.0;
        for (index, chosen) in digits.chunks_exact(self.crew.job().split.batch).enumerate() {
            let begun = now_ms();
            self.advance(chosen.iter().map(|i| pixels.train(*i as usize))).await;
            ms += now_ms() - begun;
            if index % STEPS_PER_BREATH == 0 {
                breathe().await;
            }
        }
        ms
    }

    /// Share of the test digits that are read right.
    pub fn accuracy(&mut self, pixels: &Pixels) -> f64 {
        let mut correct = 0;
        for first in (0..TEST).step_by(SCORE_BATCH) {
            fill(&mut self.score, (first..first + SCORE_BATCH).map(|i| pixels.test(i)));
            self.cpu.forward(&mut self.score, &StepInputs::default());
            correct += self.cpu.evaluate(&self.score, &LossSpec::default()).correct;
        }
        f64::from(correct) / TEST as f64
    }
}

fn fill<'a>(run: &mut Run, digits: impl Iterator<Item = (&'a [u8], u8)>) {
    run.labels.clear();
    for ((image, label), into) in digits.zip(run.images.chunks_exact_mut(PIXELS)) {
        into.iter_mut().zip(numbers(image)).for_each(|(x, number)| *x = number);
        run.labels.push(label);
    }
}
