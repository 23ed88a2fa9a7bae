//! A piece of a figure with its name above it.

use leptos::prelude::*;

use super::desk::Desk;

/// Lit where the step or a word says `mark`, whose colour the name has.
pub fn part(
    desk: Desk,
    mark: &'static str,
    title: impl Into<Signal<String>>,
    detail: impl Into<Signal<String>>,
    inner: AnyView,
) -> AnyView {
    let (title, detail): (Signal<String>, Signal<String>) = (title.into(), detail.into());
    view! {
        <figure class=format!("figure-part of-{mark}") class:lit=move || desk.is_lit(mark)>
            <figcaption><b class=format!("name-{mark}")>{move || title.get()}</b><span class="number">{move || detail.get()}</span></figcaption>
            {inner}
        </figure>
    }
    .into_any()
}
