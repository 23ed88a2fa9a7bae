//! Earlier runs and races.

use leptos::prelude::*;

use crate::reaction::effect;
use protocol::{Command, Event, Race, Record, RunSpec, record};

use super::Lab;
use crate::state::{NoticeKind, Phase, runs::RaceView};

impl Lab {
    /// Follows how long the run trains.
    pub(super) fn follow_time(&self) {
        let state = self.state;
        effect(move || state.runs.time(state.phase.get() == Phase::Playing));
    }

    /// The earlier runs of the browser's store, as this and other tabs have left them.
    pub fn recall_runs(&self) {
        let lab = *self;
        let Some(store) = self.inner.with_value(|inner| inner.keeper.store()) else { return };
        leptos::task::spawn_local(async move {
            // What cannot be read is as good as nothing.
            let Ok(Some(text)) = store.earlier().await else { return };
            match record::read(&text) {
                Ok(found) => lab.state.runs.take(found),
                Err(why) => {
                    let told = match store.set_earlier_aside().await {
                        Ok(()) => "They were set aside in the browser's store.".to_owned(),
                        Err(why) => format!("They could not be set aside: {why}."),
                    };
                    lab.state.notify(NoticeKind::Warned, format!("Earlier runs could not be read: {why}. {told}"), None);
                }
            }
        });
    }

    /// The earlier runs as they are now, for the next visit and for other tabs. At once: the page may be on its way out.
    pub fn keep_runs(&self) {
        let (state, runs) = (self.state, self.state.runs);
        let Some(store) = self.inner.with_value(|inner| inner.keeper.store()) else { return };
        let mine = runs.list.get_untracked();
        // From here on it is as good as stored: a change that follows is one against this.
        let base = runs.stored.try_update_value(|stored| std::mem::replace(stored, mine.clone())).unwrap_or_default();
        leptos::task::spawn_local(async move {
            match store.change_earlier(|theirs| record::merge(&base, &mine, theirs)).await {
                Ok(all) => runs.take(all),
                Err(why) => {
                    runs.stored.set_value(base);
                    state.notify(NoticeKind::Warned, format!("Earlier runs will not survive a reload: {why}."), None);
                }
            }
        });
    }

    /// What earlier runs and races need of an event, before it is written into the state.
    pub(super) fn note_runs(&self, event: &Event) {
        let runs = self.state.runs;
        match event {
            Event::Opened { run, progress, .. } if *run == self.state.run.get_untracked() => {
                self.end_view("another run was opened");
                // A run that goes on where it was is no other run.
                let same = self.inner.with_value(|inner| inner.loading.as_ref().is_some_and(|l| l.instead.is_some()));
                if !same && self.state.archive() {
                    self.keep_runs();
                }
                runs.begin(progress.step, false);
            }
            Event::Raced { racers, over, message, .. } => {
                let open = runs.race.with_untracked(|race| race.as_ref().is_some_and(|r| !r.over));
                runs.raced(racers.clone(), *over, message.clone());
                if open && *over {
                    runs.conclude(&self.state.spec.get_untracked());
                    self.keep_runs();
                }
            }
            Event::Declined { message, .. } if message.starts_with("race: ") => self.end_view(&message[6..]),
            _ => {}
        }
    }

    /// A race of which no more is heard.
    fn end_view(&self, why: &str) {
        let runs = self.state.runs;
        if runs.race.with_untracked(|race| race.as_ref().is_some_and(|r| !r.over)) {
            runs.race.update(|race| {
                if let Some(race) = race {
                    (race.over, race.message) = (true, why.to_owned());
                }
            });
            runs.conclude(&self.state.spec.get_untracked());
            self.keep_runs();
        }
    }

    /// Starts a race from the seed of the run and on its digits.
    pub fn start_race(&self, entries: Vec<(String, RunSpec)>, steps: u32) {
        let own = self.state.spec.get_untracked();
        let (names, mut specs): (Vec<String>, Vec<RunSpec>) = entries.into_iter().unzip();
        for spec in &mut specs {
            spec.train.seed = own.train.seed;
            spec.train.selection = own.train.selection.clone();
        }
        let race = Race { entries: specs.clone(), steps };
        self.look_now();
        let view = RaceView { names, specs, steps, racers: Vec::new(), over: false, message: String::new() };
        self.state.runs.race.set(Some(view));
        self.tell_run(Command::Race { run: self.state.run.get_untracked(), race: Some(race) });
    }

    pub fn stop_race(&self) {
        self.tell_run(Command::Race { run: self.state.run.get_untracked(), race: None });
    }

    /// The set-up of an earlier run, trained anew.
    pub fn repeat(&self, slot: u32) {
        let spec = self.state.runs.list.with_untracked(|list| list.iter().find(|r| r.slot == slot).map(Record::spec));
        if let Some(spec) = spec {
            self.open_and_play(spec);
        }
    }

    pub fn forget_run(&self, slot: u32) {
        self.state.runs.list.update(|list| list.retain(|r| r.slot != slot));
        self.keep_runs();
    }

    /// Changes one of the earlier runs.
    pub fn edit_run(&self, slot: u32, change: impl FnOnce(&mut Record)) {
        self.state.runs.list.update(|list| {
            if let Some(record) = list.iter_mut().find(|r| r.slot == slot) {
                change(record);
            }
        });
        self.keep_runs();
    }
}
