//! The pictures and tables of a stop.

use engine::{Graph, NodeId, ParamId, Tensor};
use figures::{Range, Theme};
use leptos::prelude::*;

use super::captions::{name, plain};
use crate::{
    state::{
        app,
        walk::{Stop, Walk},
    },
    widgets::{
        number,
        tiles::{Tiles, tiles_view},
    },
};

/// How pictures are drawn.
#[derive(Clone, Copy)]
struct Paper {
    theme: Theme,
    /// Largest width and height, in CSS pixels.
    room: (f64, f64),
}

pub fn parts_view(graph: &Graph, walk: &Walk, stop: Stop, theme: Theme, room: (f64, f64)) -> AnyView {
    let paper = Paper { theme, room };
    match stop {
        Stop::Image => figure(walk, Tensor::Input, "the image", false, paper),
        Stop::Forward(id) => forward_view(graph, walk, id, paper),
        Stop::Loss => loss_view(walk),
        Stop::Backward(id) => backward_view(graph, walk, id, paper),
        Stop::Update(id) => update_view(graph, walk, id, paper),
        Stop::Made => made_view(graph, walk),
    }
}

/// A tensor with its name and what its colours span.
fn figure(walk: &Walk, tensor: Tensor, title: impl Into<String>, signed: bool, paper: Paper) -> AnyView {
    let Some((dims, numbers)) = walk.view(tensor) else { return ().into_any() };
    picture(Tiles::of(dims, numbers, signed), title.into(), paper)
}

fn picture(tiles: Tiles, title: String, paper: Paper) -> AnyView {
    let range = tiles.range.unwrap_or_else(|| Range::of(&tiles.numbers));
    let span = format!("{} to {}", number::signed(range.lo), number::signed(range.hi));
    let label = format!("{title}: {span}");
    view! {
        <figure class="slow-figure">
            {tiles_view(tiles, paper.room, label, paper.theme)}
            <figcaption><b>{title}</b><small class="number">{span}</small></figcaption>
        </figure>
    }
    .into_any()
}

fn arrow() -> AnyView {
    view! { <span class="slow-arrow" aria-hidden="true">"→"</span> }.into_any()
}

fn is_signed(walk: &Walk, tensor: Tensor) -> bool {
    walk.view(tensor).is_some_and(|(_, numbers)| numbers.iter().any(|x| *x < 0.0))
}

fn forward_view(graph: &Graph, walk: &Walk, id: NodeId, paper: Paper) -> AnyView {
    let node = graph.node(id);
    let (from, to) = (walk.input_of(graph, id), Tensor::Output(id));
    let weights = node.params.clone().next().map(|i| {
        view! { {figure(walk, Tensor::Param(ParamId(i)), format!("weights of {}", node.name), true, paper)} {arrow()} }
    });
    view! {
        {figure(walk, from, name(graph, from), is_signed(walk, from), paper)}
        {arrow()}
        {weights}
        {figure(walk, to, node.name.clone(), is_signed(walk, to), paper)}
    }
    .into_any()
}

fn backward_view(graph: &Graph, walk: &Walk, id: NodeId, paper: Paper) -> AnyView {
    let node = graph.node(id);
    let from = walk.input_of(graph, id);
    let goes = match from {
        Tensor::Output(before) => figure(walk, Tensor::OutputGrad(before), format!("goes on to {}", name(graph, from)), true, paper),
        _ => ().into_any(),
    };
    let has_more = matches!(from, Tensor::Output(_));
    let weights = node
        .params
        .clone()
        .next()
        .map(|i| figure(walk, Tensor::ParamGrad(ParamId(i)), "gradient of its weights, whole batch", true, paper));
    view! {
        {figure(walk, Tensor::OutputGrad(id), format!("arrives at {}", node.name), true, paper)}
        {has_more.then(arrow)}
        {goes}
        {weights}
    }
    .into_any()
}

/// Before, gradient, after; and each parameter of the layer in numbers.
fn update_view(graph: &Graph, walk: &Walk, id: NodeId, paper: Paper) -> AnyView {
    let node = graph.node(id);
    let pictures = node.params.clone().next().and_then(|i| {
        let param = ParamId(i);
        let (dims, before) = walk.view(Tensor::Param(param))?;
        let (_, gradient) = walk.view(Tensor::ParamGrad(param))?;
        let after = walk.after(param)?;
        let change: Vec<f32> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        // Before and after share a scale, so that what has moved shows.
        let both = Range::symmetric(Range::of(before).union(Range::of(after)).magnitude());
        let tiles = |numbers: &[f32], range| Tiles { range, ..Tiles::of(dims, numbers, true) };
        Some(view! {
            {picture(tiles(before, Some(both)), "before".to_owned(), paper)}
            {picture(tiles(gradient, None), "gradient".to_owned(), paper)}
            {picture(tiles(&change, None), "change".to_owned(), paper)}
            {arrow()}
            {picture(tiles(after, Some(both)), "after".to_owned(), paper)}
        })
    });
    let rows = node.params.clone().map(|i| row_view(graph, walk, i)).collect_view();
    view! {
        {pictures}
        <table class="slow-table">
            <thead><tr><th scope="col">"Lengths"</th><th scope="col">"weights"</th><th scope="col">"gradient"</th><th scope="col">"change"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row_view(graph: &Graph, walk: &Walk, i: usize) -> AnyView {
    let Some(change) = walk.trace.changes.get(i) else { return ().into_any() };
    view! {
        <tr>
            <th scope="row">{graph.params[i].name.clone()}</th>
            <td class="number">{plain(change.before)}</td><td class="number">{plain(change.gradient)}</td><td class="number">{plain(change.change)}</td>
        </tr>
    }
    .into_any()
}

fn made_view(graph: &Graph, walk: &Walk) -> AnyView {
    let rows = (0..graph.params.len()).map(|i| row_view(graph, walk, i)).collect_view();
    view! {
        <table class="slow-table">
            <thead><tr><th scope="col">"Lengths"</th><th scope="col">"weights"</th><th scope="col">"gradient"</th><th scope="col">"change"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Probabilities against the target, and the gradient of the scores that starts the way back.
fn loss_view(walk: &Walk) -> AnyView {
    let trace = &walk.trace;
    let last = walk.trace.views.iter().filter_map(|v| if let Tensor::OutputGrad(id) = v.tensor { Some(id) } else { None }).max();
    let gradient = last.and_then(|id| walk.view(Tensor::OutputGrad(id))).map(|(_, g)| g.to_vec()).unwrap_or_default();
    let label = usize::from(trace.label);
    let row = |title: &'static str, cell: &dyn Fn(usize, f32) -> AnyView| {
        let cells = trace.probabilities.iter().enumerate().map(|(class, p)| cell(class, *p)).collect_view();
        view! { <tr><th scope="row">{title}</th>{cells}</tr> }.into_any()
    };
    let plain_cell = |class: usize, text: String| view! { <td class="number" class:target=class == label>{text}</td> }.into_any();
    let bar = |class: usize, p: f32| {
        view! { <td class="slow-bar" style=format!("--class: var(--class-{class}); --share: {:.1}%", p * 100.0)><i></i></td> }.into_any()
    };
    view! {
        <table class="slow-table slow-loss" data-testid="slow-loss">
            <tbody>
                {row("", &bar)}
                {row("class", &|class, _| plain_cell(class, app().class_name(class)))}
                {row("probability", &|class, p| plain_cell(class, format!("{p:.3}")))}
                {row("target", &|class, _| plain_cell(class, if class == label { "1" } else { "0" }.to_owned()))}
                {row("gradient", &|class, _| plain_cell(class, gradient.get(class).map_or_else(String::new, |g| format!("{g:.1e}").replace('-', "−"))))}
            </tbody>
        </table>
    }
    .into_any()
}
