//! A labelled slider over a list of positions; what a position means is the caller's business.

use leptos::prelude::*;

/// `position` counts from 0 to `last`.
#[component]
pub fn Slider(
    label: &'static str,
    testid: &'static str,
    #[prop(into)] last: Signal<u32>,
    #[prop(into)] position: Signal<u32>,
    /// What the position means, in words; shown and read out.
    #[prop(into)]
    reading: Signal<String>,
    on_move: impl Fn(u32) + 'static,
) -> impl IntoView {
    let fill = move || format!("--fill: {}%", f64::from(position.get()) * 100.0 / f64::from(last.get().max(1)));
    view! {
        <label class="slider">
            <span class="slider-label">{label}</span>
            <input
                type="range"
                min="0"
                max=move || last.get()
                step="1"
                prop:value=move || {
                    // Set again where there is more room: a browser keeps no value beyond the end.
                    last.track();
                    position.get().to_string()
                }
                style=fill
                data-testid=testid
                aria-valuetext=move || reading.get()
                on:input=move |event| {
                    if let Ok(position) = event_target_value(&event).parse() {
                        on_move(position);
                    }
                }
            />
            <output class="slider-reading number">{move || reading.get()}</output>
        </label>
    }
}
