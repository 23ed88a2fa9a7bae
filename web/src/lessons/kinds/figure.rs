//! Which of the views is shown, and what it is set with.

use leptos::prelude::*;

use super::{cost, layers::Kind, stamp, wires};
use crate::learn::{controls, desk::Desk};

const CHANNELS: [(&str, &str); 6] = [("8", "8"), ("16", "16"), ("32", "32"), ("64", "64"), ("128", "128"), ("256", "256")];

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "stamp" => stamp::view(desk),
        "cost" => cost::view(desk),
        _ => wires::view(desk),
    };
    view! { {shown} {move || set_with(desk, &show.get())} }.into_any()
}

fn set_with(desk: Desk, show: &str) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let inner = match show {
        "stamp" => view! {
            {controls::slider(desk, "size", "Kernel", 1, stamp::MOST)}
            {controls::slider(desk, "stride", "Stride", 1, 3)}
        }
        .into_any(),
        "cost" => view! {
            {controls::select(desk, "channels", "Channels", CHANNELS.to_vec())}
            {controls::slider(desk, "size", "Kernel", 1, 7)}
        }
        .into_any(),
        _ => controls::choice(desk, "kind", "Kind", Kind::NAMES),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}
