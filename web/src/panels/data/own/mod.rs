//! Images of one's own: where they come from, what is kept of them, how many there are.

mod camera;
mod candidates;
mod intake;
mod kept;

use engine::SettingKind;
use leptos::prelude::*;
use protocol::Selection;

use crate::{reaction::live, state::app};
use candidates::Candidates;

pub fn view() -> AnyView {
    let state = app();
    let candidates = Candidates::new();
    intake::take_offered(candidates);
    let SettingKind::Count { least, most } = Selection::REPEAT.kind else { return ().into_any() };
    let repeat = move |event| {
        if let Ok(times) = event_target_value(&event).parse::<u32>() {
            state.draft.update(|d| d.train.selection.repeat = times.clamp(least, most));
        }
    };
    // The run trains on what there was when it began.
    let later = move || {
        let trained = state.own.trained.get()?;
        (trained != state.own.tick.get())
            .then_some("The run goes on with the images that it began with. “Train from the start” takes up the change.")
    };
    view! {
        <section class="data-own" aria-label="Your images">
            <h3>"Your images"</h3>
            <p class="data-own-about">"Framed as a drawing is, and kept in this browser alone. A drawing is kept from the pad."</p>
            <div class="own-sources">
                {intake::view(candidates)}
                {camera::view(candidates)}
            </div>
            <p class="data-own-told" role="status" data-testid="own-told" class:wrong=move || state.own.told.with(|t| t.as_ref().is_some_and(|t| !t.0))>
                {move || state.own.told.with(|t| t.as_ref().map(|(_, words)| words.clone()))}
            </p>
            {candidates::view(candidates)}
            {kept::view()}
            <label class="own-count" title="A share of every batch follows from the counts">"Each comes"
                <input class="number" type="number" min=least.to_string() max=most.to_string() data-testid="select-repeat"
                    prop:value=move || state.draft.with(|d| d.train.selection.repeat).to_string() on:change=repeat/>
                "times in an epoch"
            </label>
            <p class="data-own-about">{live(later)}</p>
        </section>
    }
    .into_any()
}
