//! Which of the views is shown, and what it is set with.

use crate::reaction::live;
use leptos::prelude::*;

use super::{bars, cell, filters::ANGLES, parts};
use crate::learn::{controls, desk::Desk};

const CELLS: [(&str, &str); ANGLES] = [
    ("0", "0° (flat)"),
    ("1", "22.5°"),
    ("2", "45°"),
    ("3", "67.5°"),
    ("4", "90° (upright)"),
    ("5", "112.5°"),
    ("6", "135°"),
    ("7", "157.5°"),
];

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "tuning" => bars::tuning(desk),
        "bank" => cell::bank_view(desk),
        "moving" => bars::moving(desk),
        "parts" => parts::view(desk),
        _ => cell::view(desk),
    };
    let set = move || (!desk.printed).then(|| set_with(desk, &show.get()));
    view! { {live(shown)} {live(set)} }.into_any()
}

fn set_with(desk: Desk, show: &str) -> AnyView {
    let cell = || controls::select(desk, "cell", "The cell prefers", CELLS.to_vec());
    let inner = match show {
        "tuning" => view! { {controls::slider(desk, "bar", "Angle of the bar", 0, 180_usize)} {cell()} }.into_any(),
        "moving" => controls::slider(desk, "place", "Place (6: middle)", 0, 2 * bars::MOST),
        "bank" | "parts" => ().into_any(),
        _ => cell(),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}
