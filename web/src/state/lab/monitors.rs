//! What the monitors ask of the run.

use leptos::prelude::*;
use protocol::{Advice, Change, Command, EvalSet, Probing};

use super::Lab;
use crate::state::Phase;

impl Lab {
    /// Measures `what` as long as the panel that calls exists.
    pub fn probe(&self, what: Probing) {
        let lab = *self;
        lab.send_probing(lab.state.monitors.watch(what, 1));
        on_cleanup(move || lab.send_probing(lab.state.monitors.watch(what, -1)));
    }

    /// Scores the network on a set now.
    pub fn evaluate(&self, set: EvalSet) {
        self.tell_run(Command::Evaluate { run: self.state.run.get_untracked(), set });
    }

    fn send_probing(&self, what: Probing) {
        self.tell_run(Command::Probe { run: self.state.run.get_untracked(), what });
    }

    /// Does what helps: at once where the run can go on, else as a new run.
    pub fn remedy_by(&self, advice: &Advice) {
        match advice.remedy.as_ref().map(|r| r.change.clone()) {
            Some(Change::Rate { rate }) => {
                self.tune(rate);
                if self.state.phase.get_untracked() == Phase::Paused {
                    self.play();
                }
            }
            Some(Change::Run { spec }) => self.open_and_play(spec),
            None => {}
        }
    }
}
