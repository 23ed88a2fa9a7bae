//! What the network makes of the sample: one bar per class.

use data::CLASSES;
use leptos::prelude::*;

use super::{Panel, Place};
use crate::{
    reaction::live,
    state::{Origin, app, class_names::ClassNames},
};

pub const PANEL: Panel = Panel {
    slug: "answers",
    title: "Answer",
    place: Place::Page,
    view: || view! { <Answers/> }.into_any(),
    style: include_str!("style.css"),
};

/// The likeliest class and its probability.
fn best(probabilities: &[f32]) -> Option<(usize, f32)> {
    probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
}

#[component]
fn Answers() -> impl IntoView {
    let state = app();
    let top = Memo::new(move |_| state.probabilities.with(|p| best(p).map(|(class, _)| class)));
    let truth = Memo::new(move |_| {
        state.sample.with(|s| match &s.origin {
            Origin::Digit(picked) => Some(usize::from(picked.label)),
            _ => None,
        })
    });
    let words = move || {
        state.probabilities.with(|p| match best(p) {
            Some((class, share)) => format!(
                "The network reads {}, with a probability of {:.0} percent.",
                state.classes.with(|names| names.with_article(class)),
                share * 100.0
            ),
            None => "No answer yet.".to_owned(),
        })
    };
    let row = move |class: usize| {
        let share = Memo::new(move |_| state.probabilities.with(|p| p.get(class).copied().unwrap_or(0.0)));
        // Steps of a thousandth: what cannot be seen need not be drawn.
        let bar = Memo::new(move |_| (share.get() * 1000.0).round() as u32);
        view! {
            <li class="answers-row" class:top=move || top.get() == Some(class) class:truth=move || truth.get() == Some(class)
                style=format!("--class: var(--class-{class}); --class-text: var(--class-text-{class})") data-testid=format!("class-{class}")>
                <span class="answers-digit number">{move || state.class_name(class)}</span>
                <span class="answers-track"><i style:transform=move || format!("scaleX({})", f64::from(bar.get()) / 1000.0)></i></span>
                <span class="answers-share number">{move || format!("{:.1}", f64::from(bar.get()) / 10.0)}</span>
            </li>
        }
    };
    view! {
        <p class="answers-verdict" class:wordy=move || state.classes.with(ClassNames::is_wordy) data-testid="verdict">
            <span class="answers-big number" style=move || top.get().map_or_else(String::new, |c| format!("color: var(--class-text-{c})")) data-testid="answer">
                {move || top.get().map_or_else(|| "·".to_owned(), |c| state.class_name(c))}
            </span>
            <span class="answers-note">
                {move || match (top.get(), truth.get()) {
                    (Some(a), Some(b)) if a == b => "right".to_owned(),
                    (Some(_), Some(b)) => format!("it is {}", state.classes.with(|names| names.with_article(b))),
                    (Some(_), None) => "your drawing".to_owned(),
                    _ => "no answer yet".to_owned(),
                }}
            </span>
        </p>
        <ol class="answers-list" class:wordy=move || state.classes.with(ClassNames::is_wordy) aria-hidden="true">{(0..CLASSES).map(row).collect_view()}</ol>
        <p class="sr-only" data-testid="answer-words">{live(words)}</p>
    }
}
