//! The chosen layer: its settings, what it makes of what, and what its operator is.

use engine::{LayerSpec, Param, ops::Kind};
use leptos::prelude::*;

use super::{
    Bench, knobs,
    rows::{Facts, Item},
    shape,
};
use crate::widgets::{
    icon::{Glyph, Icon},
    number,
};

/// What decides whether the controls are made anew: the place, and what stands there.
type Chosen = (Vec<usize>, Option<&'static str>);

pub fn view(bench: Bench) -> AnyView {
    let builder = bench.builder;
    let chosen = Memo::new(move |_| -> Chosen {
        let place = builder.place.get();
        let name = builder.draft.with(|d| d.model.layer(&place).map(|l| l.op().kind().name));
        (place, name)
    });
    view! {
        <div class="network-detail" node_ref=bench.settings data-testid="layer-detail">
            {move || {
                let (place, _) = chosen.get();
                let layer = builder.draft.with_untracked(|d| d.model.layer(&place).cloned());
                match layer {
                    Some(layer) => layer_view(bench, place, &layer),
                    None if place.is_empty() => view! { <p class="network-hint">"Choose a layer to see and change its settings. Arrows walk the list, Alt and arrows move a layer, Enter adds one, Delete removes it."</p> }.into_any(),
                    None => branch_view(bench, &place),
                }
            }}
        </div>
    }
    .into_any()
}

fn layer_view(bench: Bench, place: Vec<usize>, layer: &LayerSpec) -> AnyView {
    let kind = layer.op().kind();
    let is_join = layer.op().with_branches(Vec::new()).is_some();
    let at = place.clone();
    let facts = Memo::new(move |_| {
        bench.list.with(|list| {
            let row = list.rows.iter().find(|row| row.place == at)?;
            if let Item::Layer(layer) = &row.item { layer.facts.clone() } else { None }
        })
    });
    view! {
        <header class="network-title">
            {shape::glyph(shape::path(kind.family))}
            <h3>{kind.title}</h3>
            <span class="number">{move || facts.with(|f| f.as_ref().map(|f| f.name.clone()))}</span>
        </header>
        {tools_view(bench)}
        {knobs::view(bench, &place)}
        {is_join.then(|| join_view(bench, place.clone()))}
        {move || facts.get().map(|facts| facts_view(bench, &place, &facts))}
        {about_view(kind)}
    }
    .into_any()
}

fn tools_view(bench: Bench) -> AnyView {
    let builder = bench.builder;
    let tool = move |glyph: Glyph,
                     label: &'static str,
                     testid: &'static str,
                     key: &'static str,
                     act: fn(crate::state::builder::Builder)| {
        view! {
            <button class="quiet" aria-label=label title=format!("{label} ({key})") data-testid=testid on:click=move |_| { act(builder); bench.focus_list(); }>
                <Icon glyph=glyph/>
            </button>
        }
        .into_any()
    };
    view! {
        <div class="network-layer-tools" role="toolbar" aria-label="The chosen layer">
            {tool(Glyph::Above, "Move up", "layer-up", "Alt ↑", |b| b.shift(true))}
            {tool(Glyph::Below, "Move down", "layer-down", "Alt ↓", |b| b.shift(false))}
            {tool(Glyph::Copy, "Duplicate", "layer-copy", "Ctrl D", |b| b.duplicate())}
            {tool(Glyph::Clear, "Remove", "layer-remove", "Delete", |b| b.remove())}
        </div>
    }
    .into_any()
}

fn join_view(bench: Bench, place: Vec<usize>) -> AnyView {
    let add = move |_| {
        let mut count = 0;
        let model = bench.builder.with_branches(&place, |branches| {
            count = branches.len();
            branches.push(Vec::new());
        });
        if let Some(model) = model {
            bench.builder.set(model, [&place[..], &[count]].concat());
            bench.focus_list();
        }
    };
    view! { <button class="quiet" data-testid="add-branch" on:click=add><Icon glyph=Glyph::Plus/>"Add a branch"</button> }.into_any()
}

fn branch_view(bench: Bench, place: &[usize]) -> AnyView {
    let number = place.last().map_or(0, |n| n + 1);
    view! {
        <header class="network-title"><h3>{format!("Branch {number}")}</h3></header>
        {tools_view(bench)}
        <p class="network-hint">"What is added now becomes the first layer of this branch. A branch without layers hands on what reaches the join."</p>
    }
    .into_any()
}

fn facts_view(bench: Bench, place: &[usize], facts: &Facts) -> AnyView {
    let tensors: Vec<(String, String)> = bench.builder.checked_params(place, |param: &Param| {
        let name = param.name.rsplit('.').next().unwrap_or_default().to_owned();
        (name, param.dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"))
    });
    let line = |term: String, text: String| view! { <div><dt>{term}</dt><dd class="number">{text}</dd></div> }.into_any();
    view! {
        <dl class="network-facts">
            {line("takes in".to_owned(), facts.input.to_string())}
            {line("gives".to_owned(), facts.output.to_string())}
            {tensors.into_iter().map(|(name, dims)| line(name, dims)).collect_view()}
            {line("multiply-adds".to_owned(), number::grouped(facts.multiply_adds))}
            {line("memory in a step".to_owned(), super::list::bytes(facts.memory_bytes))}
            {line("sees of the image".to_owned(), format!("{}×{}", facts.sees[0], facts.sees[1]))}
            {(facts.jump != [0, 0]).then(|| line("neighbours lie apart".to_owned(), format!("{}×{}", facts.jump[0], facts.jump[1])))}
        </dl>
    }
    .into_any()
}

fn about_view(kind: &'static Kind) -> AnyView {
    let paragraphs = kind.about().split("\n\n").map(str::trim).filter(|p| !p.is_empty() && !p.starts_with('#'));
    let paragraphs = paragraphs.map(|text| {
        // Between backticks stands code.
        let parts = text
            .split('`')
            .enumerate()
            .map(|(i, part)| if i % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { view! { <span>{part}</span> }.into_any() });
        view! { <p>{parts.collect_view()}</p> }.into_any()
    });
    view! { <div class="network-about" tabindex="0" role="group" aria-label="About the layer">{paragraphs.collect_view()}</div> }.into_any()
}
