//! The graphics card as a machine: work is submitted, and its answers come when the card has them.

use std::{collections::VecDeque, fmt, rc::Rc};

use data::{CLASSES, Dataset};
use engine::{
    Augment, LossSpec, ScheduleSpec, StepInputs, Tensor,
    backend::gpu::{CardError, Gpu, GpuRun, SLOTS, Turn, launch::Storage, results},
    shards::SCORE_BATCH,
};
use protocol::{Backend, EvalSet, Traffic};

use super::{Clock, Done, Machine, MachineFault, Numbers, Shelf, Work};
use crate::{Network, evaluation::Scored, feed::Feed};

/// Submissions that may be under way: one that the card works on, and what it goes on with meanwhile.
const UNDERWAY: usize = 3;
/// What one submission of training should take, so that a pause comes within two frames.
const SUBMISSION_MS: f64 = 8.0;
/// Batches of scored digits in one submission, at most.
const SCORED_AT_ONCE: u32 = 20;

/// What a submission's answer is to.
#[derive(Debug)]
enum Asked {
    Train { count: u32, put_ms: f64 },
    Score { count: usize },
    Look { tensors: Vec<Tensor> },
    Read(Numbers),
}

pub struct GpuMachine {
    gpu: Gpu,
    train: GpuRun,
    score: GpuRun,
    sample: GpuRun,
    shelf: Rc<Shelf>,
    feed: Feed,
    split: Scored,
    augment: Augment,
    schedule: ScheduleSpec,
    /// Whose order of digits lies on the card.
    epoch: Option<u32>,
    /// Which set `score` gathers from.
    scored: Option<EvalSet>,
    asked: VecDeque<Asked>,
    done: VecDeque<Done>,
    fault: Option<CardError>,
    clock: Clock,
    /// Milliseconds of a step, as measured last; 0 before.
    step_ms: f64,
    last_answer_ms: f64,
    meter: TrafficMeter,
}

impl fmt::Debug for GpuMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GpuMachine").field("gpu", &self.gpu).field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl From<CardError> for MachineFault {
    fn from(error: CardError) -> Self {
        let lost = !matches!(error, CardError::Limit { .. } | CardError::OutOfMemory(_));
        Self { message: error.to_string(), lost }
    }
}

impl GpuMachine {
    /// # Errors
    /// A limit of the card that the network exceeds.
    pub fn new(network: &Network, numbers: &Numbers, shelf: &Rc<Shelf>, storage: Storage, clock: &Clock) -> Result<Self, CardError> {
        let loss = &network.loss;
        let mut gpu = Gpu::new(shelf.card(), &network.graph, network.spec.train.update())?;
        gpu.set_clock(network.clock);
        gpu.write(&numbers.params, &numbers.state, &numbers.optimizer_state);
        // What is scored and shown is as exact as on the CPU.
        let exact = |plan: &engine::Plan, loss: &LossSpec| GpuRun::new(&gpu, plan.clone(), loss, Storage::F32);
        Ok(Self {
            train: GpuRun::with_targets(&gpu, network.train.clone(), loss, network.given(), storage)?,
            score: exact(&network.score, loss)?,
            sample: exact(&network.sample, loss)?,
            shelf: Rc::clone(shelf),
            feed: network.feed.clone(),
            split: network.split,
            augment: network.spec.train.augment,
            schedule: network.schedule,
            epoch: None,
            scored: None,
            asked: VecDeque::new(),
            done: VecDeque::new(),
            fault: None,
            clock: Rc::clone(clock),
            step_ms: 0.0,
            last_answer_ms: 0.0,
            meter: TrafficMeter::default(),
            gpu,
        })
    }

    fn train(&mut self, step: u32, count: u32, rate: f32, data: &Dataset) -> Result<(), CardError> {
        let sets = self.shelf.sets(data);
        let set = sets.train(data)?;
        sets.label(&self.feed);
        let (epoch, _) = self.feed.place(step);
        if self.epoch != Some(epoch) {
            set.set_order(&self.feed.order(epoch));
            self.epoch = Some(epoch);
        }
        if self.train.is_bare() {
            self.train.gather_augmented(&self.gpu, set, true, &self.augment)?;
        }
        let turn = |step| {
            let now = StepInputs { rate: self.schedule.rate(rate, step), step, seed: self.feed.seed };
            Turn { now, first: self.feed.place(step).1 as u32, count: self.feed.batch as u32 }
        };
        let turns: Vec<Turn> = (step..step + count).map(turn).collect();
        for turns in turns.chunks(SLOTS) {
            self.gpu.train(&self.train, turns)?;
            self.asked.push_back(Asked::Train { count: turns.len() as u32, put_ms: (self.clock)() });
        }
        Ok(())
    }

    fn score(&mut self, which: EvalSet, first: usize, count: usize, data: &Dataset) -> Result<(), CardError> {
        let first = first + self.split.offset(which);
        if self.scored != Some(which) {
            let sets = self.shelf.sets(data);
            let set = if self.split.is_pooled(which) { Some(sets.train(data)?) } else { sets.scored(which, data)? };
            let Some(set) = set else { return Ok(()) };
            self.score.gather_from(&self.gpu, set, false)?;
            self.scored = Some(which);
        }
        let end = first + count;
        let turn = |first: usize| Turn { now: StepInputs::default(), first: first as u32, count: (end - first).min(SCORE_BATCH) as u32 };
        let turns: Vec<Turn> = (first..end).step_by(SCORE_BATCH).map(turn).collect();
        self.gpu.score(&self.score, &turns)?;
        self.asked.push_back(Asked::Score { count });
        Ok(())
    }

    fn submit(&mut self, work: Work, data: &Dataset) -> Result<(), CardError> {
        match work {
            Work::Train { step, count, rate } => self.train(step, count, rate, data),
            Work::Score { set, first, count } => self.score(set, first, count, data),
            Work::Look { image, tensors } => {
                self.sample.set_batch(&self.gpu, &image, &[0]);
                self.gpu.look(&self.sample, Turn { count: 1, ..Turn::default() }, &tensors)?;
                self.asked.push_back(Asked::Look { tensors });
                Ok(())
            }
            Work::Read(numbers) => {
                self.gpu.read()?;
                self.asked.push_back(Asked::Read(numbers));
                Ok(())
            }
        }
    }

    fn answer(&mut self, asked: Asked, content: &[u8]) {
        match asked {
            Asked::Train { count, put_ms } => {
                let now_ms = (self.clock)();
                // The card began when it had finished what was put before.
                let spent_ms = now_ms - put_ms.max(self.last_answer_ms);
                let step_ms = spent_ms / f64::from(count);
                self.step_ms = if self.step_ms == 0.0 { step_ms } else { 0.7 * self.step_ms + 0.3 * step_ms };
                self.done.extend(results(content).map(Done::Trained));
            }
            Asked::Score { count } => {
                let turns = count.div_ceil(SCORE_BATCH);
                let scores_bytes = turns * SCORE_BATCH * CLASSES * 4;
                let (scores, ends) = content.split_at(scores_bytes.min(content.len()));
                let scores = engine::backend::gpu::reader::floats(scores).take(count * CLASSES).collect();
                self.done.push_back(Done::Scored { pieces: results(ends).collect(), scores });
            }
            Asked::Look { tensors } => {
                let (scores, tensors) = self.gpu.tensors(&self.sample, &tensors, content);
                self.done.push_back(Done::Looked { scores, tensors });
            }
            Asked::Read(mut numbers) => {
                self.gpu.numbers(content, [&mut numbers.params, &mut numbers.state, &mut numbers.optimizer_state]);
                self.done.push_back(Done::Read(numbers));
            }
        }
        self.last_answer_ms = (self.clock)();
    }
}

impl Machine for GpuMachine {
    fn cores(&self) -> usize {
        1
    }

    fn word(&mut self) -> Option<String> {
        None
    }

    fn backend(&self) -> Backend {
        Backend::Gpu
    }

    fn half(&self) -> bool {
        self.train.storage == Storage::F16
    }

    fn memory_bytes(&self) -> usize {
        let own = 2 * self.gpu.graph.params_len() + self.gpu.rule().state_len() + self.gpu.graph.state_len();
        self.train.memory_bytes as usize + 4 * own
    }

    fn has_room(&self) -> bool {
        // Where a single step takes longer than a frame, a pause shall not wait for a third.
        let most = if self.step_ms > 2.0 * SUBMISSION_MS { UNDERWAY - 1 } else { UNDERWAY };
        self.asked.len() < most && self.done.is_empty()
    }

    fn steps_at_once(&self) -> u32 {
        if self.step_ms == 0.0 {
            return 1;
        }
        (SUBMISSION_MS / self.step_ms).clamp(1.0, SLOTS as f64) as u32
    }

    fn digits_at_once(&self) -> usize {
        SCORE_BATCH * self.steps_at_once().min(SCORED_AT_ONCE) as usize
    }

    fn put(&mut self, work: Work, data: &Dataset) {
        if self.fault.is_none() {
            self.fault = self.gpu.trouble().or_else(|| self.submit(work, data).err());
        }
    }

    fn take(&mut self) -> Option<Result<Done, MachineFault>> {
        if let Some(done) = self.done.pop_front() {
            return Some(Ok(done));
        }
        if let Some(error) = self.fault.clone().or_else(|| self.gpu.trouble()) {
            return Some(Err(error.into()));
        }
        match self.gpu.line.reader.take() {
            Ok(None) => return None,
            Ok(Some(content)) => {
                if let Some(asked) = self.asked.pop_front() {
                    self.answer(asked, &content);
                }
            }
            Err(error) => return Some(Err(error.into())),
        }
        self.done.pop_front().map(Ok)
    }

    fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.done.is_empty()
    }

    fn reset(&mut self, numbers: &Numbers) {
        self.gpu.line.reader.forget();
        self.asked.clear();
        self.done.clear();
        self.gpu.write(&numbers.params, &numbers.state, &numbers.optimizer_state);
    }

    fn traffic(&mut self, now_ms: f64) -> Option<Traffic> {
        let per_step = self.gpu.dispatches_per_step(&self.train);
        Some(self.meter.read(now_ms, self.gpu.traffic(), per_step))
    }
}

/// Rates of what goes to the card, over about half a second.
#[derive(Debug, Default)]
struct TrafficMeter {
    since_ms: f64,
    then: engine::backend::gpu::Traffic,
    last: Traffic,
}

impl TrafficMeter {
    fn read(&mut self, now_ms: f64, all: engine::backend::gpu::Traffic, per_step: usize) -> Traffic {
        let passed_ms = now_ms - self.since_ms;
        if passed_ms >= 500.0 {
            let rate = |now: u64, then: u64| (now - then) as f64 * 1_000.0 / passed_ms;
            // After a rest the stretch is too long to say anything.
            if passed_ms < 3_000.0 {
                self.last = Traffic {
                    dispatches_per_step: per_step as f64,
                    dispatches_per_second: rate(all.dispatches, self.then.dispatches),
                    submissions_per_second: rate(all.submissions, self.then.submissions),
                    read_backs_per_second: rate(all.read_backs, self.then.read_backs),
                };
            }
            (self.since_ms, self.then) = (now_ms, all);
        }
        self.last.dispatches_per_step = per_step as f64;
        self.last
    }
}
