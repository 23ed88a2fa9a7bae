//! One open run: its network, its place in the data, its curve.
//!
//! Work goes to the machine in order ([`work`]) and its answers come back in order ([`answers`]),
//! on the CPU at once, from a card later. What is told (steps, curve, scores, files) follows the
//! answers; what is put next follows what has been put.

mod amend;
mod answers;
mod ending;
mod faults;
mod preview;
mod probing;
mod seek;
mod summary;
mod time;
mod trace;
mod work;

use std::collections::VecDeque;

use data::Dataset;
use protocol::{Advice, EvalSet, Event, Message, Note, Pace, Progress, Quest, RunId, RunSpec, Save, Score};

use crate::{
    Network, Rest, Stage,
    adviser::Fault,
    checkpoint::{FileError, Position},
    evaluation::Evaluation,
    history::History,
    machine::{Hire, Machine, MakeMachine, Numbers},
    moments::Moments,
    probes::Probes,
    safeguard::Safeguard,
    sample::{Look, Sample},
    tempo::{Meter, Throttle},
    trial::Trial,
};

pub use ending::Best;

/// Oldest scores are forgotten beyond this.
pub const SCORES_LIMIT: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    Paused,
    /// To be paused once the steps under way have come back.
    Pausing,
    /// Until told otherwise, or to a step.
    Playing {
        until: Option<u32>,
    },
    Finished,
}

/// What became of a look for work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// There was some, or an answer has come.
    Worked,
    /// There was none: it is worth asking again then.
    Waits(Rest),
}

/// Events on their way out.
pub type Outbox = Vec<Message<Event>>;

/// What a run needs from outside to go on.
#[derive(Debug)]
pub struct Surroundings<'a> {
    pub now_ms: f64,
    pub data: &'a Dataset,
    /// A file could not be had: what needs more digits must not wait for them.
    pub data_broken: bool,
    /// Absent where runs are to stay on the CPU.
    pub maker: &'a mut Option<Box<dyn MakeMachine>>,
    /// Where the CPU's further cores come from.
    pub hire: &'a dyn Hire,
    pub outbox: &'a mut Outbox,
}

/// A piece of work that the machine has not answered (in full).
#[derive(Clone, Debug)]
enum Underway {
    /// `left` of its steps have not been answered.
    Train {
        left: u32,
        rate: f32,
    },
    /// Of the evaluation with this number.
    Score {
        number: u32,
        first: usize,
        count: usize,
    },
    Look(Look),
    /// For the safeguard, after so many updates.
    Copy {
        step: u32,
    },
    /// Rate and goal are those of the moment at which it was put.
    Save {
        ask: u32,
        what: Save,
        rate: f32,
        goal: u32,
    },
    /// For a probe, after so many updates.
    Probe {
        step: u32,
    },
    /// For the kept moments.
    Moment {
        step: u32,
        rate: f32,
    },
    /// For a step that is taken apart.
    Trace {
        place: u32,
    },
    /// For the next machine.
    Move,
    /// To go on with other settings.
    Amend,
    /// To be kept, for their validation loss is the best so far.
    Best,
    /// To be replaced by the best.
    Restore,
    /// For a search on a copy.
    Seek(Quest),
}

#[derive(Debug)]
pub struct Training {
    pub id: RunId,
    pub network: Network,
    pub sample: Sample,
    machine: Box<dyn Machine>,
    /// What has been put and not answered, oldest first.
    underway: VecDeque<Underway>,
    rate: f32,
    /// Updates made and answered.
    step: u32,
    /// Steps that are under way beyond those.
    ahead: u32,
    /// Epochs after which the run finishes.
    goal: u32,
    drive: Drive,
    throttle: Throttle,
    meter: Meter,
    history: History,
    scores: Vec<Score>,
    /// Evaluations that somebody asked for.
    asked: VecDeque<EvalSet>,
    evaluation: Option<Evaluation>,
    /// Evaluations begun.
    evaluations: u32,
    /// Files that somebody asked for and that have not been put.
    saves: VecDeque<(u32, Save)>,
    /// The run is to go on on another machine.
    moves: bool,
    safeguard: Safeguard,
    probes: Probes,
    /// The last loss of numbers, while it is worth telling.
    lost: Option<Fault>,
    /// What was last told to go wrong.
    advised: Vec<Advice>,
    moments: Moments,
    moments_told_ms: f64,
    /// An earlier moment is looked at.
    viewer: Option<Box<time::Viewer>>,
    /// The next step is to be taken apart, for this image of its batch.
    trace: Option<u32>,
    /// Other settings that are to be taken up.
    amends: Option<RunSpec>,
    notes: Vec<Note>,
    /// When a setting was changed last.
    changed_ms: f64,
    /// What the penalty added to the loss when the numbers were last seen.
    penalty: f64,
    best: Option<Best>,
    /// The step before which the best weights were put back.
    restored_at: Option<u32>,
    /// Validation losses up to this step try nobody's patience any more.
    patient_since: u32,
    /// A search that is to begin, the one under way, and when it was told of last.
    sought: Option<Quest>,
    trial: Option<Box<Trial>>,
    found_ms: f64,
    /// Step and time of the last report.
    told: (u32, f64),
}

impl Training {
    /// A run at its start. `machine` holds `numbers`.
    pub fn open(id: RunId, network: Network, numbers: Numbers, machine: Box<dyn Machine>) -> Self {
        let train = &network.spec.train;
        Self {
            id,
            sample: Sample::new(&network),
            machine,
            underway: VecDeque::with_capacity(16),
            rate: train.rate,
            step: 0,
            ahead: 0,
            goal: train.epochs,
            drive: Drive::Paused,
            throttle: Throttle::default(),
            meter: Meter::default(),
            history: History::new(),
            scores: Vec::new(),
            asked: VecDeque::new(),
            evaluation: None,
            evaluations: 0,
            saves: VecDeque::new(),
            moves: false,
            penalty: amend::penalty(&network, &numbers),
            amends: None,
            notes: Vec::new(),
            changed_ms: f64::NEG_INFINITY,
            best: None,
            restored_at: None,
            patient_since: 0,
            sought: None,
            trial: None,
            found_ms: 0.0,
            safeguard: Safeguard::new(0, numbers),
            probes: Probes::default(),
            lost: None,
            advised: Vec::new(),
            moments: Moments::default(),
            moments_told_ms: f64::NEG_INFINITY,
            viewer: None,
            trace: None,
            told: (0, f64::NEG_INFINITY),
            network,
        }
    }

    /// Goes on where `position` says; the numbers are those of that moment, `best` those that are kept.
    pub fn resume(&mut self, position: &Position, best: Option<Best>) -> Result<(), FileError> {
        let steps = self.network.feed.steps_per_epoch();
        position.check(&self.network)?;
        self.history = History::from_columns(&position.history, position.step, steps).map_err(|cause| FileError::History { cause })?;
        self.scores.clone_from(&position.scores);
        self.notes.clone_from(&position.notes);
        (self.best, self.restored_at, self.patient_since) = (best, position.restored_at, position.patient_since);
        (self.step, self.rate, self.goal) = (position.step, position.rate, position.goal);
        self.told.0 = self.step;
        self.safeguard.begin_at(self.step);
        if self.step > 0 && self.network.feed.is_boundary(self.step) && self.is_ending() && self.due_score().is_none() {
            self.drive = Drive::Finished;
        }
        Ok(())
    }

    /// That the run is on this machine now, and why.
    pub fn moved(&self, message: String) -> Event {
        Event::Moved {
            run: self.id,
            backend: self.machine.backend(),
            half: self.machine.half(),
            cores: self.machine.cores() as u32,
            progress: self.progress(0.0),
            message,
        }
    }

    pub fn stage(&self) -> Stage {
        match self.drive {
            Drive::Paused => Stage::Paused,
            Drive::Finished => Stage::Finished,
            Drive::Playing { .. } if self.due_score().is_some() => Stage::Scoring,
            Drive::Playing { .. } | Drive::Pausing => Stage::Playing,
        }
    }

    fn epoch(&self) -> f64 {
        self.network.feed.epoch_at(self.step)
    }

    fn progress(&self, images_per_second: f64) -> Progress {
        let last = self.history.points().last().copied().unwrap_or_default();
        Progress { step: self.step, epoch: self.epoch(), rate: self.rate, images_per_second, penalty: self.penalty, ..last }
    }

    /// The set that the end of an epoch calls for and that has not been scored yet.
    fn due_score(&self) -> Option<EvalSet> {
        if self.step == 0 || !self.network.feed.is_boundary(self.step) {
            return None;
        }
        let missing = |set| !self.scores.iter().rev().take_while(|s| s.step == self.step).any(|s| s.set == set);
        if missing(EvalSet::Validation) {
            return Some(EvalSet::Validation);
        }
        (self.is_ending() && missing(EvalSet::Test)).then_some(EvalSet::Test)
    }

    /// Until told otherwise, or for `count` steps.
    pub fn play(&mut self, count: Option<u32>, now_ms: f64, outbox: &mut Outbox) {
        self.look_now(outbox);
        match self.drive {
            Drive::Finished => self.send_on(),
            // That it was to pause is answered all the same.
            Drive::Pausing => self.stop(now_ms, outbox),
            Drive::Paused | Drive::Playing { .. } => {}
        }
        if !matches!(self.drive, Drive::Playing { .. }) {
            self.meter.start(now_ms);
        }
        self.throttle.release();
        self.drive = Drive::Playing { until: count.map(|count| (self.step + self.ahead).saturating_add(count)) };
        outbox.push(Event::Played { run: self.id }.into());
        if count == Some(0) {
            self.pause(now_ms, outbox);
        }
    }

    /// As soon as the steps under way have come back: on the CPU at once.
    pub fn pause(&mut self, now_ms: f64, outbox: &mut Outbox) {
        if self.ahead > 0 {
            self.drive = Drive::Pausing;
        } else {
            self.stop(now_ms, outbox);
        }
    }

    fn stop(&mut self, now_ms: f64, outbox: &mut Outbox) {
        self.report(now_ms, outbox);
        if self.drive != Drive::Finished {
            self.drive = Drive::Paused;
        }
        self.tell_moments(now_ms, outbox);
        outbox.push(Event::Paused { run: self.id, progress: self.progress(0.0) }.into());
    }

    pub fn set_pace(&mut self, pace: Pace) {
        self.throttle.set_pace(pace);
    }

    /// Whether the digits of this set are there.
    pub fn has_digits(&self, set: EvalSet, data: &Dataset) -> bool {
        self.network.split.count(set, data).is_some()
    }

    /// Answered by one event, however often it is asked for meanwhile.
    pub fn ask_score(&mut self, set: EvalSet) {
        if !self.asked.contains(&set) {
            self.asked.push_back(set);
        }
    }

    /// At the next opportunity; on the CPU that is at once.
    pub fn ask_save(&mut self, ask: u32, what: Save, around: &mut Surroundings) {
        if what == Save::Weights
            && let Some(viewer) = &self.viewer
        {
            // What is looked at is what is saved.
            let message = match crate::checkpoint::write(&self.network, &viewer.numbers(), viewer.step, None, None) {
                Ok(file) => Message { head: Event::Saved { run: self.id, ask }, bulk: Vec::new(), file },
                Err(error) => Event::Declined { run: self.id, message: format!("save: {error}") }.into(),
            };
            around.outbox.push(message);
            return;
        }
        self.saves.push_back((ask, what));
        self.put_save(around);
        self.take(around);
    }

    /// The run is to go on on a machine of the maker that there is now, or on the CPU.
    pub fn ask_move(&mut self, has_maker: bool) {
        self.moves = has_maker || self.machine.backend() != protocol::Backend::Cpu;
    }

    /// Sends what the curve has gained, if anything.
    fn report(&mut self, now_ms: f64, outbox: &mut Outbox) {
        if self.told.0 == self.step && !self.history.has_unsent() {
            return;
        }
        self.told = (self.step, now_ms);
        let speed = self.meter.read(now_ms);
        let event = Event::Progressed {
            run: self.id,
            progress: self.progress(speed),
            history: self.history.unsent(),
            traffic: self.machine.traffic(now_ms),
        };
        outbox.push(event.into());
    }
}
