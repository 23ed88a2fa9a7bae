//! What goes on in each layer: gradient, update, activations, dead and saturated units.

use engine::{NodeId, Tensor};
use leptos::prelude::*;
use protocol::{LayerReading, Probing};

use super::{Panel, Place};
use crate::{
    reaction::live,
    state::{AppState, Focus, app, lab},
    widgets::{
        look_back::{LookBack, Source, nothing_yet},
        number,
    },
};

pub const PANEL: Panel = Panel {
    slug: "layers",
    title: "Layers",
    place: Place::Monitor,
    view: || view! { <Layers/> }.into_any(),
    style: include_str!("style.css"),
};

/// Units that are named in a row, at most.
const NAMED: usize = 6;
/// A usual length of an update, as a share of the weights.
const USUAL_RATIO: f32 = 1e-3;

#[component]
fn Layers() -> impl IntoView {
    let state = app();
    lab().probe(Probing::Layers);
    let any = Memo::new(move |_| state.monitors.with(|r| r.layers.len()).is_some());
    let rows = move || {
        let graph = state.graph.get()?;
        Some(graph.nodes.iter().map(|node| row(state, node.id, node.name.clone())).collect::<Vec<AnyView>>())
    };
    view! {
        <LookBack/>
        <Show when=move || any.get() fallback=nothing_yet>
            <div class="layers-scroll" tabindex="0" role="group" aria-label="Layers">
                <table class="layers-table number" data-testid="layers-table">
                    <thead><tr>
                        <th scope="col">"Layer"</th>
                        <th scope="col" title="Length of the gradient of the layer's weights">"Gradient"</th>
                        <th scope="col" title="How far the next update moves the weights, as a share of their length; about 0.001 is usual (the line)">"Update"</th>
                        <th scope="col" title="Mean and standard deviation of the layer's output">"Output"</th>
                        <th scope="col" title="Exact zeros in the output">"Zeros"</th>
                        <th scope="col" title="Units of a rectifier that are always zero, and units at the end of their range; click one to see it on the stage">"Dead or stuck units"</th>
                    </tr></thead>
                    <tbody>{live(rows)}</tbody>
                </table>
                <Source/>
            </div>
        </Show>
    }
}

fn row(state: AppState, id: NodeId, name: String) -> AnyView {
    let of =
        move |find: &dyn Fn(&LayerReading) -> f32| state.monitors.with(|r| r.layers.get(id.0).map_or(f32::NAN, find)).unwrap_or(f32::NAN);
    let text = |value: f32| {
        if value.is_nan() {
            "–".to_owned()
        } else {
            figures::axis::short(f64::from(value)).replacen('-', if value < 0.0 { "−" } else { "-" }, 1)
        }
    };
    let gradient = move || text(of(&|l| l.grad_norm));
    let ratio = move || text(of(&|l| l.update_ratio));
    let output = move || format!("{} ± {}", text(of(&|l| l.mean)), text(of(&|l| l.std)));
    let zeros = move || number::percent(f64::from(of(&|l| l.zeros)));
    let far = move || {
        let ratio = of(&|l| l.update_ratio);
        !ratio.is_nan() && !(USUAL_RATIO / 30.0..=30.0 * USUAL_RATIO).contains(&ratio)
    };
    view! {
        <tr data-testid=format!("layer-row-{name}")>
            <th scope="row">{name.clone()}</th>
            <td><span>{live(gradient)}</span>{spark(state, id, |l| l.grad_norm, None)}</td>
            <td class:far=far><span>{live(ratio)}</span>{spark(state, id, |l| l.update_ratio, Some(USUAL_RATIO))}</td>
            <td>{live(output)}</td>
            <td>{live(zeros)}</td>
            <td>{units(state, id)}</td>
        </tr>
    }
    .into_any()
}

const WIDE: f64 = 64.0;
const HIGH: f64 = 16.0;

/// The course of a number that is above zero, on a logarithmic scale, with a usual value as a line.
fn spark(state: AppState, id: NodeId, of: fn(&LayerReading) -> f32, usual: Option<f32>) -> AnyView {
    let path = move || {
        state.monitors.tick.track();
        let values: Vec<f64> = state
            .monitors
            .trail
            .with_value(|trail| trail.readings().iter().filter_map(|r| r.layers.get(id.0)).map(|l| f64::from(of(l)).log10()).collect());
        course(&values, usual.map(|u| f64::from(u).log10()))
    };
    let paths = Memo::new(move |_| path());
    view! {
        <svg class="layers-spark" viewBox="0 0 64 16" aria-hidden="true">
            <path class="layers-usual" d=move || paths.get().1></path>
            <path d=move || paths.get().0></path>
        </svg>
    }
    .into_any()
}

/// The line through the values and the one at the usual value, as paths.
fn course(values: &[f64], usual: Option<f64>) -> (String, String) {
    let finite = || values.iter().copied().filter(|v| v.is_finite()).chain(usual);
    let (lo, hi) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if values.iter().filter(|v| v.is_finite()).count() < 2 {
        return (String::new(), String::new());
    }
    let y = |v: f64| HIGH - 1.5 - (v - lo) / (hi - lo).max(0.3) * (HIGH - 3.0);
    let x = |i: usize| i as f64 / (values.len() - 1) as f64 * WIDE;
    let mut line = String::new();
    for (i, value) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        line.push_str(&format!("{}{:.1} {:.1}", if line.is_empty() { 'M' } else { 'L' }, x(i), y(*value)));
    }
    (line, usual.map_or(String::new(), |u| format!("M0 {:.1}H{WIDE}", y(u))))
}

fn units(state: AppState, id: NodeId) -> AnyView {
    let found = Memo::new(move |_| {
        state
            .monitors
            .with(|r| {
                let layer = r.layers.get(id.0)?;
                let (count, named, word) =
                    if layer.dead_count > 0 { (layer.dead_count, &layer.dead, "dead") } else { (layer.stuck_count, &layer.stuck, "stuck") };
                (count > 0).then(|| (count, layer.units, named.iter().copied().take(NAMED).collect::<Vec<u32>>(), word))
            })
            .flatten()
    });
    let focus = move |unit: u32| state.focus.set(Some(Focus { tensor: Tensor::Output(id), channel: unit as usize, cell: None }));
    let view = move || {
        let Some((count, all, named, word)) = found.get() else {
            let saturated = state.monitors.with(|r| r.layers.get(id.0).map_or(f32::NAN, |l| l.saturated)).unwrap_or(f32::NAN);
            let text = if saturated.is_nan() {
                String::new()
            } else {
                format!("{} of the cells saturated", number::percent(f64::from(saturated)))
            };
            return view! { <span class="layers-none">{text}</span> }.into_any();
        };
        let more = if count as usize > named.len() { " …" } else { "" };
        let buttons = named
            .into_iter()
            .map(|unit| {
                view! {
                    <button class="layers-unit" aria-label=format!("Show {word} unit {unit} on the stage") data-testid="layers-unit" on:click=move |_| focus(unit)>{unit}</button>
                }
            })
            .collect_view();
        view! { <span>{format!("{count} of {all} {word}: ")}{buttons}{more}</span> }.into_any()
    };
    view.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_fits_its_box() {
        let (line, usual) = course(&[-3.0, -2.0, f64::NAN, -1.0], Some(-3.0));
        assert_eq!(line, "M0.0 14.5L21.3 8.0L64.0 1.5");
        assert_eq!(usual, "M0 14.5H64");
        assert_eq!(course(&[1.0], None), (String::new(), String::new()));
    }
}
