//! Images of one's own: kept, changed, handed to the worker.

use data::OwnImages;
use leptos::prelude::*;
use protocol::RunSpec;

use super::Lab;
use crate::{
    link::message::{Ask, Parcel},
    state::keep::Kept,
};

impl Lab {
    /// Changes the kept images, here and in the browser's store. `told` says in words what was done.
    pub fn change_own(&self, told: String, change: impl Fn(&mut OwnImages) -> Result<(), String> + Clone + 'static) {
        let own = self.state.own;
        // Here first: a store that fails must not lose them.
        if let Some(Err(why)) = own.update(change.clone()) {
            own.told.set(Some((false, why)));
            return;
        }
        own.told.set(Some((true, told)));
        let lab = *self;
        let Some(store) = self.inner.with_value(|inner| inner.keeper.store()) else { return };
        leptos::task::spawn_local(async move {
            // Other tabs may have kept some meanwhile.
            let applied = move |own: &mut OwnImages| {
                // What this tab could do, the store can, unless another has filled it.
                let _ = change(own);
            };
            match store.change_own(applied).await {
                Ok(all) => {
                    if own.with(|own| *own != all) {
                        own.update(|own| *own = all);
                    }
                }
                Err(why) => lab.not_kept(Kept::Images, &why),
            }
        });
    }

    /// Files that were dropped: shown where images of one's own are taken in.
    pub fn offer_images(&self, files: Vec<web_sys::File>) {
        self.state.own.offered.set(files);
        self.state.draft.update(|d| {
            if !d.train.data.has_own() {
                d.train.data = data::Source::DigitsAndOwn;
            }
        });
        self.state.tabs.bench.set("data");
        self.state.setup_open.set(true);
    }

    /// The worker has the images that a run of `spec` is to train on.
    pub(super) fn send_own(&self, spec: &RunSpec) {
        let own = self.state.own;
        if !spec.train.data.has_own() {
            own.trained.set(None);
            return;
        }
        own.trained.set(Some(own.tick.get_untracked()));
        self.lend_own();
    }

    pub(super) fn lend_own(&self) {
        let own = self.state.own;
        let file = own.with(OwnImages::to_bytes);
        self.post(Parcel { head: Ask::Own, bulk: Vec::new(), file });
    }
}
