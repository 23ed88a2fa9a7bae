//! Probes of the run, and what the adviser makes of them.

use protocol::{Event, Message, Probing};

use super::{Outbox, Surroundings, Training, Underway};
use crate::{
    adviser::{self, Case},
    machine::Numbers,
};

/// A turn of the run's own work waits for a probe no longer than this and a layer.
const AT_ONCE_MS: f64 = 2.0;

impl Training {
    /// What to measure from now on.
    pub fn want(&mut self, what: Probing, outbox: &mut Outbox) {
        self.probes.want(what);
        self.advised.clear();
        self.advise(outbox);
    }

    /// Asks the machine for its numbers where a probe is due; else says in how many milliseconds one is.
    pub(super) fn ask_probe(&mut self, around: &Surroundings) -> Option<f64> {
        let step = self.step + self.ahead;
        let wait_ms = self.probes.due_in_ms(step, around.now_ms)?;
        if wait_ms > 0.0 {
            return Some(wait_ms);
        }
        if self.takes_more()
            && let Some(work) = self.probes.ask(&self.network, around.data, around.now_ms)
        {
            self.put(Underway::Probe { step }, work, around);
        }
        None
    }

    pub(super) fn begin_probe(&mut self, numbers: Numbers, step: u32, around: &Surroundings) {
        let rate = self.network.schedule.rate(self.rate * self.reduction(), step);
        self.probes.begin(numbers, &self.network, step, rate, around.data);
    }

    /// Some layers of the probe that is under way. True if there was one.
    pub fn probe(&mut self, clock: &mut dyn FnMut() -> f64, outbox: &mut Outbox) -> bool {
        if !self.probes.is_measuring() {
            return false;
        }
        let started_ms = clock();
        let mut found = None;
        while found.is_none() && self.probes.is_measuring() {
            found = self.probes.advance(&self.network, clock);
            if clock() - started_ms > AT_ONCE_MS {
                break;
            }
        }
        if let Some(reading) = found {
            let bulk = reading.to_bulk();
            outbox.push(Message { head: Event::Probed { run: self.id, probe: reading.head }, bulk, file: Vec::new() });
            self.advise(outbox);
        }
        true
    }

    /// Tells what goes wrong, where that has changed.
    pub(super) fn advise(&mut self, outbox: &mut Outbox) {
        if !self.probes.is_wanted() {
            return;
        }
        // A run that has come so far beyond the step at which its numbers were lost is well again.
        self.lost.take_if(|fault| self.step > fault.step + adviser::WELL_AGAIN);
        let advice = adviser::advise(&Case {
            network: &self.network,
            rate: self.rate,
            points: self.history.points(),
            scores: &self.scores,
            probes: self.probes.trail().readings(),
            fault: self.lost,
        });
        if advice != self.advised {
            self.advised.clone_from(&advice);
            outbox.push(Event::Advised { run: self.id, advice }.into());
        }
    }
}
