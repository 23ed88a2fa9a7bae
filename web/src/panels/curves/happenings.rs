//! What happened to the run, as marks on its curves: changes of settings, notes, findings of the adviser.

use figures::Plot;
use leptos::prelude::*;

use crate::{dom::image, reaction::live, state::AppState};

/// Marks nearer to each other than this, in CSS pixels, are one.
const NEAR: f64 = 9.0;

/// Every one with its step, oldest first.
pub fn all(state: AppState) -> Vec<(u32, String)> {
    // A change of the rate stands among the notes, as the run took it up.
    let marks = state.monitors.marks.get_untracked().into_iter().filter(|m| !m.what.starts_with("rate ")).map(|m| (m.step, m.what));
    let notes = state.toolbox.notes.get_untracked();
    let notes = notes.iter().map(|n| (n.step, n.sentence().split_once(": ").map_or_else(|| n.what.clone(), |(_, said)| said.to_owned())));
    let advice = state.monitors.advice.get_untracked().into_iter().map(|a| (a.step, a.title));
    let mut all: Vec<_> = marks.chain(notes).chain(advice).collect();
    engine::order::sort_by_key(&mut all, |happened| happened.0);
    all
}

/// A mark over the upper edge of the first plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// From the left, in CSS pixels.
    left: f64,
    top: f64,
    text: String,
}

/// Where the marks lie; `place`: from a step to the horizontal axis.
pub fn spots(state: AppState, plots: &[Plot], place: &dyn Fn(u32) -> f64) -> Vec<Spot> {
    let Some(plot) = plots.first() else { return Vec::new() };
    let ratio = image::device_ratio();
    let mut spots: Vec<Spot> = Vec::new();
    for (step, what) in all(state) {
        let x = place(step);
        if !(plot.window.0..=plot.window.1).contains(&x) {
            continue;
        }
        let text = format!("step {step}: {what}");
        let (left, top) = (plot.pixel_of(x) / ratio, f64::from(plot.top) / ratio);
        match spots.last_mut().filter(|last| left - last.left < NEAR) {
            Some(last) => last.text = format!("{}; {text}", last.text),
            None => spots.push(Spot { left, top, text }),
        }
    }
    spots
}

/// Buttons, so that keys reach them; `told` says what the one at hand means.
pub fn view(spots: RwSignal<Vec<Spot>>, told: RwSignal<Option<String>>) -> AnyView {
    let list = move || {
        let one = |spot: Spot| {
            let (on, off) = (spot.text.clone(), move || told.set(None));
            let say = move || told.set(Some(on.clone()));
            let style = format!("left: {:.0}px; top: {:.0}px", spot.left, spot.top);
            let (pointed, focused) = (say.clone(), say);
            view! {
                <button class="curves-spot" style=style aria-label=spot.text.clone() title=spot.text data-testid="curves-spot"
                    on:pointerenter=move |_| pointed() on:focus=move |_| focused() on:pointerleave=move |_| off() on:blur=move |_| off()></button>
            }
            .into_any()
        };
        spots.get().into_iter().map(one).collect::<Vec<AnyView>>()
    };
    view! { {live(list)} }.into_any()
}
