//! Which of the views is shown, and what it is set with.

use leptos::prelude::*;

use super::{collapse, curve, dead, functions::NAMES, sums};
use crate::learn::{controls, desk::Desk};

/// What may stand between two linear layers, or behind one.
const BETWEEN: &[(&str, &str)] = &[("none", "nothing"), ("relu", "ReLU"), ("tanh", "tanh")];
const UNIT: &[(&str, &str)] = &[("relu", "ReLU"), ("leaky", "leaky ReLU"), ("softplus", "softplus")];

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "collapse" => collapse::view(desk),
        "sums" => sums::view(desk),
        "dead" => dead::view(desk),
        _ => curve::view(desk),
    };
    view! { {shown} {move || set_with(desk, &show.get())} }.into_any()
}

fn set_with(desk: Desk, show: &str) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let inner = match show {
        "collapse" => controls::choice(desk, "act", "Between the layers", BETWEEN),
        "sums" => controls::choice(desk, "act", "Behind the kernel", BETWEEN),
        "dead" => view! {
            {controls::choice(desk, "act", "Activation", UNIT)}
            {controls::tenths(desk, "bias", "Bias", dead::LEAST, 0.0)}
        }
        .into_any(),
        _ => view! {
            {controls::select(desk, "act", "Activation", NAMES.to_vec())}
            {controls::tenths(desk, "x", "Input x", -curve::MOST, curve::MOST)}
        }
        .into_any(),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}
