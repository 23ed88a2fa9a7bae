//! What comes back from the machine.

use data::CLASSES;
use engine::loss::BatchResult;
use protocol::{Event, Message, Save};

use super::{Drive, SCORES_LIMIT, Surroundings, Training, Underway};
use crate::{
    checkpoint::{self, Position},
    evaluation,
    machine::{Done, MachineFault, Numbers, Parting},
};

impl Training {
    /// Hears every answer that is there. True if there was one.
    pub(super) fn take(&mut self, around: &mut Surroundings) -> bool {
        let mut heard = false;
        while let Some(answer) = self.machine.take() {
            heard = true;
            match answer {
                Ok(done) => self.hear(done, around),
                Err(fault) => self.fall_back(&fault, around),
            }
        }
        while let Some(message) = self.machine.word() {
            around.outbox.push(self.moved(message).into());
        }
        heard
    }

    fn hear(&mut self, done: Done, around: &mut Surroundings) {
        if let Done::Parted(parting) = done {
            around.outbox.push(self.parted(parting).into());
            return;
        }
        match (self.underway.pop_front(), done) {
            (Some(Underway::Train { left, rate }), Done::Trained(result)) => {
                if left > 1 {
                    self.underway.push_front(Underway::Train { left: left - 1, rate });
                }
                self.trained(result, rate, around);
            }
            (Some(Underway::Score { number, first, count }), Done::Scored { pieces, scores }) if scores.len() == count * CLASSES => {
                self.scored(number, first, &pieces, &scores, around);
            }
            (Some(Underway::Look(look)), Done::Looked { scores, tensors }) => {
                around.outbox.push(self.sample.frame(self.id, &self.network, &look, scores, &tensors, self.step));
            }
            (Some(Underway::Copy { step }), Done::Read(numbers)) => self.safeguard.keep(step, numbers),
            (Some(Underway::Save { ask, what, rate, goal }), Done::Read(numbers)) => {
                let position = (what == Save::Checkpoint).then(|| self.position(rate, goal));
                self.saved(ask, position, &numbers, around);
            }
            (Some(Underway::Probe { step }), Done::Read(numbers)) => self.begin_probe(numbers, step, around),
            (Some(Underway::Moment { step, rate }), Done::Read(numbers)) => self.kept(step, rate, numbers),
            (Some(Underway::Trace { place }), Done::Read(numbers)) => self.traced(place, &numbers, around),
            (Some(Underway::Move), Done::Read(numbers)) => self.arrive(numbers, around),
            // Put back what was not answered, so that it is not lost.
            (unanswered, _) => {
                if let Some(unanswered) = unanswered {
                    self.underway.push_front(unanswered);
                }
                let message = "the machine answered something that it was not asked".to_owned();
                self.fall_back(&MachineFault { message, lost: false }, around);
            }
        }
    }

    fn trained(&mut self, result: BatchResult, rate: f32, around: &mut Surroundings) {
        if !result.loss_sum.is_finite() {
            self.fault(around.outbox);
            return;
        }
        self.safeguard.judge(self.step, result.mean_loss());
        let rate = self.network.schedule.rate(rate, self.step);
        self.step += 1;
        self.ahead -= 1;
        self.meter.add(self.network.feed.batch);
        self.history.add(self.step, self.network.feed.steps_per_epoch(), result, rate);
        self.sample.touch();
        let stops = match self.drive {
            Drive::Playing { until } => until == Some(self.step),
            Drive::Pausing => self.ahead == 0,
            Drive::Paused | Drive::Finished => false,
        };
        if stops {
            self.stop(around.now_ms, around.outbox);
        }
    }

    fn scored(&mut self, number: u32, first: usize, pieces: &[BatchResult], scores: &[f32], around: &mut Surroundings) {
        // One that was given up for another is still answered.
        let Some(mut evaluation) = self.evaluation.take_if(|e| e.number == number) else { return };
        let set = evaluation.set;
        let Some(digits) = evaluation::digits(around.data, set) else { return };
        if !evaluation.add(first, pieces, scores) {
            self.evaluation = Some(evaluation);
            return;
        }
        let answers = evaluation.answers();
        let score = evaluation.score(self.step, self.epoch(), digits);
        if !score.loss.is_finite() {
            self.fault(around.outbox);
            return;
        }
        self.asked.retain(|s| *s != set);
        self.report(around.now_ms, around.outbox);
        if self.scores.len() == SCORES_LIMIT {
            self.scores.remove(0);
        }
        self.scores.push(score.clone());
        around.outbox.push(Message { file: answers, ..Event::Evaluated { run: self.id, score }.into() });
        self.advise(around.outbox);
    }

    fn position(&self, rate: f32, goal: u32) -> Position {
        Position {
            step: self.step,
            rate,
            goal,
            train_digits: self.network.portion.train,
            history: self.history.columns(),
            scores: self.scores.clone(),
        }
    }

    /// The numbers are those of the step that has been reached: nothing put later has been answered.
    fn saved(&mut self, ask: u32, position: Option<Position>, numbers: &Numbers, around: &mut Surroundings) {
        let run = self.id;
        let written = if numbers.is_sound() {
            checkpoint::write(&self.network, numbers, self.step, position).map_err(|e| format!("save: {e}"))
        } else {
            self.fault(around.outbox);
            Err("save: the weights were no longer numbers, and have been put back".to_owned())
        };
        around.outbox.push(match written {
            Ok(file) => Message { head: Event::Saved { run, ask }, bulk: Vec::new(), file },
            Err(message) => Event::Declined { run, message }.into(),
        });
    }

    fn parted(&self, parting: Parting) -> Event {
        let Parting { step, tensor, position, cpu, gpu, message } = parting;
        // A head holds finite numbers.
        let [cpu, gpu] = [cpu, gpu].map(|x| if x.is_finite() { x } else { 0.0 });
        Event::Parted { run: self.id, step, tensor, position, cpu, gpu, message }
    }
}
