//! The newest moments of the run in the browser's store, and back from there.

use leptos::prelude::*;

use super::{Lab, Purpose};
use crate::{
    dom::store::moments::PLACES,
    state::{Phase, keep::Kept},
};

impl Lab {
    /// A run stands ready; `loaded`: it may be the one of the store.
    pub(super) fn begin_moments(&self, loaded: bool) {
        let step = self.state.progress_now().step;
        let last = self.inner.with_value(|inner| inner.keeper.last());
        let same = last.filter(|run| loaded && step > 0 && run.step == step).map(|run| run.born);
        self.inner.update_value(|inner| inner.keeper.begin(same.unwrap_or_else(js_sys::Date::now)));
        if same.is_some() {
            self.recall_all();
        }
    }

    fn recall_all(&self) {
        let lab = *self;
        let (store, run, born) = self.inner.with_value(|inner| (inner.keeper.store(), inner.keeper.place(), inner.keeper.born));
        let Some(store) = store else { return };
        leptos::task::spawn_local(async move {
            for place in 0..PLACES {
                // A record that cannot be read is one moment less.
                let Ok(Some(moment)) = store.moment(run, place).await else { continue };
                let same = lab.inner.with_value(|inner| inner.keeper.born) == born;
                if same && moment.born == born && moment.step <= lab.state.progress_now().step {
                    lab.inner.update_value(|inner| inner.keeper.found(place, moment.step));
                    lab.recall(moment.file);
                }
            }
        });
    }

    /// Asks for a moment that the store lacks; the next one follows when it is written.
    pub(super) fn keep_moment(&self) {
        let size = self.moment_bytes();
        let lacking = self.state.time.moments.with_untracked(|moments| {
            self.inner.with_value(|inner| {
                let asked = inner.asked.values().any(|p| matches!(p, Purpose::Moment(_)));
                inner.keeper.lacks(moments, size).filter(|_| !asked)
            })
        });
        let Some(step) = lacking.filter(|_| self.state.is_open()) else { return };
        let ask = self.inner.try_update_value(|inner| {
            inner.last_ask += 1;
            inner.asked.insert(inner.last_ask, Purpose::Moment(step));
            inner.last_ask
        });
        self.ask_moment(step, ask.unwrap_or(0));
    }

    /// A moment that the store was to have has made room for others meanwhile: nobody need be told.
    pub(super) fn moment_is_gone(&self, declined: &str) -> bool {
        let step =
            declined.strip_prefix("time: step ").and_then(|rest| rest.strip_suffix(" is not kept")).and_then(|step| step.parse().ok());
        let Some(step) = step else { return false };
        self.inner.try_update_value(|inner| {
            let ask = inner.asked.iter().find(|(_, purpose)| **purpose == Purpose::Moment(step)).map(|(ask, _)| *ask);
            ask.is_some_and(|ask| inner.asked.remove(&ask).is_some())
        }) == Some(true)
    }

    /// About as many as the file of a moment has.
    fn moment_bytes(&self) -> usize {
        let params = self.state.summary.with_untracked(|s| s.params as usize);
        let slots = self.state.spec.with_untracked(|s| s.train.update().state_len(params));
        4 * (params + slots) + 4_096
    }

    pub(super) fn store_moment(&self, step: u32, file: Vec<u8>) {
        let moments = self.state.time.moments.get_untracked();
        let lab = *self;
        let taken = self.inner.try_update_value(|inner| inner.keeper.take_moment(step, file, &moments)).flatten();
        let Some((store, place, moment)) = taken else { return };
        leptos::task::spawn_local(async move {
            let run = lab.inner.with_value(|inner| inner.keeper.place());
            match store.put_moment(run, place, &moment).await {
                // While training goes on, one now and then; while it rests, the others at once.
                Ok(()) if lab.state.phase.get_untracked() != Phase::Playing => lab.keep_moment(),
                Ok(()) => {}
                Err(why) => lab.not_kept(Kept::Moments, &why),
            }
        });
    }
}
