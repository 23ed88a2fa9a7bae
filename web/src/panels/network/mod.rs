//! The network: chosen here, trained anew.

use engine::{Graph, presets::PRESETS};
use leptos::prelude::*;
use protocol::RunSpec;

use super::{Panel, Place};
use crate::{state::app, widgets::number};

pub const PANEL: Panel = Panel {
    slug: "network",
    title: "Network",
    place: Place::Bench,
    view: || view! { <Networks/> }.into_any(),
    style: include_str!("style.css"),
};

#[component]
fn Networks() -> impl IntoView {
    let draft = app().draft;
    view! {
        <div class="network-nets" role="radiogroup" aria-label="Network">
            {PRESETS.iter().map(|preset| preset_view(preset, draft)).collect_view()}
        </div>
    }
}

fn preset_view(preset: &'static engine::presets::Preset, draft: RwSignal<RunSpec>) -> AnyView {
    let model = StoredValue::new(preset.model());
    let facts = Graph::check(&preset.model()).map_or_else(
        |error| error.to_string(),
        |graph| {
            format!(
                "{} weights, {} multiply-adds",
                number::grouped(graph.params_len() as u64),
                number::large(graph.cost().multiply_adds as f64)
            )
        },
    );
    let chosen = move || model.with_value(|model| draft.with(|d| d.model == *model));
    view! {
        <button class="network-net" role="radio" aria-checked=move || chosen().to_string() data-testid=format!("net-{}", preset.slug)
            on:click=move |_| draft.update(|d| {
                d.model = model.get_value();
                d.train.treatment.rates.clear();
            })>
            <b>{preset.title}</b>
            <span>{preset.about}</span>
            <small class="number">{facts}</small>
        </button>
    }
    .into_any()
}
