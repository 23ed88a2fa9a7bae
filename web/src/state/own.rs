//! Images of one's own: what is kept in this browser to train on.

use data::{CLASSES, OwnImages};
use leptos::prelude::*;

use super::events::bump;

/// Read the images when `tick` changes.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    images: StoredValue<OwnImages>,
    pub tick: RwSignal<u32>,
    /// What the next drawing is kept as.
    pub label: RwSignal<u8>,
    /// `tick` when the open run began, where it trains on them.
    pub trained: RwSignal<Option<u32>>,
    /// Files that were dropped on the page, until they are read.
    pub offered: RwSignal<Vec<web_sys::File>, LocalStorage>,
    /// What became of the last thing that was asked: true where it was done.
    pub told: RwSignal<Option<(bool, String)>>,
}

impl Own {
    pub fn new() -> Self {
        Self {
            images: StoredValue::new(OwnImages::default()),
            tick: RwSignal::new(0),
            label: RwSignal::new(0),
            trained: RwSignal::new(None),
            offered: RwSignal::new_local(Vec::new()),
            told: RwSignal::new(None),
        }
    }

    pub fn with<T>(&self, read: impl FnOnce(&OwnImages) -> T) -> T {
        self.images.with_value(read)
    }

    pub fn update<T>(&self, change: impl FnOnce(&mut OwnImages) -> T) -> Option<T> {
        let done = self.images.try_update_value(change);
        bump(self.tick);
        done
    }

    /// How many there are of each class.
    pub fn counts(&self) -> [usize; CLASSES] {
        self.tick.track();
        self.with(|own| own.images.class_counts())
    }

    pub fn len(&self) -> usize {
        self.tick.track();
        self.with(OwnImages::len)
    }
}
