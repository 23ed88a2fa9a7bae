//! What keeps a run from being lost: files that arrive, and a worker that dies.

use leptos::prelude::*;
use protocol::Wish;

use super::{DEATHS_LIMIT, LIFE_MS, Lab, Purpose};
use crate::{
    dom::{
        self,
        store::{SavedRun, StoreError},
    },
    state::{NoticeKind, Phase, Remedy, keep::Kept},
};

impl Lab {
    pub(super) fn saved(&self, ask: u32, file: Vec<u8>) {
        let purpose = self.inner.try_update_value(|inner| inner.asked.remove(&ask)).flatten();
        match purpose {
            Some(Purpose::Download) => {
                let name = format!("kernelscope-step-{}.safetensors", self.state.progress.with_untracked(|p| p.step));
                if let Err(why) = dom::file::download(&name, &file) {
                    self.state.notify(NoticeKind::Failed, format!("The weights could not be saved: {why}."), None);
                }
            }
            Some(Purpose::Onnx) => self.convert(file),
            Some(Purpose::Graft(spec)) => self.graft(*spec, file),
            Some(Purpose::Keep) => {
                let progress = self.state.progress_now();
                let saved = SavedRun {
                    saved: js_sys::Date::now(),
                    link: protocol::link::encode(&self.state.spec.get_untracked()),
                    step: progress.step,
                    epoch: progress.epoch,
                    born: self.inner.with_value(|inner| inner.keeper.born),
                    playing: self.state.phase.get_untracked() == Phase::Playing,
                    file,
                };
                let lab = *self;
                let keeper = self.inner.try_update_value(|inner| inner.keeper.take(saved));
                leptos::task::spawn_local(async move {
                    if let Some(writing) = keeper.flatten()
                        && let Err(why) = writing.run().await
                    {
                        lab.not_kept(Kept::Run, &why);
                    }
                });
            }
            Some(Purpose::Moment(step)) => self.store_moment(step, file),
            None => {}
        }
    }

    /// Says once what does not get into the store.
    pub(super) fn not_kept(&self, what: Kept, why: &StoreError) {
        if let Some(text) = self.inner.try_update_value(|inner| inner.keeper.fail(what, why)).flatten() {
            self.state.notify(NoticeKind::Warned, text, None);
        }
    }

    /// The kept run cannot be loaded: it is put where the next one does not overwrite it.
    pub(super) fn set_run_aside(&self) {
        let (store, place) = self.inner.with_value(|inner| (inner.keeper.store(), inner.keeper.place()));
        let lab = *self;
        leptos::task::spawn_local(async move {
            let Some(store) = store else { return };
            let text = match store.set_run_aside(place).await {
                Ok(()) => "The kept run could not be taken up. Nothing was deleted: it was set aside in the browser's store.".to_owned(),
                Err(why) => format!("The kept run could not be taken up, nor set aside: {why}."),
            };
            lab.state.notify(NoticeKind::Warned, text, None);
        });
    }

    /// After the worker has died: another one, and the last checkpoint.
    pub(super) fn revive(&self, why: &str) {
        let born = self.inner.with_value(|inner| inner.born_ms);
        let (deaths, kept) = self
            .inner
            .try_update_value(|inner| {
                inner.link = None;
                inner.asked.clear();
                inner.deaths = if dom::now_ms() - born > LIFE_MS { 1 } else { inner.deaths + 1 };
                (inner.deaths, inner.keeper.last())
            })
            .unwrap_or_default();
        let playing = self.state.phase.get_untracked() == Phase::Playing;
        if deaths > DEATHS_LIMIT {
            self.state.phase.set(Phase::Stopped);
            let text = format!("The worker stopped {deaths} times in a row ({why}). It is not restarted by itself any more.");
            self.state.notify(NoticeKind::Failed, text, Some(Remedy::StartAnew));
            return;
        }
        self.state.phase.set(Phase::Starting);
        self.inner.update_value(|inner| inner.play_when_ready |= playing);
        // It may have been the card that it died of.
        let wish = if deaths > 1 { Wish::Cpu } else { self.state.wish.get_untracked() };
        self.connect(wish);
        let spec = self.state.spec.get_untracked();
        let link = protocol::link::encode(&spec);
        // A checkpoint on which the worker has died twice is not tried again.
        match kept.filter(|run| run.link == link && deaths < 3) {
            Some(run) => {
                let told = format!("The worker stopped ({why}). Another one goes on from step {}.", run.step);
                self.restore(run, told);
            }
            None => {
                self.state.notify(NoticeKind::Warned, format!("The worker stopped ({why}). Another one starts the run anew."), None);
                self.open(spec);
            }
        }
    }
}
