//! Keeping the run for the next visit: when to ask for a checkpoint, and where it goes.

use std::rc::Rc;

use super::{Lab, Phase};
use crate::dom::{
    document,
    frame::Interval,
    listen::Listener,
    store::{SavedRun, Store, StoreError},
};
use leptos::prelude::*;

/// Between two checkpoints of a run that is playing.
const PERIOD_MS: i32 = 4_000;

/// The newest checkpoint, in memory and in the browser's store.
#[derive(Debug, Default)]
pub struct Keeper {
    store: Option<Rc<Store>>,
    trouble: Option<String>,
    last: Option<SavedRun>,
    outdated: bool,
}

/// A checkpoint on its way into the store.
#[derive(Debug)]
pub struct Writing {
    store: Rc<Store>,
    run: SavedRun,
}

impl Writing {
    /// # Errors
    /// [`StoreError`] where it does not get there.
    pub async fn run(self) -> Result<(), StoreError> {
        self.store.put(&self.run).await
    }
}

impl Keeper {
    /// Opens the store and reads the run of last time.
    pub async fn open() -> (Self, Option<SavedRun>) {
        match Store::open().await {
            Ok(store) => match store.get().await {
                Ok(found) => (Self { store: Some(Rc::new(store)), trouble: None, last: found.clone(), outdated: false }, found),
                Err(why) => (Self { store: Some(Rc::new(store)), trouble: Some(why.to_string()), last: None, outdated: false }, None),
            },
            Err(why) => (Self { store: None, trouble: Some(why.to_string()), last: None, outdated: false }, None),
        }
    }

    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether a checkpoint at `step` would be news.
    pub fn wants(&self, step: u32) -> bool {
        step > 0 && (self.outdated || self.last.as_ref().is_none_or(|run| run.step != step))
    }

    /// The last checkpoint has other settings than the run has now.
    pub fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Takes the newest checkpoint; what is returned must be run to write it.
    pub fn take(&mut self, run: SavedRun) -> Option<Writing> {
        self.last = Some(run.clone());
        self.outdated = false;
        // After a failure the run is kept in memory only.
        let store = self.store.clone().filter(|_| self.trouble.is_none())?;
        Some(Writing { store, run })
    }

    pub fn fail(&mut self, why: String) {
        self.trouble = Some(why);
    }

    pub fn last(&self) -> Option<SavedRun> {
        self.last.clone()
    }
}

/// Asks for checkpoints from time to time, and when the page is put away.
pub fn schedule(lab: Lab) {
    let playing = move || lab.state.phase.get_untracked() == Phase::Playing;
    if let Some(interval) = Interval::new(PERIOD_MS, move || {
        if playing() {
            lab.keep();
        }
    }) {
        interval.keep();
    }
    if let Some(document) = document() {
        let page = document.clone();
        Listener::new(&document, "visibilitychange", move |_| {
            if page.hidden() {
                lab.keep();
            }
        })
        .keep();
    }
}
