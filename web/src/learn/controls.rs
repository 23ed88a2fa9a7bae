//! What a figure is set with. A control that the link hides, and any on paper, is not there.

use leptos::prelude::*;

use super::{desk::Desk, grid::written};

/// One of several values: buttons side by side.
pub fn choice(desk: Desk, key: &'static str, label: &'static str, options: &'static [(&'static str, &'static str)]) -> AnyView {
    if desk.hides(key) {
        return ().into_any();
    }
    let held = desk.text(key);
    let option = move |(value, name): &'static (&'static str, &'static str)| {
        view! {
            <button role="radio" data-testid=format!("{key}-{value}") aria-checked=move || held.with(|h| h == value).to_string() on:click=move |_| desk.set(key, value)>{*name}</button>
        }
        .into_any()
    };
    view! {
        <div class="control"><span class="control-label">{label}</span>
            <span class="choice" role="radiogroup" aria-label=label>{options.iter().map(option).collect_view()}</span></div>
    }
    .into_any()
}

/// One of many values: a list that opens.
pub fn select(desk: Desk, key: &'static str, label: &'static str, options: Vec<(&'static str, &'static str)>) -> AnyView {
    if desk.hides(key) {
        return ().into_any();
    }
    let held = desk.text(key);
    let option = move |(value, name): (&'static str, &'static str)| {
        view! { <option value=value selected=move || held.with(|h| h == value)>{name}</option> }.into_any()
    };
    view! {
        <label class="control"><span class="control-label">{label}</span>
            <select data-testid=key prop:value=move || held.get() on:change=move |event| desk.set(key, event_target_value(&event))>
                {options.into_iter().map(option).collect_view()}
            </select></label>
    }
    .into_any()
}

/// A whole number.
pub fn slider(desk: Desk, key: &'static str, label: &'static str, least: usize, most: impl Into<Signal<usize>>) -> AnyView {
    if desk.hides(key) {
        return ().into_any();
    }
    let (held, most) = (desk.count(key), most.into());
    let fill = move || {
        let share = held.get().saturating_sub(least) as f64 / most.get().saturating_sub(least).max(1) as f64;
        format!("--fill: {}%", 100.0 * share)
    };
    let shown = move || {
        // Set again where there is more room: a browser keeps no value beyond the end.
        most.track();
        held.get().to_string()
    };
    view! {
        <label class="slider control-slider">
            <span class="slider-label">{label}</span>
            <input type="range" min=least max=move || most.get() step="1" prop:value=shown style=fill data-testid=key
                on:input=move |event| desk.set(key, event_target_value(&event))/>
            <output class="slider-reading number">{move || held.get()}</output>
        </label>
    }
    .into_any()
}

/// On or off.
pub fn switch(desk: Desk, key: &'static str, label: &'static str) -> AnyView {
    if desk.hides(key) {
        return ().into_any();
    }
    let on = desk.is_on(key);
    view! {
        <label class="switch control-switch">
            <input type="checkbox" role="switch" data-testid=key prop:checked=move || on.get() on:change=move |event| desk.set(key, u8::from(event_target_checked(&event)))/>
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// A number between two others, in tenths.
pub fn tenths(desk: Desk, key: &'static str, label: &'static str, least: f32, most: f32) -> AnyView {
    if desk.hides(key) {
        return ().into_any();
    }
    let held = desk.number(key);
    let fill = move || format!("--fill: {}%", 100.0 * ((held.get() - least) / (most - least)).clamp(0.0, 1.0));
    view! {
        <label class="slider control-slider">
            <span class="slider-label">{label}</span>
            <input type="range" min=least max=most step="0.1" prop:value=move || held.get().to_string() style=fill data-testid=key
                on:input=move |event| desk.set(key, event_target_value(&event))/>
            <output class="slider-reading number">{move || written(held.get(), 1)}</output>
        </label>
    }
    .into_any()
}
