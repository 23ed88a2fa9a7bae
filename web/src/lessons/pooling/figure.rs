//! Which of the views is shown, and what it is set with.

use leptos::prelude::*;

use super::{kinds::Kind, shift, strided, window};
use crate::learn::{controls, desk::Desk};

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "shift" => shift::view(desk),
        "strided" => strided::view(desk),
        _ => window::view(desk),
    };
    let kind = desk.text("kind");
    view! { {shown} {move || set_with(desk, &show.get(), Kind::of(&kind.get()))} }.into_any()
}

fn set_with(desk: Desk, show: &str, kind: Kind) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let inner = match show {
        "shift" => view! {
            {controls::slider(desk, "dx", "Moved by", 0, shift::MOST)}
            {controls::slider(desk, "size", "Window", 2, 14)}
        }
        .into_any(),
        "strided" => controls::slider(desk, "channels", "Channels", 1, 64),
        _ => view! {
            {controls::select(desk, "kind", "Pooling", Kind::NAMES.to_vec())}
            {kind.has_window().then(|| controls::slider(desk, "size", "Window", 2, 6))}
            {(kind == Kind::Lp).then(|| controls::slider(desk, "power", "Power p", 1, 8))}
            {kind.has_extent().then(|| controls::slider(desk, "to", "Output", 1, 11))}
            {kind.is_drawn().then(|| controls::slider(desk, "draw", "Draw", 0, 20))}
        }
        .into_any(),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}
