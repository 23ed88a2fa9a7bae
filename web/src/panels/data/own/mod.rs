//! Images of one's own: where they come from, what is kept of them, how many there are.

mod camera;
mod candidates;
mod intake;
mod kept;

use leptos::prelude::*;
use protocol::Selection;

use crate::{
    panels::training::rows::{self, Part},
    state::app,
};
use candidates::Candidates;

pub fn view() -> AnyView {
    let state = app();
    let candidates = Candidates::new();
    let repeat = move || {
        let part = Part { name: "select", of: |d| &d.train.selection, set: |d, s| d.train.selection = s };
        rows::settings(std::slice::from_ref(&Selection::REPEAT), part, &Selection::default(), state.draft)
    };
    // The run trains on what there was when it began.
    let later = move || {
        let trained = state.own.trained.get()?;
        (trained != state.own.tick.get()).then_some("The run goes on with the images that it began with. “Train from the start” takes up the change.")
    };
    view! {
        <section class="data-own" aria-label="Your images">
            <h3>"Your images"</h3>
            <p class="data-own-about">"Framed as a drawing is, and kept in this browser alone. A drawing is kept from the pad."</p>
            {intake::view(candidates)}
            {camera::view(candidates)}
            <p class="data-own-told" role="status" data-testid="own-told" class:wrong=move || state.own.told.with(|t| t.as_ref().is_some_and(|t| !t.0))>
                {move || state.own.told.with(|t| t.as_ref().map(|(_, words)| words.clone()))}
            </p>
            {candidates::view(candidates)}
            {kept::view()}
            <div class="training-rows">{repeat()}</div>
            <p class="data-own-about">{later}</p>
        </section>
    }
    .into_any()
}
