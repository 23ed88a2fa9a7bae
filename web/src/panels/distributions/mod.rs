//! How weights, gradients and activations are distributed, over time.

mod paint;

use leptos::{html, prelude::*};
use protocol::{Histogram, Probing, Reading};

use super::{Panel, Place};
use crate::{
    dom::{frame, image, size},
    reaction::{effect, live},
    state::{AppState, app, lab},
    widgets::look_back::{LookBack, Source, nothing_yet},
};

pub const PANEL: Panel = Panel {
    slug: "distributions",
    title: "Distributions",
    place: Place::Monitor,
    view: || view! { <Distributions/> }.into_any(),
    style: include_str!("style.css"),
};

/// In the order of [`protocol::LayerReading::histograms`].
const KINDS: [(&str, &str); 3] = [("weights", "Weights"), ("gradients", "Gradients"), ("activations", "Activations")];
/// Moments of a ridge, at most.
const RIDGES: usize = 22;

/// One layer's ridges, oldest first, as far as the moment that is looked at.
pub struct Column {
    pub name: String,
    /// Reach and shares of each moment.
    pub moments: Vec<Histogram>,
}

/// What there is to draw of a kind.
fn columns(state: AppState, kind: usize) -> Vec<Column> {
    let Some(graph) = state.graph.get() else { return Vec::new() };
    let at = state.monitors.at.get();
    state.monitors.tick.track();
    state.monitors.trail.with_value(|trail| {
        let measured: Vec<&Reading> = trail.readings().iter().filter(|r| r.layers.iter().any(|l| l.histograms[2].is_some())).collect();
        // Before the first moment there is none to show but the first.
        let count = measured.iter().filter(|r| at.is_none_or(|at| r.head.step <= at)).count().max(1).min(measured.len());
        let with = &measured[..count];
        let shown = figures::ridges::spread(with.len(), RIDGES);
        let column = |(layer, name): (usize, &String)| {
            let moments: Vec<Histogram> =
                shown.iter().filter_map(|i| with[*i].layers.get(layer).and_then(|l| l.histograms[kind].clone())).collect();
            (!moments.is_empty()).then(|| Column { name: name.clone(), moments })
        };
        graph.nodes.iter().map(|n| &n.name).enumerate().filter_map(column).collect()
    })
}

#[component]
fn Distributions() -> impl IntoView {
    let state = app();
    lab().probe(Probing::Distributions);
    let kind = RwSignal::new(0usize);
    let node = NodeRef::<html::Canvas>::new();
    let room = RwSignal::new((0.0_f64, 0.0_f64));
    let as_table = RwSignal::new(false);
    let any = Memo::new(move |_| {
        state.monitors.tick.track();
        state.monitors.trail.with_value(|t| t.last().is_some_and(|r| r.layers.iter().any(|l| l.histograms[2].is_some())))
    });
    effect(move || {
        if let Some(canvas) = node.get() {
            size::follow(&canvas, move |now| room.set(now));
        }
    });
    effect(move || {
        let columns = columns(state, kind.get());
        let (theme, size) = (state.theme.get(), room.get());
        let Some(canvas) = node.get() else { return };
        frame::next(move |_| paint::draw(&canvas, size, image::device_ratio(), &columns, theme));
    });
    let said = move || {
        format!("How the {} of each layer are distributed, from the first measurement (behind) to the last (in front)", KINDS[kind.get()].0)
    };
    let choice = move |(place, (slug, title)): (usize, (&'static str, &'static str))| {
        view! { <button role="radio" aria-checked=move || (kind.get() == place).to_string() data-testid=format!("distributions-{slug}") on:click=move |_| kind.set(place)>{title}</button> }
    };
    view! {
        <div class="distributions-top">
            <div class="choice" role="radiogroup" aria-label="What is distributed">{KINDS.into_iter().enumerate().map(choice).collect_view()}</div>
            <LookBack/>
            <button class="quiet" aria-pressed=move || as_table.get().to_string() data-testid="distributions-as-table" on:click=move |_| as_table.update(|t| *t = !*t)>"Table"</button>
        </div>
        <Show when=move || any.get() fallback=nothing_yet>
            {move || if as_table.get() {
                table(state, kind)
            } else {
                view! { <div class="distributions-picture"><canvas node_ref=node role="img" aria-label=said data-testid="ridges"></canvas></div> }.into_any()
            }}
            <Source/>
        </Show>
    }
}

/// Quantiles of the first and the last moment.
fn table(state: AppState, kind: RwSignal<usize>) -> AnyView {
    let rows = move || {
        columns(state, kind.get())
            .into_iter()
            .filter_map(|column| {
                let (first, last) = (column.moments.first()?, column.moments.last()?);
                let cell = |h: &Histogram, q: f64| figures::axis::short(figures::ridges::quantile(f64::from(h.reach), &h.shares, q));
                let cells = [(first, 0.05), (first, 0.5), (first, 0.95), (last, 0.05), (last, 0.5), (last, 0.95)];
                let cells = cells.map(|(h, q)| view! { <td>{cell(h, q)}</td> }).into_iter().collect_view();
                Some(view! { <tr><th scope="row">{column.name}</th>{cells}</tr> }.into_any())
            })
            .collect::<Vec<AnyView>>()
    };
    view! {
        <div class="distributions-scroll" tabindex="0" role="group" aria-label="Distributions as a table">
            <table class="number" data-testid="distributions-table">
                <thead>
                    <tr><th scope="col" rowspan="2">"Layer"</th><th scope="colgroup" colspan="3">"at first"</th><th scope="colgroup" colspan="3">"now"</th></tr>
                    <tr>{["5 %", "median", "95 %", "5 %", "median", "95 %"].map(|q| view! { <th scope="col">{q}</th> }).into_iter().collect_view()}</tr>
                </thead>
                <tbody>{live(rows)}</tbody>
            </table>
        </div>
    }
    .into_any()
}
