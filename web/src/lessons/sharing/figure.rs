//! Which of the three views is shown, and what it is set with.

use leptos::prelude::*;

use super::{growth, layers::Kind, shift, wires};
use crate::learn::{controls, desk::Desk};

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "growth" => growth::view(desk),
        "shift" => shift::view(desk),
        _ => wires::view(desk),
    };
    view! { {shown} {move || set_with(desk, &show.get())} }.into_any()
}

fn set_with(desk: Desk, show: &str) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let inner = match show {
        "growth" => controls::slider(desk, "side", "Side of the image", 4, growth::MOST),
        "shift" => view! {
            {controls::choice(desk, "kind", "Layer", shift::KINDS)}
            {controls::slider(desk, "dx", "Right", 0, shift::MOST)}
            {controls::slider(desk, "dy", "Down", 0, shift::MOST)}
        }
        .into_any(),
        _ => controls::choice(desk, "kind", "Weights", Kind::NAMES),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}
