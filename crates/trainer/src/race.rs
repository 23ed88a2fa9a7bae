//! Several networks that train side by side from the same seed.
//!
//! Each is a run of its own, made of the same parts as the one that the page shows, so that what it computes is what
//! the run would compute alone, to the bit. They take turns of a few steps; the time of each is that of its own turns.

use std::collections::VecDeque;

use data::Dataset;
use engine::{ParamId, Tensor};
use protocol::{Backend, EvalSet, Event, Message, Race, Racer, RunId, RunSpec};

use crate::{
    Network, OpenError, Portion, Rest, Stage, Standing,
    machine::{self, Alone, MakeMachine},
    training::{Outbox, Surroundings, Training, Unit},
};

/// Steps of a turn on the CPU, where a step takes some milliseconds.
const TURN: u32 = 8;
/// And on a card, which is busy only with some submissions under way.
const CARD_TURN: u32 = 64;
/// Least time between two reports.
const REPORT_GAP_MS: f64 = 100.0;
/// A machine that works is asked again after this.
const POLL_MS: f64 = 4.0;

/// What is left for one to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Train,
    /// Of these sets, what has not been scored at its last step.
    Score,
    Over,
}

#[derive(Debug)]
struct Contestant {
    training: Box<Training>,
    racer: Racer,
    task: Task,
    /// A turn is under way.
    at_work: bool,
    weights: Weights,
    outbox: Outbox,
}

/// What a contestant has learnt.
#[derive(Clone, Debug, Default, PartialEq)]
enum Weights {
    /// It still trains.
    #[default]
    Unwanted,
    /// It has come to nothing.
    Lost,
    /// They have been asked for.
    Wanted,
    /// In the order of the graph.
    Known(Vec<f32>),
}

/// A race under way.
#[derive(Debug)]
pub struct Contest {
    run: RunId,
    steps: u32,
    contestants: Vec<Contestant>,
    /// Whose turn it is, and whose turns come then.
    order: VecDeque<usize>,
    told_ms: f64,
    /// When the one whose turn it is was last seen to wait for its card.
    waits_since: Option<f64>,
}

impl Contest {
    /// # Errors
    /// In words: what makes the race unfair, or an entry that is no network.
    pub fn new(run: RunId, race: &Race, portion: Portion, data: &Dataset, maker: Option<&dyn MakeMachine>) -> Result<Self, String> {
        race.check().map_err(|e| e.to_string())?;
        let open = |(i, spec): (usize, &RunSpec)| {
            Contestant::open(run, spec, portion, data, maker).map_err(|e| format!("contestant {}: {e}", i + 1))
        };
        let contestants: Vec<Contestant> = race.entries.iter().enumerate().map(open).collect::<Result<_, _>>()?;
        let order = (0..contestants.len()).collect();
        Ok(Self { run, steps: race.steps, contestants, order, told_ms: f64::NEG_INFINITY, waits_since: None })
    }

    /// How it stands; points that are told are not told again. At the end the weights come along.
    pub fn report(&mut self, over: bool, message: String) -> Message<Event> {
        let mut bulk = Vec::new();
        let racers = self.contestants.iter_mut().map(|c| c.report(over.then_some(&mut bulk))).collect();
        Message { head: Event::Raced { run: self.run, racers, over, message }, bulk, file: Vec::new() }
    }

    /// A piece of work of the one whose turn it is. `None` once all are through.
    pub fn unit(&mut self, around: &mut Surroundings, clock: &mut dyn FnMut() -> f64) -> Option<Unit> {
        let place = *self.order.front()?;
        let steps = self.steps;
        let contestant = &mut self.contestants[place];
        contestant.begin_turn(steps, around);
        let trains = contestant.trains();
        let unit = contestant.work(around);
        let end_ms = clock();
        // Time that passed between two looks at a busy card is the card's.
        let start_ms = self.waits_since.take().unwrap_or(around.now_ms);
        if trains && contestant.trains() {
            contestant.racer.train_ms += (end_ms - start_ms).max(0.0);
        }
        contestant.hear();
        contestant.at_work &= contestant.task != Task::Score || contestant.lacks(around);
        let busy = contestant.at_work;
        if busy && contestant.racer.on_card && matches!(unit, Unit::Waits(_)) {
            self.waits_since = Some(end_ms);
        }
        if !busy {
            self.order.pop_front();
            if contestant.settle(steps, around) != Task::Over {
                self.order.push_back(place);
            }
            // All train before any is scored: whoever watches sees them side by side.
            let task_of = |place: &usize| self.contestants[*place].task;
            if self.order.iter().any(|p| task_of(p) == Task::Train) {
                while self.order.front().is_some_and(|p| task_of(p) == Task::Score) {
                    self.order.rotate_left(1);
                }
            }
        }
        if self.order.is_empty() {
            return None;
        }
        if around.now_ms - self.told_ms >= REPORT_GAP_MS {
            self.told_ms = around.now_ms;
            let event = self.report(false, String::new());
            around.outbox.push(event);
        }
        Some(match unit {
            Unit::Waits(_) if busy => Unit::Waits(Rest::UntilWoken(POLL_MS)),
            _ => Unit::Worked,
        })
    }
}

impl Contestant {
    fn open(run: RunId, spec: &RunSpec, portion: Portion, data: &Dataset, maker: Option<&dyn MakeMachine>) -> Result<Self, OpenError> {
        let network = Network::open_on(spec, portion, Standing::default(), data)?;
        let numbers = network.first_numbers();
        // On one core: the others hold the run's own job.
        let (machine, _) = machine::made(&network, &numbers, maker, &Alone);
        let racer = Racer {
            params: network.graph.params_len() as u32,
            on_card: machine.backend() != Backend::Cpu,
            progress: protocol::Progress { rate: spec.train.rate, ..protocol::Progress::default() },
            ..Racer::default()
        };
        let training = Box::new(Training::open(run, network, numbers, machine));
        Ok(Self { training, racer, task: Task::Train, at_work: false, weights: Weights::default(), outbox: Vec::new() })
    }

    /// With what it has learnt at the end of `bulk`: numbers that are none where it has come to nothing.
    fn report(&mut self, bulk: Option<&mut Vec<f32>>) -> Racer {
        let told = self.racer.clone();
        self.racer.points.clear();
        if let Some(bulk) = bulk {
            match &self.weights {
                Weights::Known(weights) => bulk.extend_from_slice(weights),
                _ => bulk.resize(bulk.len() + told.params as usize, f32::NAN),
            }
        }
        told
    }

    /// What it does now counts as training.
    fn trains(&self) -> bool {
        self.task == Task::Train && self.training.stage() != Stage::Scoring
    }

    /// Where no turn of it is under way, one begins.
    fn begin_turn(&mut self, steps: u32, around: &mut Surroundings) {
        if self.at_work {
            return;
        }
        self.at_work = true;
        match self.task {
            Task::Train => {
                let turn = if self.racer.on_card { CARD_TURN } else { TURN };
                let left = steps.saturating_sub(self.racer.progress.step);
                self.training.play(Some(left.min(turn)), around.now_ms, &mut self.outbox);
            }
            Task::Score => {
                for set in self.unscored(around) {
                    self.training.ask_score(set);
                }
            }
            Task::Over => self.at_work = false,
        }
    }

    /// Sets that its last weights have not been scored on, of which the digits can be had.
    fn unscored(&self, around: &Surroundings) -> Vec<EvalSet> {
        let step = self.racer.progress.step;
        let is_missing = |set: &EvalSet| !self.racer.scores.iter().any(|s| s.set == *set && s.step == step);
        let can_come = |set: &EvalSet| !around.data_broken || self.training.has_digits(*set, around.data);
        [EvalSet::Validation, EvalSet::Test].into_iter().filter(is_missing).filter(can_come).collect()
    }

    /// Its last weights have not been scored on all sets, or not been told.
    fn lacks(&self, around: &Surroundings) -> bool {
        self.weights == Weights::Wanted || !self.unscored(around).is_empty()
    }

    fn ask_weights(&mut self) {
        let all = (0..self.training.network.graph.params.len()).map(|i| Tensor::Param(ParamId(i))).collect();
        if self.training.sample.watch(all, &self.training.network).is_ok() {
            self.weights = Weights::Wanted;
        }
    }

    fn work(&mut self, around: &mut Surroundings) -> Unit {
        let Surroundings { now_ms, data, data_broken, .. } = *around;
        let mut own = Surroundings { now_ms, data, data_broken, maker: &mut *around.maker, hire: &Alone, outbox: &mut self.outbox };
        self.training.unit(&mut own)
    }

    /// Takes in what its run has told.
    fn hear(&mut self) {
        for Message { head, bulk, .. } in std::mem::take(&mut self.outbox) {
            match head {
                Event::Framed { frame, step, .. } => {
                    // Nothing but weights is watched.
                    if self.weights == Weights::Wanted && step == self.racer.progress.step {
                        self.weights = Weights::Known(bulk);
                    }
                    self.training.sample.acknowledge(frame);
                }
                Event::Progressed { progress, history, .. } => {
                    self.racer.progress = progress;
                    self.racer.points.extend(history);
                }
                Event::Evaluated { score, .. } => self.racer.scores.push(score),
                Event::Paused { progress, .. } => {
                    self.racer.progress = progress;
                    self.at_work &= self.task == Task::Score;
                }
                Event::Finished { progress, message, .. } => {
                    self.racer.progress = progress;
                    self.racer.trouble = message.unwrap_or_default();
                    self.end();
                }
                Event::Faulted { message, .. } | Event::Declined { message, .. } => {
                    self.racer.trouble = message;
                    self.weights = Weights::Lost;
                    self.end();
                }
                Event::Moved { backend, progress, message, .. } => {
                    // Points after that step are void; those that were told stay as they were.
                    self.racer.points.retain(|p| p.step <= progress.step);
                    self.racer.progress = progress;
                    self.racer.on_card = backend != Backend::Cpu;
                    self.racer.trouble = message;
                    // Lost while it was scored: the steps that went with the card are made again.
                    self.at_work &= self.task == Task::Train;
                    (self.task, self.weights) = (Task::Train, Weights::Unwanted);
                }
                _ => {}
            }
        }
    }

    /// No more steps of it.
    fn end(&mut self) {
        self.at_work = false;
        self.task = if self.task == Task::Train { Task::Score } else { Task::Over };
    }

    /// What comes after a turn.
    fn settle(&mut self, steps: u32, around: &Surroundings) -> Task {
        let trained = self.task != Task::Train || self.racer.progress.step >= steps;
        if trained && self.weights == Weights::Unwanted {
            self.ask_weights();
        }
        self.task = match self.task {
            Task::Train if !trained => Task::Train,
            Task::Train | Task::Score if self.lacks(around) => Task::Score,
            _ => Task::Over,
        };
        self.task
    }
}
