//! The earlier runs behind the curves: which of them are shown, and what they read at the cursor.

use leptos::prelude::*;
use protocol::{
    Record,
    difference::{SAME, difference},
};

use super::keys::Sight;
use crate::{
    reaction::live,
    state::{AppState, lab},
    widgets::{number, swatch::swatch},
};

pub fn key(state: AppState, sight: RwSignal<Sight>) -> AnyView {
    let runs = state.runs.list;
    let rows = move || {
        let now = state.spec.get();
        let theme = state.theme.get();
        let row = |record: &Record| {
            let line = difference(&record.spec(), &now);
            let changed = if record.notes.is_empty() { "" } else { ", changed on its way" };
            let since = if line == SAME { format!("{SAME} as now{changed}") } else { format!("since then {line}{changed}") };
            (record.slot, record.name.clone(), since, record.shown)
        };
        let rows: Vec<_> = runs.with(|list| list.iter().rev().map(row).collect());
        rows.into_iter().map(|(slot, name, since, shown)| entry(state, sight, slot, &name, since, shown, theme)).collect::<Vec<AnyView>>()
    };
    let any = Memo::new(move |_| runs.with(|list| !list.is_empty()));
    view! {
        <Show when=move || any.get()>
            <div class="curves-key" role="group" aria-label="Earlier runs behind the curves" data-testid="curves-key">{live(rows)}</div>
        </Show>
    }
    .into_any()
}

fn entry(state: AppState, sight: RwSignal<Sight>, slot: u32, name: &str, since: String, shown: bool, theme: figures::Theme) -> AnyView {
    let read = move || {
        let (cursor, by_epoch) = sight.with(|s| (s.cursor, s.by_epoch));
        let value = |record: &Record| record.read(cursor?, by_epoch);
        let (_, loss, accuracy) = state.runs.list.with(|list| list.iter().find(|r| r.slot == slot).filter(|r| r.shown).and_then(value))?;
        Some(format!("loss {}, {}", figures::axis::short(f64::from(loss)), number::percent(f64::from(accuracy))))
    };
    let text = move || read().unwrap_or_else(|| since.clone());
    view! {
        <button class="curves-ghost" aria-pressed=shown.to_string() data-testid=format!("ghost-{}", slot + 1) title="Show or hide this run; rings are its validation results"
            on:click=move |_| lab().edit_run(slot, |r| r.shown = !r.shown)>
            {swatch(slot, theme)}<b>{name.to_owned()}</b><span class="curves-line">{live(text)}</span>
        </button>
    }
    .into_any()
}
