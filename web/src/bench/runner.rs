//! What runs a task: the CPU or the card, and how it is timed.

use std::rc::Rc;

use js_sys::{Array, Object};
use wasm_bindgen::JsValue;

use super::{
    card::{CardJob, Stand},
    cpu::{CpuJob, Staff},
    set,
    task::{Pixels, Task},
};
use crate::dom::now_ms;

/// Steps done and the time that they took.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub steps: u32,
    pub ms: f64,
    pub median_ms: Option<f64>,
}

#[derive(Debug)]
pub enum Job {
    Cpu(Box<CpuJob>),
    Card(Box<CardJob>),
}

#[derive(Debug)]
pub struct Runner {
    pub job: Job,
    task: Task,
    cores: usize,
    step_ms: f64,
}

impl Runner {
    /// On the card that `stand` holds, or else on the CPU with `staff`.
    pub fn new(task: &Task, weights: &[f32], pixels: &Pixels, stand: Option<&Rc<Stand>>, staff: &Rc<Staff>) -> Result<Self, String> {
        let job = match stand {
            Some(stand) => Job::Card(Box::new(CardJob::new(task, weights, pixels, stand)?)),
            None => Job::Cpu(Box::new(CpuJob::new(task, weights, pixels, staff)?)),
        };
        Ok(Self { job, task: task.clone(), cores: staff.cores, step_ms: 1.0 })
    }

    pub fn batch(&self) -> usize {
        self.task.batch
    }

    /// Is over when all that share the work are there.
    pub async fn assemble(&self) {
        if let Job::Cpu(job) = &self.job {
            job.assemble().await;
        }
    }

    async fn run(&mut self, steps: u32) -> Result<f64, String> {
        match &mut self.job {
            Job::Cpu(job) => Ok(job.run(steps).await),
            Job::Card(job) => job.run(steps).await,
        }
    }

    /// The first losses (in training) and the scores of a digit before them, into `answer`. The
    /// weights are others afterwards.
    pub async fn check(&mut self, image: &[u8], answer: &Object) -> Result<(), String> {
        let scores = match &mut self.job {
            Job::Cpu(job) => job.scores(image)?,
            Job::Card(job) => job.scores(image).await?,
        };
        set(answer, "logits", scores.into_iter().map(|v| JsValue::from_f64(f64::from(v))).collect::<Array>());
        let losses = Array::new();
        for _ in 0..if self.task.training { 5 } else { 0 } {
            losses.push(&self.run(1).await?.into());
        }
        set(answer, "losses", losses);
        Ok(())
    }

    /// The first steps, for compilers and for a first idea of the pace, into `answer`.
    pub async fn warm(&mut self, answer: &Object) -> Result<(), String> {
        self.assemble().await;
        let begun = now_ms();
        self.run(1).await?;
        set(answer, "firstMs", now_ms() - begun);
        // Some more, so that the browser's optimising compiler has seen every kernel.
        self.run(3).await?;
        let warm = now_ms();
        self.run(1).await?;
        self.step_ms = (now_ms() - warm).max(0.01);
        set(answer, "stepMs", self.step_ms);
        Ok(())
    }

    /// What computes, into `answer`.
    pub async fn introduce(&mut self, answer: &Object) -> Result<(), String> {
        match &mut self.job {
            Job::Cpu(_) => {
                let threads = if self.cores == 1 { "1 thread".to_owned() } else { format!("{} threads", self.cores) };
                set(answer, "info", format!("kernelscope {} cpu {threads}", env!("CARGO_PKG_VERSION")));
            }
            Job::Card(job) => set(answer, "info", job.about(self.task.profile).await?),
        }
        Ok(())
    }

    /// Training: as many steps as fit by the last pace, then one wait for all of it. Inference: a wait
    /// for every answer.
    pub async fn sample(&mut self, seconds: f64) -> Result<Measured, String> {
        let begun = now_ms();
        if self.task.training {
            let steps = ((seconds * 1000.0 / self.step_ms).round() as u32).max(1);
            self.run(steps).await?;
            let ms = now_ms() - begun;
            self.step_ms = (ms / f64::from(steps)).max(0.01);
            return Ok(Measured { steps, ms, median_ms: None });
        }
        let mut each = Vec::new();
        let mut last = begun;
        while last - begun < seconds * 1000.0 || each.is_empty() {
            self.run(1).await?;
            let now = now_ms();
            each.push(now - last);
            last = now;
        }
        engine::order::sort_by(&mut each, f64::total_cmp);
        Ok(Measured { steps: each.len() as u32, ms: last - begun, median_ms: Some(each[each.len() / 2]) })
    }

    /// Batches come from these digits, in this order.
    pub fn shuffle(&mut self, order: &[u32]) -> Result<(), String> {
        match &mut self.job {
            Job::Cpu(_) => Ok(()),
            Job::Card(job) => job.shuffle(order),
        }
    }

    /// Trains on the batches `first..first + count` of the order; milliseconds.
    pub async fn train(&mut self, order: &[u32], first: usize, count: usize, pixels: &Pixels) -> Result<f64, String> {
        let batch = self.batch();
        match &mut self.job {
            Job::Cpu(job) => Ok(job.train(&order[first * batch..(first + count) * batch], pixels).await),
            Job::Card(job) => job.train(first, count).await,
        }
    }

    /// Share of the test digits that are read right.
    pub async fn accuracy(&mut self, pixels: &Pixels) -> Result<f64, String> {
        match &mut self.job {
            Job::Cpu(job) => Ok(job.accuracy(pixels)),
            Job::Card(job) => job.accuracy().await,
        }
    }
}
