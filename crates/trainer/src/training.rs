//! One open run: its network, its place in the data, its curve.

use std::collections::VecDeque;

use data::Dataset;
use engine::StepInputs;
use protocol::{EvalSet, Event, Hyper, Message, Pace, Progress, RunId, Score};

use crate::{
    OpenError, Portion, Rest, Stage,
    checkpoint::{FileError, Position},
    evaluation::{self, Evaluation},
    feed::Feed,
    history::History,
    network::Network,
    safeguard::Safeguard,
    sample::{Due, Sample},
    tempo::{Meter, Throttle},
};

/// Least time between two reports of progress.
const PROGRESS_GAP_MS: f64 = 100.0;
/// Oldest scores are forgotten beyond this.
pub const SCORES_LIMIT: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    Paused,
    /// Until told otherwise, or for so many steps.
    Playing {
        left: Option<u32>,
    },
    Finished,
}

/// What a piece of work was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    Trained,
    Scored,
    /// There was none: it is worth asking again then.
    Waits(Rest),
}

/// Events on their way out.
pub type Outbox = Vec<Message<Event>>;

#[derive(Debug)]
pub struct Training {
    pub id: RunId,
    pub network: Network,
    pub sample: Sample,
    portion: Portion,
    feed: Feed,
    rate: f32,
    /// Updates made.
    step: u32,
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
    safeguard: Safeguard,
    /// Step and time of the last report.
    told: (u32, f64),
}

impl Training {
    /// A run at its start.
    pub fn open(id: RunId, network: Network, portion: Portion) -> Result<Self, OpenError> {
        let train = network.spec.train.clone();
        if train.batch > portion.train {
            return Err(OpenError::Batch { batch: train.batch, digits: portion.train });
        }
        Ok(Self {
            id,
            sample: Sample::default(),
            portion,
            feed: Feed::new(portion.train, train.batch, train.seed),
            rate: train.rate,
            step: 0,
            goal: train.epochs,
            drive: Drive::Paused,
            throttle: Throttle::default(),
            meter: Meter::default(),
            history: History::new(),
            scores: Vec::new(),
            asked: VecDeque::new(),
            evaluation: None,
            safeguard: Safeguard::new(&network, 0),
            told: (0, f64::NEG_INFINITY),
            network,
        })
    }

    /// A run that goes on where `position` says; `network` holds the numbers of that moment.
    pub fn resume(id: RunId, network: Network, portion: Portion, position: &Position) -> Result<Self, FileError> {
        let mut run = Self::open(id, network, portion)?;
        let steps = run.feed.steps_per_epoch();
        position.check(steps, portion.train)?;
        run.history = History::from_columns(&position.history, position.step, steps).map_err(|cause| FileError::History { cause })?;
        run.scores.clone_from(&position.scores);
        (run.step, run.rate, run.goal) = (position.step, position.rate, position.goal);
        run.told.0 = run.step;
        run.safeguard = Safeguard::new(&run.network, run.step);
        if run.at_goal() && run.due_score().is_none() {
            run.drive = Drive::Finished;
        }
        Ok(run)
    }

    pub fn position(&self) -> Position {
        Position {
            step: self.step,
            rate: self.rate,
            goal: self.goal,
            train_digits: self.portion.train,
            history: self.history.columns(),
            scores: self.scores.clone(),
        }
    }

    pub fn opened(&self) -> Event {
        Event::Opened {
            run: self.id,
            spec: self.network.spec.clone(),
            summary: self.network.summary(self.feed.steps_per_epoch()),
            progress: self.progress(0.0),
            history: self.history.points().to_vec(),
            scores: self.scores.clone(),
        }
    }

    pub fn stage(&self) -> Stage {
        match self.drive {
            Drive::Paused => Stage::Paused,
            Drive::Finished => Stage::Finished,
            Drive::Playing { .. } if self.due_score().is_some() => Stage::Scoring,
            Drive::Playing { .. } => Stage::Playing,
        }
    }

    pub fn step(&self) -> u32 {
        self.step
    }

    pub fn rate(&self) -> f32 {
        self.rate
    }

    fn epoch(&self) -> f64 {
        f64::from(self.step) / f64::from(self.feed.steps_per_epoch())
    }

    fn at_goal(&self) -> bool {
        u64::from(self.step) >= u64::from(self.goal) * u64::from(self.feed.steps_per_epoch())
    }

    fn progress(&self, images_per_second: f64) -> Progress {
        let last = self.history.points().last().copied().unwrap_or_default();
        Progress { step: self.step, epoch: self.epoch(), rate: self.rate, images_per_second, ..last }
    }

    /// The set that the end of an epoch calls for and that has not been scored yet.
    fn due_score(&self) -> Option<EvalSet> {
        if self.step == 0 || !self.step.is_multiple_of(self.feed.steps_per_epoch()) {
            return None;
        }
        let missing = |set| !self.scores.iter().rev().take_while(|s| s.step == self.step).any(|s| s.set == set);
        let wanted = [(EvalSet::Validation, true), (EvalSet::Test, self.at_goal())];
        wanted.into_iter().find(|&(set, due)| due && missing(set)).map(|(set, _)| set)
    }

    pub fn play(&mut self, left: Option<u32>, now_ms: f64, outbox: &mut Outbox) {
        if self.drive == Drive::Finished {
            let most = u32::MAX / self.feed.steps_per_epoch();
            self.goal = self.goal.saturating_add(self.network.spec.train.epochs).min(most);
        }
        if !matches!(self.drive, Drive::Playing { .. }) {
            self.meter.start(now_ms);
        }
        self.throttle.release();
        self.drive = Drive::Playing { left };
        outbox.push(Event::Played { run: self.id }.into());
        if left == Some(0) {
            self.pause(now_ms, outbox);
        }
    }

    pub fn pause(&mut self, now_ms: f64, outbox: &mut Outbox) {
        self.report(now_ms, outbox);
        if self.drive != Drive::Finished {
            self.drive = Drive::Paused;
        }
        outbox.push(Event::Paused { run: self.id, progress: self.progress(0.0) }.into());
    }

    pub fn tune(&mut self, hyper: Hyper) {
        self.rate = hyper.rate;
    }

    pub fn set_pace(&mut self, pace: Pace) {
        self.throttle.set_pace(pace);
    }

    /// Answered by one event, however often it is asked for meanwhile.
    pub fn ask_score(&mut self, set: EvalSet) {
        if !self.asked.contains(&set) {
            self.asked.push_back(set);
        }
    }

    /// Sends what the curve has gained, if anything.
    fn report(&mut self, now_ms: f64, outbox: &mut Outbox) {
        if self.told.0 == self.step && !self.history.has_unsent() {
            return;
        }
        self.told = (self.step, now_ms);
        let speed = self.meter.read(now_ms);
        let event = Event::Progressed { run: self.id, progress: self.progress(speed), history: self.history.unsent() };
        outbox.push(event.into());
    }

    /// One piece of work: a frame, and a step of training or a batch of an evaluation.
    pub fn unit(&mut self, now_ms: f64, data: &Dataset, data_broken: bool, outbox: &mut Outbox) -> Unit {
        let mut wait_ms = f64::INFINITY;
        match self.sample.due(now_ms) {
            Due::Now => {
                let Network { cpu, sample, .. } = &mut self.network;
                outbox.push(self.sample.frame(self.id, cpu, sample, self.step, now_ms));
            }
            Due::In(ms) => wait_ms = ms,
            Due::No => {}
        }
        if self.told.0 != self.step {
            let report_ms = self.told.1 + PROGRESS_GAP_MS - now_ms;
            if report_ms <= 0.0 {
                self.report(now_ms, outbox);
            } else {
                wait_ms = wait_ms.min(report_ms);
            }
        }
        match self.work(now_ms, data, data_broken, outbox) {
            Unit::Waits(Rest::After(ms)) => Unit::Waits(Rest::After(ms.min(wait_ms))),
            Unit::Waits(Rest::UntilCalled) if wait_ms.is_finite() => Unit::Waits(Rest::After(wait_ms)),
            other => other,
        }
    }

    fn work(&mut self, now_ms: f64, data: &Dataset, data_broken: bool, outbox: &mut Outbox) -> Unit {
        if let Some(set) = self.asked.front().copied() {
            return self.evaluate(set, now_ms, data, outbox);
        }
        let Drive::Playing { .. } = self.drive else { return Unit::Waits(Rest::UntilCalled) };
        if let Some(set) = self.due_score()
            && !(data_broken && evaluation::digits(data, set).is_none())
        {
            return self.evaluate(set, now_ms, data, outbox);
        }
        if self.at_goal() {
            self.drive = Drive::Finished;
            self.report(now_ms, outbox);
            outbox.push(Event::Finished { run: self.id, progress: self.progress(0.0) }.into());
            return Unit::Waits(Rest::UntilCalled);
        }
        if !self.feed.is_ready(self.step, data) {
            if data_broken {
                let message = format!("play: only {} training digits have arrived; the next batch needs more", data.train_ready());
                outbox.push(Event::Declined { run: self.id, message }.into());
                self.pause(now_ms, outbox);
            }
            return Unit::Waits(Rest::UntilCalled);
        }
        match self.throttle.wait_ms(now_ms) {
            wait_ms if wait_ms > 0.0 => Unit::Waits(Rest::After(wait_ms)),
            _ => {
                self.train(now_ms, data, outbox);
                Unit::Trained
            }
        }
    }

    fn train(&mut self, now_ms: f64, data: &Dataset, outbox: &mut Outbox) {
        let now = StepInputs { rate: self.rate, step: self.step, seed: self.network.spec.train.seed };
        self.feed.fill(self.step, data, &mut self.network.train);
        self.safeguard.before(&self.network, self.step);
        let result = self.network.learn(&now);
        if !result.loss_sum.is_finite() {
            self.fault(outbox);
            return;
        }
        self.safeguard.judge(&self.network, self.step, result.mean_loss());
        self.network.cpu.update(&now);
        self.step += 1;
        self.throttle.stepped(now_ms);
        self.meter.add(self.network.spec.train.batch);
        self.history.add(self.step, self.feed.steps_per_epoch(), result, self.rate);
        self.sample.touch();
        if let Drive::Playing { left: Some(left) } = &mut self.drive {
            *left -= 1;
            if *left == 0 {
                self.pause(now_ms, outbox);
            }
        }
    }

    fn evaluate(&mut self, set: EvalSet, now_ms: f64, data: &Dataset, outbox: &mut Outbox) -> Unit {
        let Some(digits) = evaluation::digits(data, set) else { return Unit::Waits(Rest::UntilCalled) };
        // What was suspended gives way to what is asked for.
        let mut evaluation = self.evaluation.take().filter(|e| e.set == set).unwrap_or_else(|| Evaluation::new(set));
        if !evaluation.advance(&mut self.network, digits, self.portion.scored) {
            self.evaluation = Some(evaluation);
            return Unit::Scored;
        }
        let score = evaluation.score(self.step, self.epoch());
        if !score.loss.is_finite() {
            self.fault(outbox);
            return Unit::Scored;
        }
        self.asked.retain(|s| *s != set);
        self.report(now_ms, outbox);
        if self.scores.len() == SCORES_LIMIT {
            self.scores.remove(0);
        }
        self.scores.push(score.clone());
        outbox.push(Event::Evaluated { run: self.id, score }.into());
        Unit::Scored
    }

    /// Training time that was spent on something else.
    pub fn leave_out(&mut self, spent_ms: f64) {
        self.meter.leave_out(spent_ms);
    }

    /// The numbers are lost: goes back to the last good ones and pauses.
    pub fn fault(&mut self, outbox: &mut Outbox) {
        let at = self.step;
        self.step = self.safeguard.restore(&mut self.network);
        self.history.rewind(self.step);
        self.scores.retain(|s| s.step <= self.step);
        self.asked.clear();
        self.evaluation = None;
        self.drive = Drive::Paused;
        self.told.0 = self.step;
        self.sample.touch();
        let message = format!(
            "the loss was no longer a number at step {at}, with a learning rate of {}; the weights of step {} are back in place: lower the rate and play on",
            self.rate, self.step
        );
        outbox.push(Event::Faulted { run: self.id, message }.into());
        outbox.push(Event::Paused { run: self.id, progress: self.progress(0.0) }.into());
    }
}
