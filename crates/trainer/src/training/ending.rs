//! When a run ends, and with which weights.

use protocol::{EvalSet, Event, Score, regime::Verdict};

use super::{Drive, Surroundings, Training, Underway, Unit};
use crate::{
    machine::{Numbers, Work},
    safeguard::Safeguard,
};

/// The weights with the best validation loss so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Updates that made them.
    pub step: u32,
    pub params: Vec<f32>,
    /// Running statistics.
    pub state: Vec<f32>,
}

impl Training {
    /// The validation scores at the ends of epochs, each once.
    pub(super) fn epoch_scores(&self) -> impl Iterator<Item = &Score> {
        let mut seen = 0;
        self.scores.iter().filter(move |score| {
            let counts = score.set == EvalSet::Validation && score.step > seen && score.epoch.fract() == 0.0;
            if counts {
                seen = score.step;
            }
            counts
        })
    }

    /// How the validation loss has gone since the run was last sent on, and the step of the best.
    fn verdict(&self) -> (Verdict, Option<u32>) {
        let scores: Vec<&Score> = self.epoch_scores().filter(|s| s.step > self.patient_since).collect();
        let verdict = self.network.spec.train.stopping.judge(scores.iter().map(|s| s.loss));
        (verdict, verdict.best.map(|i| scores[i].step))
    }

    /// The validation loss has not fallen for as long as the settings bear.
    pub(super) fn is_stalled(&self) -> bool {
        self.verdict().0.stops
    }

    pub(super) fn at_goal(&self) -> bool {
        self.step >= self.network.feed.end_of(self.goal)
    }

    /// The end of an epoch after which there is no other; the validation digits have been scored.
    pub(super) fn is_ending(&self) -> bool {
        self.at_goal() || self.is_stalled()
    }

    /// At the end of an epoch: keeps weights that are the best so far, and puts the best back where this was the last.
    /// `None` where there is nothing to do.
    pub(super) fn settle(&mut self, around: &Surroundings) -> Option<Unit> {
        if !self.network.spec.train.stopping.restore_best || self.step == 0 {
            return None;
        }
        if self.underway.iter().any(|u| matches!(u, Underway::Best | Underway::Restore)) {
            return Some(super::work::NOTHING);
        }
        let (verdict, best) = self.verdict();
        let kept = self.best.as_ref().map(|b| b.step);
        if best == Some(self.step) && kept != best {
            self.put(Underway::Best, Work::Read(Numbers::default()), around);
            return Some(Unit::Worked);
        }
        let last = self.at_goal() || verdict.stops;
        if last && self.restored_at != Some(self.step) && kept.is_some_and(|step| step != self.step && Some(step) == best) {
            self.put(Underway::Restore, Work::Read(Numbers::default()), around);
            return Some(Unit::Worked);
        }
        None
    }

    pub(super) fn keep_best(&mut self, numbers: Numbers) {
        if numbers.is_sound() {
            self.best = Some(Best { step: self.step, params: numbers.params, state: numbers.state });
        }
    }

    /// The best weights take the place of `numbers`; the optimizer's state stays.
    pub(super) fn restore_best(&mut self, mut numbers: Numbers, around: &mut Surroundings) {
        self.restored_at = Some(self.step);
        let Some(best) = self.best.clone() else { return };
        numbers.params = best.params;
        numbers.state = best.state;
        self.machine.reset(&numbers);
        self.safeguard = Safeguard::new(self.step, numbers);
        self.go_back(self.step);
        self.note(format!("the weights of step {}, with the best validation loss, are put back", best.step));
        around.outbox.push(self.amended_event().into());
    }

    /// Why the run has ended and what it ends with, where that is not simply its last step.
    pub(super) fn last_words(&mut self) -> Option<String> {
        let (verdict, best) = self.verdict();
        let mut words = Vec::new();
        if verdict.stops && !self.at_goal() {
            let epochs = if verdict.stalled == 1 { "epoch".to_owned() } else { format!("{} epochs", verdict.stalled) };
            let text = format!("the validation loss has not fallen below its best, {:.4}, for {epochs}", verdict.best_loss);
            self.note(format!("ended early: {text}"));
            words.push(text);
        }
        if self.restored_at == Some(self.step)
            && let Some(step) = best
        {
            words.push(format!("the weights of step {step}, its best, are in place"));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Sent on after its end: for as many epochs again, with new patience.
    pub(super) fn send_on(&mut self) {
        let was_early = !self.at_goal();
        self.patient_since = self.step;
        if !was_early {
            let most = u32::MAX / self.network.feed.steps_per_epoch();
            self.goal = self.goal.saturating_add(self.network.spec.train.epochs).min(most);
        }
        self.drive = Drive::Paused;
    }

    pub(super) fn finished(&mut self) -> Event {
        let message = self.last_words();
        Event::Finished { run: self.id, progress: self.progress(0.0), message }
    }
}
