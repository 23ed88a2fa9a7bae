//! One network on the CPU, on batches that lie ready.

use engine::{Cpu, LossSpec, Mode, OptimizerSpec, Run, StepInputs};

use super::{
    task::{PIXELS, Pixels, RATE, TEST, TRAIN, Task, numbers, plan},
    training::{SCORE_BATCH, breathe},
};
use crate::dom::now_ms;

/// Batches that a measurement goes around.
const READY: usize = 8;
/// Steps after which the page breathes.
const STEPS_PER_BREATH: usize = 50;

#[derive(Debug)]
pub struct CpuJob {
    cpu: Cpu,
    work: Run,
    score: Run,
    training: bool,
    ready: Vec<(Vec<f32>, Vec<u8>)>,
    step: u32,
}

impl CpuJob {
    pub fn new(task: &Task, weights: &[f32], pixels: &Pixels) -> Result<Self, String> {
        let graph = task.graph(weights.len())?;
        let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), 1);
        // The file's order is that of the graph: layer by layer, weight before bias.
        cpu.params.copy_from_slice(weights);
        let ready = (0..READY)
            .map(|k| {
                let digits = (k * task.batch..(k + 1) * task.batch).map(|i| pixels.train(i % TRAIN));
                let (mut images, mut labels) = (Vec::new(), Vec::new());
                for (image, label) in digits {
                    images.extend(numbers(image));
                    labels.push(label);
                }
                (images, labels)
            })
            .collect();
        let work = Run::new(plan(&graph, task.batch, task.mode())?);
        let score = Run::new(plan(&graph, SCORE_BATCH, Mode::Eval)?);
        Ok(Self { cpu, work, score, training: task.training, ready, step: 0 })
    }

    /// One step on what lies in `work`; returns the batch's mean loss in training.
    fn advance(&mut self) -> f64 {
        let now = StepInputs { rate: RATE, step: self.step, seed: 1 };
        self.cpu.forward(&mut self.work, &now);
        let mut loss = 0.0;
        if self.training {
            let divisor = self.work.plan.batch;
            loss = self.cpu.backward(&mut self.work, &LossSpec::default(), divisor, &now).mean_loss();
            self.cpu.update(&now);
        }
        self.step += 1;
        loss
    }

    /// So many steps; the last one's mean loss in training.
    pub fn run(&mut self, steps: u32) -> f64 {
        let mut loss = 0.0;
        for _ in 0..steps {
            let (images, labels) = &self.ready[self.step as usize % READY];
            self.work.images.copy_from_slice(images);
            self.work.labels.clone_from(labels);
            loss = self.advance();
        }
        loss
    }

    /// The scores of a digit, in evaluation mode, with the weights as they are.
    pub fn scores(&mut self, image: &[u8]) -> Result<Vec<f32>, String> {
        let mut run = Run::new(plan(&self.cpu.graph, 1, Mode::Eval)?);
        run.images.iter_mut().zip(numbers(image)).for_each(|(x, number)| *x = number);
        self.cpu.forward(&mut run, &StepInputs::default());
        Ok(run.logits().to_vec())
    }

    /// Steps on these digits; returns the milliseconds that they took.
    pub async fn train(&mut self, digits: &[u32], pixels: &Pixels) -> f64 {
        let mut ms = 0.0;
        for (index, chosen) in digits.chunks_exact(self.work.plan.batch).enumerate() {
            let begun = now_ms();
            fill(&mut self.work, chosen.iter().map(|i| pixels.train(*i as usize)));
            self.advance();
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
