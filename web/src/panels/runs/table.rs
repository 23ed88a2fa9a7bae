//! The run of the page and earlier ones, sorted by any column.

use std::cmp::Ordering;

use leptos::prelude::*;
use protocol::Record;

use super::columns::{COLUMNS, Column};
use crate::{
    dom::frame::Interval,
    state::{AppState, lab},
    widgets::{
        icon::{Glyph, Icon},
        swatch::swatch,
    },
};

/// Between two looks at the run that goes on.
const PERIOD_MS: i32 = 1_000;

/// Column and whether the largest comes first; without one the newest comes first.
type Order = Option<(usize, bool)>;

pub fn view(state: AppState, at_race: RwSignal<bool>) -> AnyView {
    let order = RwSignal::<Order>::new(None);
    let tick = RwSignal::new(0_u32);
    // Gone with the panel, and with it the looks.
    let interval = StoredValue::new_local(Interval::new(PERIOD_MS, move || {
        let _ = tick.try_update(|t| *t = t.wrapping_add(1));
    }));
    on_cleanup(move || interval.dispose());
    let now = move || {
        tick.track();
        state.run.track();
        state.phase.track();
        state.spec.track();
        state.runs.list.track();
        state.scores.track();
        now_row(state)
    };
    let rows = move || {
        let mut list = state.runs.list.get();
        list.reverse();
        if let Some((column, down)) = order.get() {
            engine::order::sort_by(&mut list, |a, b| compare(&COLUMNS[column], a, b, down));
        }
        list.iter().map(|record| row(state, record)).collect::<Vec<AnyView>>()
    };
    let none = Memo::new(move |_| state.runs.list.with(Vec::is_empty));
    view! {
        <div class="runs-scroll" tabindex="0" role="group" aria-label="Runs">
            <table class="runs-table" data-testid="runs-table">
                <thead><tr>
                    <th scope="col">"Run"</th>
                    <th scope="col" title="What it had otherwise than the run before it; in a race, than the first contestant">"What differed"</th>
                    {COLUMNS.iter().enumerate().map(|(i, column)| head(i, column, order)).collect_view()}
                </tr></thead>
                <tbody>{now}{rows}</tbody>
            </table>
            <Show when=move || none.get()>
                <p class="runs-none">"Start again with other settings, another network or another seed: the run so far stays here, and as a dashed curve behind the new one. "
                    <button class="runs-link" data-testid="runs-to-race" on:click=move |_| at_race.set(true)>"Or let several networks race"</button>"."</p>
            </Show>
        </div>
    }
    .into_any()
}

fn compare(column: &Column, a: &Record, b: &Record, down: bool) -> Ordering {
    match ((column.value)(a), (column.value)(b)) {
        (Some(a), Some(b)) if down => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        // What is not known comes last, either way.
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn head(place: usize, column: &'static Column, order: RwSignal<Order>) -> AnyView {
    let sorted = move || match order.get() {
        Some((at, down)) if at == place => {
            if down {
                "descending"
            } else {
                "ascending"
            }
        }
        _ => "none",
    };
    let arrow = move || match sorted() {
        "descending" => " ↓",
        "ascending" => " ↑",
        _ => "",
    };
    // First the best on top, then the worst, then by age again.
    let press = move |_| {
        order.update(|order| {
            *order = match *order {
                Some((at, down)) if at == place && down == column.is_gain => Some((place, !down)),
                Some((at, _)) if at == place => None,
                _ => Some((place, column.is_gain)),
            }
        });
    };
    view! {
        <th scope="col" class="runs-number" aria-sort=sorted>
            <button title=column.about data-testid=format!("runs-sort-{}", column.slug) on:click=press>{column.title}{arrow}</button>
        </th>
    }
    .into_any()
}

fn cells(record: &Record) -> AnyView {
    let cells: Vec<AnyView> =
        COLUMNS.iter().map(|c| view! { <td class="runs-number number" data-column=c.slug>{c.text(record)}</td> }.into_any()).collect();
    view! { {cells} }.into_any()
}

fn now_row(state: AppState) -> AnyView {
    let record = state.record_now();
    view! {
        <tr class="runs-now" data-testid="run-now">
            <th scope="row"><span class="runs-own" aria-hidden="true"></span>{record.name.clone()}<small>" now"</small></th>
            <td class="runs-line">{record.difference.clone()}</td>
            {cells(&record)}
        </tr>
    }
    .into_any()
}

fn row(state: AppState, record: &Record) -> AnyView {
    let slot = record.slot;
    let rename = move |event| {
        let name: String = event_target_value(&event).trim().chars().take(60).collect();
        if !name.is_empty() {
            lab().edit_run(slot, |r| r.name = name);
        }
    };
    let name = record.name.clone();
    view! {
        <tr data-testid=format!("run-{}", slot + 1)>
            <th scope="row">
                <div class="runs-cell">
                    <button class="runs-shown" aria-pressed=record.shown.to_string() aria-label=format!("Show run {} behind the curves", slot + 1) title="Show or hide it behind the curves"
                        data-testid=format!("run-show-{}", slot + 1) on:click=move |_| lab().edit_run(slot, |r| r.shown = !r.shown)>{swatch(slot, state.theme.get())}</button>
                    <input class="runs-name" type="text" aria-label=format!("Name of run {}", slot + 1) prop:value=name.clone() value=name data-testid=format!("run-name-{}", slot + 1) on:change=rename/>
                    <button class="quiet" aria-label=format!("Make run {} current", slot + 1) title="Make it current: train this set-up anew; the run so far stays in the table" data-testid=format!("run-repeat-{}", slot + 1) on:click=move |_| lab().repeat(slot)><Icon glyph=Glyph::Reset/></button>
                    <button class="quiet" aria-label=format!("Remove run {}", slot + 1) title="Remove it" data-testid=format!("run-remove-{}", slot + 1) on:click=move |_| lab().forget_run(slot)><Icon glyph=Glyph::Close/></button>
                </div>
            </th>
            <td class="runs-line" title=record.difference.clone()>{record.difference.clone()}</td>
            {cells(record)}
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_comes_last_either_way() {
        let of = |params: u32, slot: u32| Record { params, slot, ..Record::default() };
        let mut list = [of(0, 0), of(5, 1), of(9, 2)];
        list.sort_by(|a, b| compare(&COLUMNS[0], a, b, true));
        assert_eq!(list.each_ref().map(|r| r.slot), [2, 1, 0]);
        list.sort_by(|a, b| compare(&COLUMNS[0], a, b, false));
        assert_eq!(list.each_ref().map(|r| r.slot), [1, 2, 0]);
    }
}
