//! Which tabs are open.

use leptos::prelude::*;

use super::url;
use crate::{
    dom::document,
    panels::{self, Place},
};

/// What a link calls all monitors.
const ALL: &str = "all";

/// Slugs of panels; at first the one that the link names, or the first of the list.
#[derive(Clone, Copy, Debug)]
pub struct Tabs {
    pub monitor: RwSignal<&'static str>,
    pub bench: RwSignal<&'static str>,
    /// The monitors have most of the page.
    pub wide: RwSignal<bool>,
    /// All monitors are open, side by side.
    pub all: RwSignal<bool>,
}

impl Tabs {
    pub fn new() -> Self {
        let named = url::page_value("panel");
        let first = |place: Place| {
            let asked = panels::at(place).find(|p| Some(p.slug) == named.as_deref());
            RwSignal::new(asked.or_else(|| panels::at(place).next()).map_or("", |p| p.slug))
        };
        Self {
            monitor: first(Place::Monitor),
            bench: first(Place::Bench),
            wide: RwSignal::new(false),
            all: RwSignal::new(named.as_deref() == Some(ALL)),
        }
    }

    /// Brings a monitor before the user's eyes.
    pub fn show(&self, slug: &'static str) {
        self.monitor.set(slug);
        let there = self.all.get_untracked().then(|| document().and_then(|d| d.get_element_by_id(&format!("wall-{slug}"))));
        if let Some(title) = there.flatten() {
            title.scroll_into_view();
        }
    }
}
