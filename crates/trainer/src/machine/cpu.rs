//! The CPU as a machine: does its work when it is put.

use std::collections::VecDeque;

use data::{CLASSES, Dataset};
use engine::{Augment, Cpu, LossSpec, Run, ScheduleSpec, StepInputs, Tensor, loss::BatchResult};
use protocol::{Backend, EvalSet, Traffic};

use super::{Done, Machine, MachineFault, Numbers, Work};
use crate::{Network, evaluation::Scored, feed::Feed, network::SCORE_BATCH};

#[derive(Clone, Debug)]
pub struct CpuMachine {
    cpu: Cpu,
    train: Run,
    /// Evaluation mode, [`SCORE_BATCH`] images.
    score: Run,
    /// Evaluation mode, one image, everything watched.
    sample: Run,
    loss: LossSpec,
    augment: Augment,
    schedule: ScheduleSpec,
    feed: Feed,
    scored: Scored,
    /// Order of the digits in `epoch`; made anew once per epoch.
    order: Vec<u32>,
    epoch: Option<u32>,
    done: VecDeque<Done>,
}

impl CpuMachine {
    /// `numbers` are of the network's lengths.
    pub fn new(network: &Network, numbers: Numbers) -> Self {
        let Numbers { params, state, optimizer_state } = numbers;
        let mut cpu = Cpu::with_numbers(&network.graph, network.spec.train.update(), params, state, optimizer_state);
        cpu.update.clock = network.clock;
        Self {
            cpu,
            train: Run::new(network.train.clone()),
            score: Run::new(network.score.clone()),
            sample: Run::new(network.sample.clone()),
            loss: network.loss.clone(),
            augment: network.spec.train.augment,
            schedule: network.schedule,
            feed: network.feed.clone(),
            scored: network.split,
            order: Vec::new(),
            epoch: None,
            // More than a step and a copy are never under way.
            done: VecDeque::with_capacity(4),
        }
    }

    /// The numbers as they stand.
    pub(super) fn numbers(&self) -> [&[f32]; 3] {
        [&self.cpu.params, &self.cpu.state, &self.cpu.optimizer_state]
    }

    /// A tensor as the last step of training left it, where the plan keeps it.
    pub(super) fn trained(&self, tensor: Tensor) -> Option<&[f32]> {
        self.cpu.read(&self.train, tensor)
    }

    fn step(&mut self, step: u32, rate: f32, data: &Dataset) -> BatchResult {
        let now = StepInputs { rate: self.schedule.rate(rate, step), step, seed: self.feed.seed };
        let (epoch, first) = self.feed.place(step);
        if self.epoch != Some(epoch) {
            self.order = self.feed.order(epoch);
            self.epoch = Some(epoch);
        }
        let chosen = &self.order[first..first + self.feed.batch];
        fill(&mut self.train, &self.augment, &now, chosen.iter().filter_map(|i| self.feed.digit(*i, data)));
        let result = self.cpu.learn(&mut self.train, &self.loss, self.feed.batch, &now);
        if result.loss_sum.is_finite() {
            self.cpu.update(&now);
        }
        result
    }

    fn score(&mut self, set: EvalSet, first: usize, count: usize, data: &Dataset) -> Done {
        let scored = self.scored;
        let digits = (first..first + count).filter_map(|i| scored.image(set, i, data));
        let now = StepInputs::default();
        fill(&mut self.score, &Augment::default(), &now, digits);
        self.cpu.forward(&mut self.score, &now);
        Done::Scored { result: self.cpu.evaluate(&self.score, &self.loss), scores: self.score.logits()[..count * CLASSES].to_vec() }
    }

    fn look(&mut self, image: &[f32], tensors: &[Tensor]) -> Done {
        self.sample.images.copy_from_slice(image);
        self.cpu.forward(&mut self.sample, &StepInputs::default());
        let numbers = |tensor: &Tensor| self.cpu.read(&self.sample, *tensor).unwrap_or_default().to_vec();
        Done::Looked { scores: self.sample.logits().to_vec(), tensors: tensors.iter().map(numbers).collect() }
    }
}

impl Machine for CpuMachine {
    fn backend(&self) -> Backend {
        Backend::Cpu
    }

    fn half(&self) -> bool {
        false
    }

    fn memory_bytes(&self) -> usize {
        self.train.plan.regions.size_bytes() + self.cpu.training_bytes()
    }

    fn has_room(&self) -> bool {
        true
    }

    fn steps_at_once(&self) -> u32 {
        1
    }

    fn digits_at_once(&self) -> usize {
        SCORE_BATCH
    }

    fn put(&mut self, work: Work, data: &Dataset) {
        let done = match work {
            Work::Train { step, count, rate } => {
                for step in step..step + count {
                    let result = self.step(step, rate, data);
                    self.done.push_back(Done::Trained(result));
                    if !result.loss_sum.is_finite() {
                        break;
                    }
                }
                return;
            }
            Work::Score { set, first, count } => self.score(set, first, count, data),
            Work::Look { image, tensors } => self.look(&image, &tensors),
            Work::Read(mut numbers) => {
                numbers.params.clone_from(&self.cpu.params);
                numbers.state.clone_from(&self.cpu.state);
                numbers.optimizer_state.clone_from(&self.cpu.optimizer_state);
                Done::Read(numbers)
            }
        };
        self.done.push_back(done);
    }

    fn take(&mut self) -> Option<Result<Done, MachineFault>> {
        self.done.pop_front().map(Ok)
    }

    fn is_idle(&self) -> bool {
        self.done.is_empty()
    }

    fn reset(&mut self, numbers: &Numbers) {
        self.cpu.params.copy_from_slice(&numbers.params);
        self.cpu.state.copy_from_slice(&numbers.state);
        self.cpu.optimizer_state.copy_from_slice(&numbers.optimizer_state);
        self.done.clear();
    }

    fn traffic(&mut self, _now_ms: f64) -> Option<Traffic> {
        None
    }
}

/// Puts digits into the batch of `run`, grey 0 to 255 as 0 to 1, moved as `augment` says.
fn fill<'a>(run: &mut Run, augment: &Augment, now: &StepInputs, digits: impl Iterator<Item = (&'a [u8], u8)>) {
    run.labels.clear();
    let (batch, shape) = (run.plan.batch, run.plan.graph.spec.input);
    for (place, ((pixels, label), image)) in digits.zip(run.images.chunks_exact_mut(data::PIXELS)).enumerate() {
        augment.image(now, batch, place, pixels, shape, image);
        run.labels.push(label);
    }
}
