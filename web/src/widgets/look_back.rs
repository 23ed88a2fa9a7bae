//! Which probe the monitors show: the newest, or one of the past.

use leptos::prelude::*;
use protocol::Reading;

use super::{number, slider::Slider};
use crate::{reaction::live, state::app};

#[component]
pub fn LookBack() -> impl IntoView {
    let monitors = app().monitors;
    let count = Memo::new(move |_| {
        monitors.tick.track();
        monitors.trail.with_value(|t| t.readings().len()) as u32
    });
    let place = Signal::derive(move || {
        let newest = count.get().saturating_sub(1);
        monitors.at.get().map_or(newest, |step| {
            monitors.trail.with_value(|t| t.readings().partition_point(|r| r.head.step <= step)).saturating_sub(1) as u32
        })
    });
    let said = Signal::derive(move || {
        let step = monitors.with(|r: &Reading| r.head.step).map_or_else(|| "–".to_owned(), |s| number::grouped(u64::from(s)));
        if monitors.at.get().is_some() { format!("step {step}") } else { format!("now, step {step}") }
    });
    let turn = move |to: u32| {
        let newest = to + 1 >= count.get_untracked();
        let step = monitors.trail.with_value(|t| t.readings().get(to as usize).map(|r| r.head.step));
        monitors.at.set(if newest { None } else { step });
    };
    let last = Signal::derive(move || count.get().saturating_sub(1));
    view! { <div class="look-back"><Slider label="Moment" testid="look-back" last position=place reading=said on_move=turn/></div> }
}

/// What the panels say before the first probe.
pub fn nothing_yet() -> AnyView {
    view! { <p class="monitor-note">"The first measurement is on its way."</p> }.into_any()
}

/// How the numbers came about.
#[component]
pub fn Source() -> impl IntoView {
    let monitors = app().monitors;
    let words = move || {
        monitors.with(|r: &Reading| {
            format!(
                "Measured on the CPU with a copy of the weights, on {} training digits; {} ms each, a twentieth of the time at most.",
                r.head.images,
                number::short(r.head.cost_ms)
            )
        })
    };
    view! { <p class="monitor-note" data-testid="probe-source">{live(words)}</p> }
}
