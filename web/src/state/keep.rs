//! Keeping the run for the next visit: when to ask for a checkpoint, and where it goes.

use std::rc::Rc;

use super::{Lab, Phase};
use crate::dom::{
    claim::claim,
    document,
    frame::{self, Interval},
    listen::Listener,
    store::{
        self, SavedRun, Store, StoreError,
        moments::{BYTES_LIMIT, PLACES, SavedMoment},
        page::SavedPage,
        records::{to_fill, to_resume},
    },
    window,
};
use data::OwnImages;
use leptos::prelude::*;

/// Between two checkpoints of a run that is playing.
const PERIOD_MS: i32 = 4_000;

/// What the tab calls its place among the runs by, across reloads.
const PLACE: &str = "kernelscope-place";
/// A page that is left lets go of its place a moment later.
const TRIES: u32 = 8;
const TRY_MS: i32 = 60;

/// The newest checkpoint, in memory and in the browser's store.
#[derive(Debug, Default)]
pub struct Keeper {
    store: Option<Rc<Store>>,
    /// Of [`store::PLACES`]: where this tab's run goes.
    place: usize,
    last: Option<SavedRun>,
    /// Which run this is.
    pub born: f64,
    /// Steps of the moments of this run that the store holds.
    places: [Option<u32>; PLACES],
    outdated: bool,
    /// What the user has been told is not kept.
    told: Vec<Kept>,
}

/// What goes into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Run,
    Moments,
    Page,
    Images,
}

impl Kept {
    /// What happens to it where it is not kept.
    fn words(self) -> &'static str {
        match self {
            Self::Run => "The run could not be kept for a reload",
            Self::Moments => "Earlier moments of the run could not be kept for a reload",
            Self::Page => "Your drawing and the view could not be kept for a reload",
            Self::Images => "Your images could not be kept: they last as long as this tab",
        }
    }
}

/// What was found when the store was opened.
#[derive(Debug, Default)]
pub struct Found {
    pub run: Option<SavedRun>,
    pub page: Option<SavedPage>,
    pub own: Option<OwnImages>,
    /// One sentence each.
    pub told: Vec<String>,
}

/// A checkpoint on its way into the store.
#[derive(Debug)]
pub struct Writing {
    store: Rc<Store>,
    place: usize,
    run: SavedRun,
}

impl Writing {
    /// # Errors
    /// [`StoreError`] where it does not get there.
    pub async fn run(self) -> Result<(), StoreError> {
        self.store.put(self.place, &self.run).await
    }
}

impl Keeper {
    /// Opens the store, takes a place in it that no other tab has, and reads the run that is `wanted`.
    pub async fn open(wanted: impl Fn(&SavedRun) -> bool) -> (Self, Found) {
        match Store::open().await {
            Ok(store) => Self::with(store, wanted).await,
            Err(why) => (Self::default(), Found { told: vec![format!("This run will not survive a reload: {why}.")], ..Found::default() }),
        }
    }

    async fn with(store: Store, wanted: impl Fn(&SavedRun) -> bool) -> (Self, Found) {
        let (mut found, mut runs) = (Found::default(), Vec::new());
        if let Err(why) = store.migrate().await {
            found.told.push(format!(
                "The run that an earlier version of this page has kept was not taken over: {why}. It is still in the browser's store."
            ));
        }
        for place in 0..store::PLACES {
            runs.push(match store.run(place).await {
                Ok(Some(Ok(run))) => Some(run),
                Ok(Some(Err(why))) => {
                    found.told.push(aside_words("A kept run", &why));
                    if let Err(why) = store.set_run_aside(place).await {
                        found.told.push(format!("It could not be set aside: {why}."));
                    }
                    None
                }
                Ok(None) => None,
                Err(why) => {
                    found.told.push(format!("This run will not survive a reload: {why}."));
                    return (Self::default(), found);
                }
            });
        }
        found.own = match store.own().await {
            Ok(Some(Ok(own))) => Some(own),
            Ok(Some(Err(why))) => {
                found.told.push(aside_words("Your kept images", &why));
                let _ = store.set_own_aside().await;
                None
            }
            _ => None,
        };
        let own =
            session().and_then(|s| s.get_item(PLACE).ok().flatten()).and_then(|place| place.parse().ok()).filter(|p| *p < store::PLACES);
        let mut place = None;
        for wish in to_resume(own, &runs, wanted) {
            if take(wish, own == Some(wish)).await {
                place = Some(wish);
                found.run = match store.weights(wish).await {
                    Ok(Some(file)) => runs[wish].take().map(|run| SavedRun { file, ..run }),
                    Ok(None) | Err(_) => {
                        found.told.push(aside_words("A kept run", "its weights are gone"));
                        let _ = store.set_run_aside(wish).await;
                        None
                    }
                };
                break;
            }
        }
        // Not over a run that is there, as long as there is another place.
        for wish in to_fill(&runs) {
            if place.is_none() && take(wish, false).await {
                place = Some(wish);
            }
        }
        let Some(place) = place else {
            found.told.push(format!("{} other tabs keep their runs: that of this one will not survive a reload.", store::PLACES));
            return (Self::default(), found);
        };
        if let Some(session) = session() {
            // Where it is refused, the newest run is taken.
            let _ = session.set_item(PLACE, &place.to_string());
        }
        if found.run.is_some() || own == Some(place) {
            found.page = store.page(place).await.ok().flatten();
        }
        (Self { store: Some(Rc::new(store)), place, last: found.run.clone(), ..Self::default() }, found)
    }

    /// What did not get into the store: a sentence, the first time.
    pub fn fail(&mut self, what: Kept, why: &StoreError) -> Option<String> {
        if self.told.contains(&what) {
            return None;
        }
        self.told.push(what);
        let goes_on = if matches!(what, Kept::Run | Kept::Moments) { " Training goes on." } else { "" };
        Some(format!("{}: {why}.{goes_on}", what.words()))
    }

    pub fn place(&self) -> usize {
        self.place
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
        Some(Writing { store: self.store.clone()?, place: self.place, run })
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
        newest
            .copied()
            .find(|step| !self.places[..room].contains(&Some(*step)))
            .filter(|_| self.store.is_some() && !self.told.contains(&Kept::Moments))
    }

    fn room(&self, size_bytes: usize) -> usize {
        (BYTES_LIMIT / size_bytes.max(1)).min(PLACES)
    }

    /// A moment has come as a file: its place, and where to write it. It takes the place of one that is not kept any
    /// more, or of the oldest.
    pub fn take_moment(&mut self, step: u32, file: Vec<u8>, moments: &[u32]) -> Option<(Rc<Store>, usize, SavedMoment)> {
        let room = self.room(file.len());
        let store = self.store.clone()?;
        let newest: Vec<u32> = moments.iter().rev().take(room).copied().collect();
        let gone = |held: &Option<u32>| held.is_none_or(|step| !newest.contains(&step));
        let place = self.places[..room].iter().position(gone)?;
        self.places[place] = Some(step);
        Some((store, place, SavedMoment { born: self.born, step, file }))
    }

    pub fn store(&self) -> Option<Rc<Store>> {
        self.store.clone()
    }

    pub fn last(&self) -> Option<SavedRun> {
        self.last.clone()
    }
}

/// Takes a place for this tab; its own after a reload, when the page before may still be about to let go.
async fn take(place: usize, own: bool) -> bool {
    for _ in 0..if own { TRIES } else { 1 } {
        if claim(&format!("kernelscope-run-{place}")).await {
            return true;
        }
        frame::wait(TRY_MS).await;
    }
    false
}

fn aside_words(what: &str, why: &str) -> String {
    format!("{what} cannot be used: {why}. Nothing was deleted: it was set aside in the browser's store.")
}

fn session() -> Option<web_sys::Storage> {
    window()?.session_storage().ok().flatten()
}

/// Asks for checkpoints from time to time, and when the page is put away.
pub fn schedule(lab: Lab) {
    let playing = move || lab.state.phase.get_untracked() == Phase::Playing;
    if let Some(interval) = Interval::new(PERIOD_MS, move || {
        if playing() {
            lab.keep();
        }
        lab.keep_page();
    }) {
        interval.keep();
    }
    if let Some(document) = document() {
        let page = document.clone();
        Listener::new(&document, "visibilitychange", move |_| {
            if page.hidden() {
                lab.keep();
                lab.keep_page();
            } else {
                // Another tab may have added to them meanwhile.
                lab.recall_runs();
            }
        })
        .keep();
    }
}
