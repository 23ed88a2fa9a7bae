//! What the colours stand for, and which numbers share a scale.

use engine::Tensor;
use figures::{Range, Spread};
use leptos::prelude::*;

use crate::{
    state::{app, stage::Scale},
    widgets::number,
};

/// The range that all layers' numbers in the newest frame share.
pub fn network_range() -> Range {
    app().frame.with_value(|frame| {
        let outputs = frame.views.iter().filter(|v| matches!(v.tensor, Tensor::Output(_)));
        let ranges = outputs.filter_map(|v| frame.numbers.get(v.range.clone())).map(Range::of);
        ranges.reduce(Range::union).unwrap_or_default()
    })
}

/// How the maps of a layer are painted.
pub fn spread(scale: Scale) -> Spread {
    match scale {
        Scale::Tile => Spread::PerTile,
        Scale::Layer => Spread::Shared,
        Scale::Network => Spread::Fixed(network_range()),
    }
}

/// The two scales of colour with the numbers at their ends, for what is pointed at or, where all share one, for all.
#[component]
pub fn Legend() -> impl IntoView {
    let state = app();
    let range = Memo::new(move |_| {
        state.frame_tick.track();
        let scale = state.stage.scale.get();
        if scale == Scale::Network {
            return Some(network_range());
        }
        let focus = state.focus.get()?;
        state.frame.with_value(|frame| {
            let (dims, values) = frame.view(focus.tensor)?;
            if scale == Scale::Layer || dims.len() < 4 {
                return Some(Range::of(values));
            }
            let plane = dims[2] * dims[3];
            values.get(focus.channel * plane..(focus.channel + 1) * plane).map(Range::of)
        })
    });
    let end = move |signed: bool, minus: bool| {
        let word = match (minus, signed) {
            (true, true) => "−",
            (true, false) => "0",
            (false, true) => "+",
            (false, false) => "strong",
        };
        move || match range.get().filter(|r| r.magnitude() > 0.0) {
            Some(r) if signed => number::signed(if minus { -r.magnitude() } else { r.magnitude() }),
            Some(r) if !minus => number::signed(r.hi.max(0.0)),
            _ => word.to_owned(),
        }
    };
    view! {
        <div class="stage-legend" role="img" aria-label="Colours: blue is negative, orange positive; activations from none to strong" data-testid="legend">
            <span class="number">{end(true, true)}</span><i class="stage-signed"></i><span class="number">{end(true, false)}</span>
            <span class="number stage-legend-gap">{end(false, true)}</span><i class="stage-positive"></i><span class="number">{end(false, false)}</span>
        </div>
    }
}

/// Which numbers share a scale.
#[component]
pub fn Scales() -> impl IntoView {
    let chosen = app().stage.scale;
    view! {
        <div class="choice" role="radiogroup" aria-label="Scale of colours per">
            {Scale::ALL.map(|(scale, word, about)| view! {
                <button role="radio" aria-checked=move || (chosen.get() == scale).to_string() data-testid=format!("scale-{word}")
                    on:click=move |_| chosen.set(scale) title=about>{word}</button>
            })}
        </div>
    }
}
