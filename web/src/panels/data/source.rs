//! What the next run trains on.

use data::Source;
use leptos::prelude::*;
use protocol::regime::Word;

use crate::state::{app, own::Own};

fn title(source: Source) -> &'static str {
    match source {
        Source::Digits => "Digits",
        Source::Shapes => "Shapes",
        Source::Own => "Your images",
        Source::DigitsAndOwn => "Digits + yours",
    }
}

fn about(source: Source, own: &Own) -> String {
    match source {
        Source::Digits => "MNIST: 70,000 handwritten digits.".to_owned(),
        Source::Shapes => "Ten kinds of figures, drawn here by our own generator; as many as MNIST has digits.".to_owned(),
        Source::Own | Source::DigitsAndOwn if own.len() == 0 => {
            "Keep some images first: from files, a sheet, the camera, or drawn on the pad.".to_owned()
        }
        Source::Own => "Only what you have kept. Of ten images eight train, one validates and one tests.".to_owned(),
        Source::DigitsAndOwn => format!(
            "MNIST, and beside it what you have kept: {} of 70,000. Of ten of your images eight train, one validates and one tests.",
            own.len()
        ),
    }
}

pub fn view() -> AnyView {
    let state = app();
    let draft = state.draft;
    let chosen = Memo::new(move |_| draft.with(|d| d.train.data));
    let waits = move || chosen.get() != state.spec.with(|s| s.train.data);
    let choose = move |source: Source| {
        draft.update(|d| {
            d.train.data = source;
            let selection = &mut d.train.selection;
            let usual = protocol::Selection::default();
            // What does not go with the set.
            if source.has_own() { selection.validation = usual.validation } else { selection.repeat = usual.repeat }
        });
    };
    let sources = Source::ALL.map(|source| {
        view! {
            <button role="radio" data-testid=format!("data-source-{}", source.word()) aria-checked=move || (chosen.get() == source).to_string()
                on:click=move |_| choose(source)>{title(source)}</button>
        }
    });
    view! {
        <section class="data-source">
            <div class="choice" role="radiogroup" aria-label="Train on">{sources}</div>
            <p data-testid="data-about">
                {move || about(chosen.get(), &state.own)}
                {move || waits().then(|| view! { <span class="data-waits">" “Train from the start”, below, begins a run on it."</span> })}
            </p>
        </section>
    }
    .into_any()
}
