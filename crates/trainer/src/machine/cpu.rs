//! The CPU as a machine. Alone, or with threads, it does its work when it is put; with workers of a page the answers
//! come later.

use std::collections::VecDeque;

use data::Dataset;
use engine::{Cpu, Run, ScheduleSpec, SpecError, StepInputs, Tensor, plan::Watch, shards::Crew};
use protocol::{Backend, EvalSet, Traffic};

use super::{Done, Hire, Machine, MachineFault, Numbers, Work};
use crate::{Network, evaluation, feed::Feed};

#[derive(Debug)]
pub struct CpuMachine {
    cpu: Cpu,
    crew: Crew,
    /// Evaluation mode, one image, everything watched.
    sample: Run,
    schedule: ScheduleSpec,
    feed: Feed,
    /// The step under way.
    now: StepInputs,
    /// Order of the digits in `epoch`; made anew once per epoch.
    order: Vec<u32>,
    epoch: Option<u32>,
    done: VecDeque<Done>,
    told: VecDeque<String>,
}

impl CpuMachine {
    /// `numbers` are of the network's lengths. Shares its work with the shards that `hire` has.
    pub fn new(network: &Network, numbers: Numbers, hire: &dyn Hire) -> Self {
        let shards = hire.shards(network);
        Self::with_crew(network, numbers, Crew::new(&network.job, shards))
    }

    /// Alone, the batch in one piece and everything in it watched as far as memory reaches, so that what a step
    /// computed can be read.
    ///
    /// # Errors
    /// [`SpecError::Memory`].
    pub fn watched(network: &Network, numbers: Numbers) -> Result<Self, SpecError> {
        let job = network.job.whole(&Watch::Everything).or_else(|_| network.job.whole(&Watch::Nothing))?;
        Ok(Self::with_crew(network, numbers, Crew::new(&job, Vec::new())))
    }

    fn with_crew(network: &Network, numbers: Numbers, crew: Crew) -> Self {
        let Numbers { params, state, optimizer_state } = numbers;
        let cpu = Cpu::with_numbers(&network.graph, network.spec.train.update(), params, state, optimizer_state);
        Self {
            cpu,
            crew,
            sample: Run::new(network.sample.clone()),
            schedule: network.schedule,
            feed: network.feed,
            now: StepInputs::default(),
            order: Vec::new(),
            epoch: None,
            // More than a step and a copy are never under way.
            done: VecDeque::with_capacity(4),
            told: VecDeque::new(),
        }
    }

    /// The numbers as they stand.
    pub(crate) fn numbers(&self) -> [&[f32]; 3] {
        [&self.cpu.params, &self.cpu.state, &self.cpu.optimizer_state]
    }

    /// A tensor as the last step of training left it, where the plan keeps it.
    pub(crate) fn trained(&self, tensor: Tensor) -> Option<&[f32]> {
        self.cpu.read(self.crew.run()?, tensor)
    }

    /// The classes of the batch of the last step.
    pub(crate) fn labels(&self) -> &[u8] {
        self.crew.run().map_or(&[], |run| &run.labels)
    }

    /// What the optimizer saw of the last step.
    pub(crate) fn gradients(&self) -> &[f32] {
        &self.cpu.grads
    }

    fn begin(&mut self, step: u32, rate: f32, data: &Dataset) {
        self.now = StepInputs { rate: self.schedule.rate(rate, step), step, seed: self.feed.seed };
        let (epoch, first) = self.feed.place(step);
        if self.epoch != Some(epoch) {
            self.order = self.feed.order(epoch);
            self.epoch = Some(epoch);
        }
        let chosen = &self.order[first..first + self.feed.batch];
        self.crew.begin(&mut self.cpu, chosen.iter().filter_map(|i| data.train_image(*i as usize)), self.now);
    }

    fn score(&mut self, set: EvalSet, first: usize, count: usize, data: &Dataset) {
        let digits = evaluation::digits(data, set).into_iter().flat_map(|d| (first..first + count).map(|i| (d.image(i), d.labels[i])));
        self.crew.begin_score(&mut self.cpu, digits);
    }

    /// Takes in what has come from the shards.
    fn hear(&mut self) {
        if let Some(result) = self.crew.poll(&mut self.cpu) {
            if result.loss_sum.is_finite() {
                self.cpu.update(&self.now);
            }
            self.done.push_back(Done::Trained(result));
        }
        if let Some(scored) = self.crew.poll_score(&mut self.cpu) {
            self.done.push_back(Done::Scored { pieces: scored.pieces, scores: scored.scores });
        }
        for lost in self.crew.take_lost() {
            let left = match self.crew.cores() {
                1 => "one core".to_owned(),
                cores => format!("{cores} cores"),
            };
            self.told.push_back(format!("one of the workers has stopped ({lost}): training goes on, with the same results, on {left}"));
        }
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
        self.crew.memory_bytes() + self.cpu.training_bytes()
    }

    fn cores(&self) -> usize {
        self.crew.cores()
    }

    fn has_room(&self) -> bool {
        self.crew.is_idle()
    }

    fn steps_at_once(&self) -> u32 {
        1
    }

    fn digits_at_once(&self) -> usize {
        self.crew.score_limit()
    }

    fn put(&mut self, work: Work, data: &Dataset) {
        let done = match work {
            Work::Train { step, count, rate } => {
                for step in step..step + count {
                    self.begin(step, rate, data);
                    self.hear();
                    // Only machines whose answers come at once are given more than one step.
                    let failed = matches!(self.done.back(), Some(Done::Trained(result)) if !result.loss_sum.is_finite());
                    if failed || !self.crew.is_idle() {
                        break;
                    }
                }
                return;
            }
            Work::Score { set, first, count } => {
                self.score(set, first, count, data);
                return self.hear();
            }
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
        self.hear();
        self.done.pop_front().map(Ok)
    }

    fn is_idle(&self) -> bool {
        self.done.is_empty() && self.crew.is_idle()
    }

    fn word(&mut self) -> Option<String> {
        self.told.pop_front()
    }

    fn reset(&mut self, numbers: &Numbers) {
        self.cpu.params.copy_from_slice(&numbers.params);
        self.cpu.state.copy_from_slice(&numbers.state);
        self.cpu.optimizer_state.copy_from_slice(&numbers.optimizer_state);
        self.done.clear();
        self.crew.give_up();
    }

    fn traffic(&mut self, _now_ms: f64) -> Option<Traffic> {
        None
    }
}
