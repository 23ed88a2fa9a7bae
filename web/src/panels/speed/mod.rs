//! Where time and memory go.

use leptos::prelude::*;
use protocol::{Backend, Probing, probe::MEMORY};

use super::{Panel, Place, card::facts};
use crate::{
    reaction::live,
    state::{AppState, app, lab},
    widgets::{
        look_back::{Source, nothing_yet},
        number,
    },
};

pub const PANEL: Panel = Panel {
    slug: "speed",
    title: "Speed",
    place: Place::Monitor,
    view: || view! { <Speed/> }.into_any(),
    style: include_str!("style.css"),
};

/// Probes over which times are averaged: a browser's clock is coarse.
const OVER: usize = 20;

/// Forward and backward of each layer in milliseconds, for so many images.
fn times(state: AppState) -> Option<(Vec<[f64; 2]>, u32)> {
    state.monitors.tick.track();
    state.monitors.trail.with_value(|trail| {
        let last = trail.last()?;
        let latest: Vec<_> = trail.readings().iter().rev().take(OVER).filter(|r| r.layers.len() == last.layers.len()).collect();
        let mean = |find: &dyn Fn(usize) -> f64| (0..latest.len()).map(find).sum::<f64>() / latest.len() as f64;
        let of = |layer: usize| {
            [mean(&|i| f64::from(latest[i].layers[layer].forward_ms)), mean(&|i| f64::from(latest[i].layers[layer].backward_ms))]
        };
        Some(((0..last.layers.len()).map(of).collect(), last.head.images))
    })
}

#[component]
fn Speed() -> impl IntoView {
    let state = app();
    lab().probe(Probing::Layers);
    let found = Memo::new(move |_| times(state));
    let any = Memo::new(move |_| found.with(Option::is_some));
    let rows = move || {
        let graph = state.graph.get()?;
        Some(graph.nodes.iter().map(|n| row(found, n.id.0, n.name.clone())).collect::<Vec<AnyView>>())
    };
    view! {
        {facts_view(state)}
        <Show when=move || any.get() fallback=nothing_yet>
            <div class="speed-body" tabindex="0" role="group" aria-label="Time and memory, layer by layer">
                <table class="speed-table number" data-testid="speed-table">
                    <thead><tr><th scope="col">"Layer"</th><th scope="col">"forward ms"</th><th scope="col">"backward ms"</th><th scope="col"><span class="sr-only">"as bars"</span></th></tr></thead>
                    <tbody>{live(rows)}</tbody>
                </table>
                {memory(state)}
                <div class="speed-notes"><p class="monitor-note">{move || place_note(state)}</p><Source/></div>
            </div>
        </Show>
    }
}

fn row(found: Memo<Option<(Vec<[f64; 2]>, u32)>>, layer: usize, name: String) -> AnyView {
    let time = move |way: usize| found.with(|f| f.as_ref().and_then(|f| f.0.get(layer)).map_or(0.0, |t| t[way]));
    let most = move || found.with(|f| f.as_ref().map_or(0.0, |f| f.0.iter().map(|t| t[0] + t[1]).fold(0.0, f64::max)));
    let wide = move |way: usize| format!("width:{:.2}%", 100.0 * time(way) / most().max(f64::MIN_POSITIVE));
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{move || figures::axis::short(time(0))}</td>
            <td>{move || figures::axis::short(time(1))}</td>
            <td class="speed-bar"><i class="forward" style=move || wide(0)></i><i class="backward" style=move || wide(1)></i></td>
        </tr>
    }
    .into_any()
}

fn facts_view(state: AppState) -> AnyView {
    let speed = move || state.progress.with(|p| p.images_per_second);
    let shown = move || if speed() > 0.0 { number::grouped(speed().round() as u64) } else { "–".to_owned() };
    let step = move || {
        let batch = state.spec.with(|s| s.train.batch) as f64;
        if speed() > 0.0 { format!("{} ms", number::short(1000.0 * batch / speed())) } else { "–".to_owned() }
    };
    let place = move || facts::word(state.summary.with(|s| s.backend));
    // A multiply-add is two operations; the way back takes about twice as many as the way there.
    let flops = move || {
        if speed() > 0.0 {
            format!("{}FLOP/s", number::large(6.0 * state.summary.with(|s| s.multiply_adds) * speed()))
        } else {
            "–".to_owned()
        }
    };
    view! {
        <dl class="speed-facts">
            <div><dt>"images a second"</dt><dd class="number" data-testid="speed-images">{live(shown)}</dd></div>
            <div><dt>"a step of training"</dt><dd class="number">{live(step)}</dd></div>
            <div title="Two for each multiply-add; the way back counts twice"><dt>"arithmetic"</dt><dd class="number">{live(flops)}</dd></div>
            <div><dt>"runs on"</dt><dd>{live(place)}</dd></div>
        </dl>
    }
    .into_any()
}

fn place_note(state: AppState) -> &'static str {
    match state.summary.with(|s| s.backend) {
        Backend::Cpu => "Layers are timed apart from training, with no layer fused into the one before it.",
        Backend::Gpu | Backend::Twin => {
            "Training runs on the graphics card; these are the times of the CPU. How long each kernel takes on the card is listed under Where it runs."
        }
    }
}

fn memory(state: AppState) -> AnyView {
    let found = Memo::new(move |_| {
        state.monitors.tick.track();
        state.monitors.trail.with_value(|t| t.last().map(|r| r.memory_kib))
    });
    let row = move |place: usize| {
        let kib = move || found.get().map_or(0.0, |m| f64::from(m[place]));
        let most = move || found.get().map_or(1.0, |m| f64::from(m.iter().copied().fold(1.0, f32::max)));
        let size = move || {
            if kib() >= 1024.0 { format!("{} MiB", number::short(kib() / 1024.0)) } else { format!("{} KiB", number::short(kib())) }
        };
        view! {
            <tr><th scope="row">{MEMORY[place]}</th><td>{live(size)}</td><td class="speed-bar"><i class="memory" style=move || format!("width:{:.2}%", 100.0 * kib() / most())></i></td></tr>
        }
        .into_any()
    };
    let whole = move || format!("{} MiB", number::short(state.summary.with(|s| s.memory_bytes) / 1_048_576.0));
    view! {
        <table class="speed-table number" data-testid="memory-table">
            <thead><tr><th scope="col">"Memory of training"</th><th scope="col">{live(whole)}</th><th scope="col"><span class="sr-only">"as bars"</span></th></tr></thead>
            <tbody>{(0..MEMORY.len()).map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
