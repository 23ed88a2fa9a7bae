//! What is put to the machine, and when.

use engine::schedule::{CurveSpec, Reduction};
use protocol::{Backend, EvalSet, Event};

use super::{Drive, Surroundings, Training, Underway, Unit};
use crate::{
    Rest,
    evaluation::Evaluation,
    machine::{Numbers, Work},
    sample::Due,
};

/// Least time between two reports of progress.
const PROGRESS_GAP_MS: f64 = 100.0;
/// A machine that works is asked again after this at the latest.
const POLL_MS: f64 = 4.0;

pub(super) const NOTHING: Unit = Unit::Waits(Rest::UntilCalled);

impl Training {
    /// Hears what has come, and puts one piece of work: a frame, and some steps of training or a part
    /// of an evaluation.
    pub fn unit(&mut self, around: &mut Surroundings) -> Unit {
        self.take(around);
        let now_ms = around.now_ms;
        let mut wait_ms = f64::INFINITY;
        match self.sample.due(now_ms) {
            Due::Now if self.viewer.is_some() => self.show_past(around),
            Due::Now if self.takes_more() => {
                let (look, work) = self.sample.look(&self.network, now_ms);
                self.put(Underway::Look(look), work, around);
                self.take(around);
            }
            Due::Now | Due::No => {}
            Due::In(ms) => wait_ms = ms,
        }
        if self.told.0 != self.step {
            let report_ms = self.told.1 + PROGRESS_GAP_MS - now_ms;
            if report_ms <= 0.0 {
                self.report(now_ms, around.outbox);
            } else {
                wait_ms = wait_ms.min(report_ms);
            }
        }
        if let Some(ms) = self.ask_probe(around) {
            wait_ms = wait_ms.min(ms);
        }
        wait_ms = wait_ms.min(self.tell_moments(now_ms, around.outbox));
        let unit = self.work(around);
        let heard = self.take(around);
        match unit {
            Unit::Waits(rest) if !heard => Unit::Waits(self.rest(rest, wait_ms)),
            _ => Unit::Worked,
        }
    }

    fn rest(&self, rest: Rest, wait_ms: f64) -> Rest {
        let ms = match rest {
            Rest::Now => 0.0,
            Rest::After(ms) | Rest::UntilWoken(ms) => ms.min(wait_ms),
            Rest::UntilCalled => wait_ms,
        };
        if !self.machine.is_idle() {
            Rest::UntilWoken(ms.min(POLL_MS))
        } else if ms.is_finite() {
            Rest::After(ms)
        } else {
            Rest::UntilCalled
        }
    }

    /// Whether the machine is there for more. A run that moves puts nothing more to the old one.
    pub(super) fn takes_more(&self) -> bool {
        !self.moves && self.amends.is_none() && self.machine.has_room()
    }

    pub(super) fn put(&mut self, underway: Underway, work: Work, around: &Surroundings) {
        self.underway.push_back(underway);
        self.machine.put(work, around.data);
    }

    fn work(&mut self, around: &mut Surroundings) -> Unit {
        if !self.machine.has_room() {
            return NOTHING;
        }
        if self.moves {
            if self.underway.iter().any(|u| matches!(u, Underway::Move)) {
                return NOTHING;
            }
            self.put(Underway::Move, Work::Read(Numbers::default()), around);
            return Unit::Worked;
        }
        if self.amends.is_some() {
            if self.ahead > 0 || self.underway.iter().any(|u| matches!(u, Underway::Amend)) {
                return NOTHING;
            }
            self.put(Underway::Amend, Work::Read(Numbers::default()), around);
            return Unit::Worked;
        }
        if self.put_save(around) || self.put_trace(around) {
            return Unit::Worked;
        }
        if let Some(set) = self.asked.front().copied() {
            return self.put_score(set, around);
        }
        if let Some(unit) = self.search(around) {
            return unit;
        }
        match self.drive {
            Drive::Playing { until } => self.go_on(until, around),
            Drive::Paused | Drive::Pausing | Drive::Finished => self.secure(around),
        }
    }

    /// A piece of what playing calls for.
    fn go_on(&mut self, until: Option<u32>, around: &mut Surroundings) -> Unit {
        let next = self.step + self.ahead;
        if until.is_some_and(|until| next >= until) {
            return NOTHING;
        }
        let is_boundary = self.network.feed.is_boundary(next);
        if is_boundary && self.ahead > 0 {
            // What comes next depends on answers.
            return NOTHING;
        }
        if is_boundary && let Some(unit) = self.end_epoch(around) {
            return unit;
        }
        if !self.network.feed.is_ready(next, around.data) {
            if around.data_broken && self.ahead == 0 {
                let arrived = around.data.train_ready();
                let message = format!("play: only {arrived} training digits have arrived; the next batch needs more");
                around.outbox.push(Event::Declined { run: self.id, message }.into());
                self.pause(around.now_ms, around.outbox);
            }
            return NOTHING;
        }
        match self.throttle.wait_ms(around.now_ms) {
            wait_ms if wait_ms > 0.0 => Unit::Waits(Rest::After(wait_ms)),
            _ => self.put_steps(next, until, around),
        }
    }

    /// What the end of an epoch calls for; `None` where the next one begins.
    fn end_epoch(&mut self, around: &mut Surroundings) -> Option<Unit> {
        let due = |training: &Self, around: &Surroundings| {
            training.due_score().filter(|set| !around.data_broken || training.has_digits(*set, around.data))
        };
        if due(self, around) == Some(EvalSet::Validation) {
            return Some(self.put_score(EvalSet::Validation, around));
        }
        if let Some(unit) = self.settle(around) {
            return Some(unit);
        }
        if let Some(set) = due(self, around) {
            return Some(self.put_score(set, around));
        }
        (self.step > 0 && self.is_ending()).then(|| self.finish(around))
    }

    fn finish(&mut self, around: &mut Surroundings) -> Unit {
        if self.machine.backend() != Backend::Cpu && !self.safeguard.has(self.step) {
            // What is finished must not be lost with the card.
            return self.secure(around);
        }
        self.drive = Drive::Finished;
        self.report(around.now_ms, around.outbox);
        let event = self.finished();
        around.outbox.push(event.into());
        NOTHING
    }

    /// Steps from `next` on: as many as the machine takes at once, within the epoch and to `until`.
    fn put_steps(&mut self, next: u32, until: Option<u32>, around: &mut Surroundings) -> Unit {
        if self.safeguard.is_due(next, self.machine.backend(), around.now_ms) {
            self.put_copy(around);
            if !self.machine.has_room() {
                return Unit::Worked;
            }
        }
        if self.moments.is_due(next) {
            self.put_moment(around);
            if !self.machine.has_room() {
                return Unit::Worked;
            }
        }
        let feed = &self.network.feed;
        let in_epoch = feed.left_in_epoch(next);
        let wanted = until.map_or(u32::MAX, |until| until - next);
        let wanted = wanted.min(self.moments.gap(next));
        let mut count = self.machine.steps_at_once().min(in_epoch).min(wanted).min(self.throttle.steps_at_once()).max(1);
        while count > 1 && !feed.is_ready(next + count - 1, around.data) {
            count -= 1;
        }
        self.meter.go_on(around.now_ms);
        self.throttle.stepped(count, around.now_ms);
        self.ahead += count;
        let rate = self.rate_now();
        self.put(Underway::Train { left: count, rate }, Work::Train { step: next, count, rate }, around);
        Unit::Worked
    }

    /// What the schedule starts from at the next step.
    pub(super) fn rate_now(&self) -> f32 {
        self.rate * self.reduction()
    }

    /// What a plateau of the validation loss has taken off the rate: it follows from the scores at the ends of
    /// epochs, so a run that goes back or resumes finds it again.
    pub(super) fn reduction(&self) -> f32 {
        let CurveSpec::Plateau(plateau) = &self.network.schedule.curve else { return 1.0 };
        let mut reduction = Reduction::default();
        for score in self.epoch_scores() {
            reduction.observe(plateau, self.rate, score.loss);
        }
        reduction.factor()
    }

    fn put_score(&mut self, set: EvalSet, around: &mut Surroundings) -> Unit {
        let Some(count) = self.network.split.count(set, around.data) else { return NOTHING };
        // What was suspended gives way to what is asked for.
        let mut evaluation = self.evaluation.take().filter(|e| e.set == set).unwrap_or_else(|| {
            self.evaluations = self.evaluations.wrapping_add(1);
            Evaluation::new(set, self.evaluations, count)
        });
        self.meter.hold(around.now_ms);
        let piece = evaluation.ask(self.machine.digits_at_once());
        let number = evaluation.number;
        self.evaluation = Some(evaluation);
        let Some((first, count)) = piece else { return NOTHING };
        self.put(Underway::Score { number, first, count }, Work::Score { set, first, count }, around);
        Unit::Worked
    }

    /// The oldest file that is asked for, if there is one and it can be put.
    pub(super) fn put_save(&mut self, around: &Surroundings) -> bool {
        if !self.takes_more() {
            return false;
        }
        let Some((ask, what)) = self.saves.pop_front() else { return false };
        let underway = Underway::Save { ask, what, rate: self.rate, goal: self.goal };
        self.put(underway, Work::Read(Numbers::default()), around);
        true
    }

    /// A card that stands still holds the only copy of its last weights: they are read, once.
    fn secure(&mut self, around: &Surroundings) -> Unit {
        if self.machine.backend() == Backend::Cpu || self.ahead > 0 || !self.safeguard.lacks(self.step) {
            return NOTHING;
        }
        self.put_copy(around);
        Unit::Worked
    }

    fn put_copy(&mut self, around: &Surroundings) {
        let step = self.step + self.ahead;
        let buffers = self.safeguard.ask(step, around.now_ms);
        self.put(Underway::Copy { step }, Work::Read(buffers), around);
    }
}
