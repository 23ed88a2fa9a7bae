//! Keeping the run for the next visit: when to ask for a checkpoint, and where it goes.

use std::rc::Rc;

use super::{Lab, Phase};
use crate::dom::{
    document,
    frame::Interval,
    listen::Listener,
    store::{
        SavedRun, Store, StoreError,
        moments::{BYTES_LIMIT, PLACES, SavedMoment},
    },
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
    /// Which run this is.
    pub born: f64,
    /// Steps of the moments of this run that the store holds.
    places: [Option<u32>; PLACES],
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
                Ok(found) => (Self { store: Some(Rc::new(store)), last: found.clone(), ..Self::default() }, found),
                Err(why) => (Self { store: Some(Rc::new(store)), trouble: Some(why.to_string()), ..Self::default() }, None),
            },
            Err(why) => (Self { trouble: Some(why.to_string()), ..Self::default() }, None),
        }
    }

    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether a checkpoint at `step` would be news.
    pub fn wants(&self, step: u32) -> bool {
        step > 0 && self.last.as_ref().is_none_or(|run| run.step != step)
    }

    /// Takes the newest checkpoint; what is returned must be run to write it.
    pub fn take(&mut self, run: SavedRun) -> Option<Writing> {
        self.last = Some(run.clone());
        // After a failure the run is kept in memory only.
        let store = self.store.clone().filter(|_| self.trouble.is_none())?;
        Some(Writing { store, run })
    }

    /// A run begins, or one of the store goes on: its moments are those that were found.
    pub fn begin(&mut self, born: f64) {
        (self.born, self.places) = (born, [None; PLACES]);
    }

    /// The store holds this moment.
    pub fn found(&mut self, place: usize, step: u32) {
        if let Some(held) = self.places.get_mut(place) {
            *held = Some(step);
        }
    }

    /// The newest of the kept moments that the store lacks, where each takes so many bytes.
    pub fn lacks(&self, moments: &[u32], size_bytes: usize) -> Option<u32> {
        let room = self.room(size_bytes);
        let newest = moments.iter().rev().take(room);
        newest.copied().find(|step| !self.places[..room].contains(&Some(*step))).filter(|_| self.store.is_some() && self.trouble.is_none())
    }

    fn room(&self, size_bytes: usize) -> usize {
        (BYTES_LIMIT / size_bytes.max(1)).min(PLACES)
    }

    /// A moment has come as a file: its place, and where to write it. It takes the place of one that is not kept any
    /// more, or of the oldest.
    pub fn take_moment(&mut self, step: u32, file: Vec<u8>, moments: &[u32]) -> Option<(Rc<Store>, usize, SavedMoment)> {
        let room = self.room(file.len());
        let store = self.store.clone().filter(|_| self.trouble.is_none())?;
        let newest: Vec<u32> = moments.iter().rev().take(room).copied().collect();
        let gone = |held: &Option<u32>| held.is_none_or(|step| !newest.contains(&step));
        let place = self.places[..room].iter().position(gone)?;
        self.places[place] = Some(step);
        Some((store, place, SavedMoment { born: self.born, step, file }))
    }

    pub fn store(&self) -> Option<Rc<Store>> {
        self.store.clone()
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
