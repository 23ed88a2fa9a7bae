//! What the tab shows beside its run, kept across reloads: drawing, draft, view.

use leptos::prelude::*;
use protocol::link;

use super::Lab;
use crate::{
    dom::store::page::SavedPage,
    link::message::{Ask, Which},
    panels::{self, Place},
    state::{
        AppState,
        keep::Kept,
        kept_sample::{self, KeptSample},
        stage::Scale,
    },
};

impl Lab {
    /// Keeps the drawing, the draft and the view, where they are not as they were kept last.
    pub fn keep_page(&self) {
        let state = self.state;
        let differs = state.draft.with_untracked(|d| state.spec.with_untracked(|s| d != s));
        let page = SavedPage {
            drawing: state.pad.strokes.get_value(),
            draft: if differs { state.draft.with_untracked(link::encode) } else { String::new() },
            view: view_of(state).iter().map(|(name, value)| format!("{name}={value}\n")).collect(),
        };
        state.sample.with_untracked(|sample| kept_sample::keep(sample, &page.drawing));
        let news = self.inner.try_update_value(|inner| {
            let store = inner.keeper.store().filter(|_| inner.page != page)?;
            inner.page.clone_from(&page);
            Some((store, inner.keeper.place()))
        });
        let Some((store, place)) = news.flatten() else { return };
        let lab = *self;
        leptos::task::spawn_local(async move {
            if let Err(why) = store.put_page(place, &page).await {
                lab.not_kept(Kept::Page, &why);
            }
        });
    }

    /// What was drawn or picked last, in any tab or lesson; else the first digit of the data set.
    pub(super) fn begin_sample(&self) {
        match kept_sample::read() {
            Some(kept) if !kept.strokes.is_empty() => self.state.pad.restore.set(Some(kept.strokes)),
            Some(KeptSample { digit: Some((picked, image)), .. }) => self.state.sample.update(|sample| sample.pick(picked, image)),
            _ => self.send(Ask::Pick(Which::First)),
        }
    }

    /// What was kept is shown again; what the link says goes before it.
    pub(super) fn put_page_back(&self, page: &SavedPage) {
        let state = self.state;
        self.inner.update_value(|inner| inner.page.clone_from(page));
        // What was drawn or picked later, perhaps in a lesson, is shown already.
        if !page.drawing.is_empty() && kept_sample::read().is_none() {
            state.pad.restore.set(Some(page.drawing.clone()));
        }
        if !page.draft.is_empty() {
            self.inner.update_value(|inner| inner.draft = Some(link::decode(&page.draft).0));
        }
        for (name, value) in pairs(&page.view) {
            show(state, name, value);
        }
    }

    /// The draft of last time, once the run that it was made beside stands ready.
    pub(super) fn put_draft_back(&self) {
        if let Some(draft) = self.inner.try_update_value(|inner| inner.draft.take()).flatten() {
            self.state.draft.set(draft);
        }
    }
}

/// Lines of `name=value`.
fn pairs(view: &str) -> impl Iterator<Item = (&str, &str)> {
    view.lines().filter_map(|line| line.split_once('='))
}

/// Everything about the view that is worth keeping.
fn view_of(state: AppState) -> Vec<(&'static str, String)> {
    let scale = state.stage.scale.get_untracked();
    let (framing, tabs) = (state.sample.with_untracked(|s| s.framing), state.tabs);
    vec![
        ("monitor", tabs.monitor.get_untracked().to_owned()),
        ("bench", tabs.bench.get_untracked().to_owned()),
        ("wide", tabs.wide.get_untracked().to_string()),
        ("all", tabs.all.get_untracked().to_string()),
        ("scale", Scale::ALL.iter().find(|(own, ..)| *own == scale).map_or("", |(_, word, _)| word).to_owned()),
        ("zoom", state.stage.zoom.get_untracked().to_string()),
        ("framing", [framing.crop, framing.scale, framing.centre].map(|on| if on { '1' } else { '0' }).iter().collect()),
        ("label", state.own.label.get_untracked().to_string()),
    ]
}

/// Sets one of them; what is no value of it changes nothing.
fn show(state: AppState, name: &str, value: &str) {
    let slug = |place: Place| panels::at(place).find(|panel| panel.slug == value).map(|panel| panel.slug);
    let asked = crate::state::url::page_value("panel").is_some();
    match name {
        "monitor" if !asked => slug(Place::Monitor).into_iter().for_each(|slug| state.tabs.monitor.set(slug)),
        "bench" if !asked => slug(Place::Bench).into_iter().for_each(|slug| state.tabs.bench.set(slug)),
        "wide" => state.tabs.wide.set(value == "true"),
        "all" if !asked => state.tabs.all.set(value == "true"),
        "scale" => Scale::ALL.iter().filter(|(_, word, _)| *word == value).for_each(|(scale, ..)| state.stage.scale.set(*scale)),
        "zoom" => value.parse().ok().filter(|zoom| (0.1..=16.0).contains(zoom)).into_iter().for_each(|zoom| state.stage.zoom.set(zoom)),
        "framing" => {
            let on = |place: usize| value.as_bytes().get(place) != Some(&b'0');
            state.sample.update(|s| (s.framing.crop, s.framing.scale, s.framing.centre) = (on(0), on(1), on(2)));
        }
        "label" => value.parse().ok().filter(|class| usize::from(*class) < data::CLASSES).into_iter().for_each(|c| state.own.label.set(c)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_lines() {
        let read: Vec<_> = pairs("zoom=1.5\nno line\nscale=layer\n").collect();
        assert_eq!(read, [("zoom", "1.5"), ("scale", "layer")]);
    }
}
