//! Layer by layer: frozen or not, how fast it learns, and how much dropout drops.

use engine::{Graph, LayerSpec, NodeId, SettingKind, ops::ParamRole};
use leptos::prelude::*;
use protocol::RunSpec;

use super::rows::{self, Row};

/// Layers with weights: place, name, weights.
fn layers(spec: &RunSpec) -> Vec<(usize, String, usize)> {
    let Ok(graph) = Graph::check(&spec.model) else { return Vec::new() };
    let weights =
        |id: NodeId| graph.params.iter().filter(|p| p.node == id && p.role != ParamRole::RunningMean).map(|p| p.range.len()).sum();
    (0..graph.nodes.len())
        .map(|i| (i, graph.node(NodeId(i)).name.clone(), weights(NodeId(i))))
        .filter(|(_, _, weights)| *weights > 0)
        .collect()
}

pub fn view(draft: RwSignal<RunSpec>) -> AnyView {
    let all = Memo::new(move |_| draft.with(layers));
    let dropouts = Memo::new(move |_| {
        let places = |d: &RunSpec| {
            let is_dropout = |(_, layer): &(usize, &LayerSpec)| share(layer).is_some();
            d.model.layers.iter().enumerate().filter(is_dropout).map(|(i, _)| i).collect::<Vec<usize>>()
        };
        draft.with(places)
    });
    view! {
        <div class="training-layers">
            {move || all.get().into_iter().map(|(node, name, weights)| layer_row(node, &name, weights, all, draft)).collect_view()}
        </div>
        <div class="training-rows">{move || dropouts.get().into_iter().map(|layer| dropout_row(layer, draft)).collect_view()}</div>
    }
    .into_any()
}

fn factor(spec: &RunSpec, node: usize) -> f32 {
    spec.train.treatment.rates.get(&NodeId(node)).copied().unwrap_or(1.0)
}

fn set_factor(spec: &mut RunSpec, node: usize, factor: f32) {
    let rates = &mut spec.train.treatment.rates;
    if factor == 1.0 {
        rates.remove(&NodeId(node))
    } else {
        rates.insert(NodeId(node), factor)
    };
}

fn layer_row(node: usize, name: &str, weights: usize, all: Memo<Vec<(usize, String, usize)>>, draft: RwSignal<RunSpec>) -> AnyView {
    let frozen = Memo::new(move |_| draft.with(|d| factor(d, node) == 0.0));
    // One layer at least has to learn.
    let last_free = move || !frozen.get() && all.with(|all| draft.with(|d| all.iter().filter(|(n, ..)| factor(d, *n) != 0.0).count() == 1));
    let toggle = move |_| draft.update(|d| set_factor(d, node, if factor(d, node) == 0.0 { 1.0 } else { 0.0 }));
    let row = Row {
        label: format!("{name}: factor"),
        unit: "× rate",
        about: "",
        testid: format!("layer-rate-{}", node + 1),
        kind: SettingKind::Number { least: 0.0, most: 1000.0 },
        usual: 1.0,
    };
    let value = Memo::new(move |_| draft.with(|d| f64::from(factor(d, node))));
    let change = Callback::new(move |value: f64| {
        if value != 0.0 || !last_free() {
            draft.update(|d| set_factor(d, node, value as f32));
        }
    });
    let named = name.to_owned();
    let label = move || format!("{named} {}", if frozen.get() { "frozen" } else { "learns" });
    let reason = move || if last_free() { "The only layer that still learns cannot be frozen" } else { "Frozen layers keep their weights" };
    view! {
        <div class="training-layer">
            <button class="training-lock" data-testid=format!("freeze-{}", node + 1) aria-pressed=move || frozen.get().to_string() aria-label=label
                title=reason disabled=last_free on:click=toggle>{move || if frozen.get() { "frozen" } else { "learns" }}</button>
            <span class="training-layer-name">{name.to_owned()}<small class="number">{format!(" {weights}")}</small></span>
            {rows::view(row, value.into(), change)}
        </div>
    }
    .into_any()
}

/// What a layer drops at random.
fn share(layer: &LayerSpec) -> Option<f32> {
    match layer {
        LayerSpec::Dropout(dropout) => Some(dropout.p),
        LayerSpec::Dropout2d(dropout) => Some(dropout.p),
        LayerSpec::StochasticDepth(depth) => Some(depth.p),
        _ => None,
    }
}

fn dropout_row(layer: usize, draft: RwSignal<RunSpec>) -> AnyView {
    let row = Row {
        label: format!("Dropout, layer {}", layer + 1),
        unit: "share",
        about: "Of the numbers, that are dropped at random at each step.",
        testid: format!("dropout-{}", layer + 1),
        kind: SettingKind::Number { least: 0.0, most: 0.99 },
        usual: 0.5,
    };
    let value = Memo::new(move |_| draft.with(|d| d.model.layers.get(layer).and_then(share)).map_or(0.0, f64::from));
    let change = Callback::new(move |value: f64| {
        draft.update(|d| match d.model.layers.get_mut(layer) {
            Some(LayerSpec::Dropout(dropout)) => dropout.p = value as f32,
            Some(LayerSpec::Dropout2d(dropout)) => dropout.p = value as f32,
            Some(LayerSpec::StochasticDepth(depth)) => depth.p = value as f32,
            _ => {}
        });
    });
    rows::view(row, value.into(), change)
}
