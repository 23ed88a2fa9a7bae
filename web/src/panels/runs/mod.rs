//! Runs beside each other: a table of this one and earlier ones, and races.

mod columns;
mod race;
mod setup;
mod table;
mod track;

use leptos::prelude::*;
use protocol::{Record, record};

use super::{
    Panel, Place,
    curves::out::{ghost, save, save_svg},
};
use crate::state::{AppState, app};

pub const PANEL: Panel =
    Panel { slug: "runs", title: "Runs", place: Place::Monitor, view: || view! { <Runs/> }.into_any(), style: include_str!("style.css") };

#[component]
fn Runs() -> impl IntoView {
    let state = app();
    let at_race = RwSignal::new(state.runs.race.with_untracked(Option::is_some));
    let choice = move |label: &'static str, testid: &'static str, races: bool| {
        view! {
            <button role="radio" aria-checked=move || (at_race.get() == races).to_string() data-testid=testid on:click=move |_| at_race.set(races)>{label}</button>
        }
    };
    view! {
        <div class="runs-top">
            <div class="choice" role="radiogroup" aria-label="What is shown">
                {choice("Table", "runs-table-tab", false)}
                {choice("Race", "runs-race-tab", true)}
            </div>
            <span class="runs-gap"></span>
            {files(state)}
        </div>
        {move || if at_race.get() { race::view(state) } else { table::view(state, at_race) }}
    }
}

/// The run of the page and all earlier ones, newest first.
fn all(state: AppState) -> Vec<Record> {
    let now = state.record_now();
    let earlier = state.runs.list.get_untracked();
    let own = (now.last.step > 0).then(|| Record { name: format!("{} (now)", now.name), ..now });
    own.into_iter().chain(earlier.into_iter().rev()).collect()
}

fn files(state: AppState) -> AnyView {
    let table = move |_| save(state, "runs.csv", record::table_csv(&all(state)).as_bytes());
    let curves = move |_| save(state, "runs-curves.csv", record::curves_csv(&all(state)).as_bytes());
    let picture = move |_| {
        let ghosts = state.runs.list.with_untracked(|list| list.iter().filter(|r| r.shown).map(ghost).collect());
        let now = state.record_now();
        let own = crate::state::runs::ghost(&now, String::new()).curves;
        let view = figures::View { ghosts, ..figures::View::default() };
        let options = figures::ChartOptions { loss_scale: figures::LossScale::Log, ..figures::ChartOptions::default() };
        save_svg(state, "runs.svg", &super::curves::out::title(state), &own, &options, &view);
    };
    view! {
        <button class="quiet" data-testid="runs-csv" title="Save the table as CSV" on:click=table>"Table CSV"</button>
        <button class="quiet" data-testid="runs-curves-csv" title="Save the curves of all runs as CSV" on:click=curves>"Curves CSV"</button>
        <button class="quiet" data-testid="runs-svg" title="Save the curves of this run and of those that are shown as SVG" on:click=picture>"SVG"</button>
    }
    .into_any()
}
