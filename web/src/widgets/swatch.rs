//! How a run is drawn in the charts: its colour, its dashes and its number.

use figures::{Theme, ghost};
use leptos::prelude::*;

/// The number is what those see who do not tell the colours apart.
pub fn swatch(slot: u32, theme: Theme) -> AnyView {
    let (colour, dashes) = ghost::look(slot, theme);
    let dashes = dashes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    view! {
        <svg class="swatch" viewBox="0 0 30 8" width="30" height="8" aria-hidden="true">
            <line x1="0" y1="4" x2="30" y2="4" stroke=colour.to_string() stroke-width="2" stroke-dasharray=dashes></line>
        </svg>
        <b class="number swatch-number">{slot + 1}</b>
    }
    .into_any()
}
