//! The data set: its classes, their means and balance, and every digit.

mod choice;
mod classes;
mod grid;
mod own;
mod source;

use leptos::prelude::*;

use crate::reaction::effect;

use super::{Panel, Place};
use crate::state::{app, lab};
use choice::Choice;

pub const PANEL: Panel =
    Panel { slug: "data", title: "Data", place: Place::Bench, view: || view! { <Data/> }.into_any(), style: include_str!("style.css") };

#[component]
fn Data() -> impl IntoView {
    let (state, lab) = (app(), lab());
    let choice = Choice::new();
    effect(move || {
        // Again with every file that arrives, until all are there.
        state.arrived.track();
        state.run.track();
        lab.browse();
    });
    // Validation and test digits come last, and tell nothing of it themselves.
    effect(move || {
        state.catalogue.tick.track();
        if !state.catalogue.is_whole() {
            crate::dom::frame::after(700, move || lab.browse());
        }
    });
    let with_own = Memo::new(move |_| state.draft.with(|d| d.train.data.has_own()));
    view! {
        {source::view()}
        {move || with_own.get().then(own::view)}
        <div class="data-panes">
            <classes::Classes choice/>
            <div class="data-digits">
                {choice::view(choice)}
                <grid::Grid choice/>
            </div>
        </div>

    }
}
