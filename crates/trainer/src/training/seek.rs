//! Looking for a rate or a batch size, on a machine of its own: the run's numbers stay where they are.

use protocol::{Event, Finding, Quest};

use super::{Surroundings, Training, Underway, Unit};
use crate::{
    Rest,
    machine::{Alone, Numbers, Work},
    trial::{Trial, Turn},
};

/// Least time between two reports.
const REPORT_GAP_MS: f64 = 100.0;
/// A machine that works is asked again after this.
const POLL_MS: f64 = 4.0;

impl Training {
    /// Begins a search, or ends the one under way.
    pub fn seek(&mut self, quest: Option<Quest>, outbox: &mut super::Outbox) {
        if let Some(trial) = self.trial.take() {
            outbox.push(self.found(trial.finding, true, "the search was ended".to_owned()).into());
        }
        self.sought = quest;
    }

    fn found(&self, finding: Finding, over: bool, message: String) -> Event {
        Event::Found { run: self.id, finding, over, message }
    }

    /// A piece of the search; `None` where there is none.
    pub(super) fn search(&mut self, around: &mut Surroundings) -> Option<Unit> {
        if let Some(quest) = self.sought {
            let asked = self.underway.iter().any(|u| matches!(u, Underway::Seek(_)));
            if self.ahead > 0 || asked {
                return Some(super::work::NOTHING);
            }
            self.put(Underway::Seek(quest), Work::Read(Numbers::default()), around);
            return Some(Unit::Worked);
        }
        let mut trial = self.trial.take()?;
        self.meter.hold(around.now_ms);
        // On one core: the others hold the run's own job.
        let turn = trial.turn(around.now_ms, around.data, around.maker.as_deref(), &Alone);
        let over = matches!(turn, Turn::Over(_));
        if over || around.now_ms - self.found_ms >= REPORT_GAP_MS {
            self.found_ms = around.now_ms;
            let message = if let Turn::Over(message) = &turn { message.clone() } else { String::new() };
            around.outbox.push(self.found(trial.finding.clone(), over, message).into());
        }
        if over {
            return Some(Unit::Worked);
        }
        self.trial = Some(trial);
        Some(match turn {
            Turn::Waits => Unit::Waits(Rest::UntilWoken(POLL_MS)),
            _ => Unit::Worked,
        })
    }

    /// The run's numbers have come: the search begins on a copy.
    pub(super) fn begin_search(&mut self, quest: Quest, numbers: Numbers, around: &mut Surroundings) {
        if self.sought.take() != Some(quest) {
            return;
        }
        self.trial = Some(Box::new(Trial::new(quest, &self.network, numbers, self.step)));
        self.found_ms = around.now_ms;
    }
}
