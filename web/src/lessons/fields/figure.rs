//! Which of the views is shown, and what it is set with.

use crate::reaction::live;
use leptos::prelude::*;

use super::{compare, effective, tower, training};
use crate::learn::{controls, desk::Desk};

/// Places to begin from.
const STACKS: [(&str, &str); 6] = [
    ("c3.1.1,c3.1.1,c3.1.1", "three 3×3"),
    ("c7.1.1", "one 7×7"),
    ("c3.1.1,c3.2.1,c3.1.1", "stride 2 in the second"),
    ("c3.1.1,p2.2.1,c3.1.1,p2.2.1", "convolution, pooling, twice"),
    ("c3.1.1,c3.1.2,c3.1.4", "dilation 1, 2, 4"),
    ("c3.2.1,c3.2.1,c3.2.1", "stride 2 three times"),
];

pub fn view(desk: Desk) -> AnyView {
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "compare" => compare::view(desk),
        "measure" => effective::view(desk),
        "train" => training::view(desk),
        _ => tower::view(desk),
    };
    let set = move || (!desk.printed).then(|| set_with(desk, &show.get()));
    view! { {live(shown)} {live(set)} }.into_any()
}

fn set_with(desk: Desk, show: &str) -> AnyView {
    let inner = match show {
        "compare" => controls::slider(desk, "depth", "Convolutions", 1, 3_usize),
        "measure" => view! {
            {controls::slider(desk, "depth", "Layers of 3×3", 1, effective::MOST)}
            {controls::choice(desk, "weights", "Weights", &[("equal", "all equal"), ("random", "random"), ("relu", "with ReLU")])}
            {others(desk)}
        }
        .into_any(),
        "train" => ().into_any(),
        _ => view! {
            {presets(desk)}
            {controls::switch(desk, "padded", "Padding that keeps the size")}
        }
        .into_any(),
    };
    view! { <div class="figure-controls">{inner}</div> }.into_any()
}

/// One of the stacks above, or what has become of it.
fn presets(desk: Desk) -> AnyView {
    if desk.hides("stack") {
        return ().into_any();
    }
    let held = desk.text("stack");
    let own = Memo::new(move |_| STACKS.iter().all(|(stack, _)| held.with(|h| h != stack)));
    let option = move |(stack, name): (&'static str, &'static str)| {
        view! { <option value=stack selected=move || held.with(|h| h == stack)>{name}</option> }.into_any()
    };
    let shown = move || if own.get() { String::new() } else { held.get() };
    let choose = move |event: web_sys::Event| {
        let stack = event_target_value(&event);
        if !stack.is_empty() {
            desk.set("stack", stack);
        }
    };
    view! {
        <label class="control"><span class="control-label">"Stack"</span>
            <select data-testid="stack" prop:value=shown on:change=choose>
                <option value="" disabled=true selected=move || own.get()>"as in the table"</option>
                {STACKS.map(option).collect_view()}
            </select></label>
    }
    .into_any()
}

fn others(desk: Desk) -> AnyView {
    if desk.hides("seed") {
        return ().into_any();
    }
    let equal = move || desk.settings.with(|s| s.get("weights") == "equal");
    let next = move |_| desk.set("seed", desk.settings.with_untracked(|s| s.count("seed") % 99 + 1));
    view! { <button class="quiet" data-testid="others" disabled=equal on:click=next>"Draw other weights"</button> }.into_any()
}
