//! The run's past: a slider over the moments that are kept of it.

use leptos::{html, prelude::*};
use web_sys::{KeyboardEvent, PointerEvent};

use crate::{
    state::{Phase, app, lab},
    widgets::number,
};

/// Where a step lies on the track, 0 to 1. Early steps have more room: the kept ones lie closer there.
fn place(step: u32, now: u32) -> f64 {
    (f64::from(step) / f64::from(now.max(1))).min(1.0).sqrt()
}

fn step_at(place: f64, now: u32) -> u32 {
    let place = place.clamp(0.0, 1.0);
    (place * place * f64::from(now)).round() as u32
}

#[component]
pub fn Timeline() -> impl IntoView {
    let state = app();
    let time = state.time;
    let node = NodeRef::<html::Div>::new();
    let shown = move || time.looking.get().unwrap_or_else(|| time.now.get());
    let past = move || time.looking.get().is_some();
    // One path for all marks: they move with every report of progress.
    let marks = move || {
        let now = time.now.get();
        let mark = |step: &u32| format!("M{:.1} 0v10", 1000.0 * place(*step, now));
        time.moments.with(|moments| moments.iter().map(mark).collect::<String>())
    };
    let empty = move || time.moments.with(Vec::is_empty);
    let words = move || match time.looking.get() {
        Some(step) => format!("step {} of {}", number::grouped(u64::from(step)), number::grouped(u64::from(time.now.get()))),
        None => format!("now, step {}", number::grouped(u64::from(time.now.get()))),
    };
    let go = move |event: &PointerEvent| {
        let Some(slider) = node.get_untracked() else { return };
        let bounds = slider.get_bounding_client_rect();
        let at = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0);
        if at > 0.99 {
            lab().look_now();
        } else {
            lab().look_at(step_at(at, time.now.get_untracked()));
        }
    };
    let down = move |event: PointerEvent| {
        if let Some(slider) = node.get_untracked() {
            // Without capture the drag ends at the slider's edge, and still works.
            let _ = slider.set_pointer_capture(event.pointer_id());
        }
        go(&event);
    };
    let drag = move |event: PointerEvent| {
        if event.buttons() & 1 == 1 {
            go(&event);
        }
    };
    let press = move |event: KeyboardEvent| {
        let first = || time.moments.with_untracked(|m| m.first().copied());
        match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => lab().look_by(-1),
            "ArrowRight" | "ArrowUp" => lab().look_by(1),
            "PageDown" => lab().look_by(-8),
            "PageUp" => lab().look_by(8),
            "Home" => {
                if let Some(step) = first() {
                    lab().look_at(step);
                }
            }
            "End" => lab().look_now(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div class="timeline">
            <div class="timeline-slider" class:past=past node_ref=node role="slider" tabindex="0" aria-label="Timeline" data-testid="timeline"
                aria-valuemin="0" aria-valuemax=move || time.now.get() aria-valuenow=shown aria-valuetext=words
                aria-disabled=move || empty().to_string() title="Drag back in time: every panel shows that moment (, and .)"
                on:pointerdown=down on:pointermove=drag on:keydown=press>
                <div class="timeline-track"><i style=move || format!("width: {:.3}%", 100.0 * place(shown(), time.now.get()))></i></div>
                <svg class="timeline-marks" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><path d=marks></path></svg>
                <i class="timeline-thumb" style=move || format!("left: {:.3}%", 100.0 * place(shown(), time.now.get()))></i>
            </div>
            <div class="timeline-words" aria-live="polite">{move || words_view(past(), empty(), words())}</div>
        </div>
    }
}

fn words_view(past: bool, empty: bool, words: String) -> AnyView {
    if !past {
        let waits = app().phase.with(|p| matches!(p, Phase::Starting));
        let hint = if empty || waits { "" } else { "drag back in time" };
        return view! { <span class="timeline-hint">{hint}</span> }.into_any();
    }
    view! {
        <span data-testid="looking"><span class="timeline-long">"You are looking at "</span><b class="number">{words}</b></span>
        <button class="quiet" data-testid="look-now" on:click=move |_| lab().look_now()>"Back to now"</button>
        <button class="quiet" data-testid="resume" title="Train on from this moment; what came after it is dropped" on:click=move |_| lab().resume()>"Resume from here"</button>
        <button class="quiet" data-testid="branch" title="A new run from this moment; the curve so far stays behind it" on:click=move |_| lab().branch()>"Branch from here"</button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_steps() {
        for now in [1, 64, 2_104, 1_000_000] {
            assert_eq!((place(0, now), place(now, now), step_at(0.0, now), step_at(1.0, now)), (0.0, 1.0, 0, now));
            for step in [1, now / 3, now / 2] {
                assert_eq!(step_at(place(step, now), now), step);
            }
        }
        assert_eq!((place(5, 0), step_at(-1.0, 9), step_at(7.0, 9)), (1.0, 0, 9));
    }
}
