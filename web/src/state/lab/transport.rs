//! Playing, pausing, stepping, and what can be tuned meanwhile.

use leptos::prelude::*;
use protocol::{Command, Hyper, Pace};

use super::Lab;
use crate::{state::Phase, widgets::number};

impl Lab {
    pub fn toggle(&self) {
        let sent = self.inner.with_value(|inner| inner.play_sent);
        match self.state.phase.get_untracked() {
            Phase::Playing => self.pause(),
            Phase::Paused if sent => self.pause(),
            Phase::Paused | Phase::Finished => self.play(),
            Phase::Starting => self.inner.update_value(|inner| inner.play_when_ready ^= true),
            Phase::Stopped => self.open_and_play(self.state.spec.get_untracked()),
        }
    }

    pub(super) fn play(&self) {
        self.leave_walk();
        self.inner.update_value(|inner| inner.play_sent = true);
        self.command(Command::Play { run: self.state.run.get_untracked() });
    }

    pub(super) fn pause(&self) {
        self.command(Command::Pause { run: self.state.run.get_untracked() });
    }

    /// One batch, then pause.
    pub fn step(&self) {
        self.leave_walk();
        self.tell_run(Command::Step { run: self.state.run.get_untracked(), count: 1 });
    }

    pub fn tune(&self, rate: f32) {
        self.state.rate.set(rate);
        let step = self.state.progress.with_untracked(|p| p.step);
        if step > 0 {
            self.state.monitors.mark(step, format!("rate {}", number::rate(rate)), true);
        }
        self.tell_run(Command::Tune { run: self.state.run.get_untracked(), hyper: Hyper { rate } });
        self.renew_walk();
    }

    pub fn set_pace(&self, pace: Pace) {
        self.state.pace.set(pace);
        self.tell_run(Command::SetPace { run: self.state.run.get_untracked(), pace });
    }
}
