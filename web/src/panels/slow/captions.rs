//! What is said at each stop, with the numbers of the step.

use engine::{Graph, LossSpec, NodeId, Tensor, ops::Window};
use figures::Range;

use crate::{
    state::{
        class_names::ClassNames,
        walk::{Stop, Walk},
    },
    widgets::number,
};

/// How many of the numbers are not zero.
pub fn alive(numbers: &[f32]) -> usize {
    numbers.iter().filter(|x| **x != 0.0).count()
}

fn share(some: usize, all: usize) -> String {
    format!("{} of {}", number::grouped(some as u64), number::grouped(all as u64))
}

fn span(numbers: &[f32]) -> String {
    let range = Range::of(numbers);
    format!("{} to {}", number::signed(range.lo), number::signed(range.hi))
}

/// A number of any size.
pub fn plain(x: f64) -> String {
    number::signed(x as f32)
}

/// Name of a tensor as the page says it.
pub fn name(graph: &Graph, tensor: Tensor) -> String {
    match tensor {
        Tensor::Output(id) => graph.node(id).name.clone(),
        _ => "the image".to_owned(),
    }
}

pub fn title(graph: &Graph, stop: Stop) -> String {
    let layer = |id: NodeId| graph.node(id).name.clone();
    match stop {
        Stop::Image => "The image".to_owned(),
        Stop::Forward(id) => format!("Forward: {}", layer(id)),
        Stop::Loss => "Loss".to_owned(),
        Stop::Backward(id) => format!("Backward: {}", layer(id)),
        Stop::Update(id) => format!("Update: {}", layer(id)),
        Stop::Made => "The step is made".to_owned(),
    }
}

/// A sentence or two.
pub fn caption(graph: &Graph, walk: &Walk, stop: Stop, loss: &LossSpec, rule: &str, names: &ClassNames) -> String {
    let trace = &walk.trace;
    match stop {
        Stop::Image => format!(
            "The step takes {} images at once. This is no. {} of them, {}: follow it through the network and back.",
            trace.batch,
            trace.place + 1,
            names.with_article(usize::from(trace.label))
        ),
        Stop::Forward(id) => forward(graph, walk, id),
        Stop::Loss => loss_words(walk, loss, names),
        Stop::Backward(id) => backward(graph, walk, id),
        Stop::Update(id) => update(graph, walk, id, rule),
        Stop::Made => format!(
            "All weights have moved once: step {} is made, bit for bit as training makes it. Go on for the next one.",
            number::grouped(u64::from(trace.step) + 1)
        ),
    }
}

fn forward(graph: &Graph, walk: &Walk, id: NodeId) -> String {
    let node = graph.node(id);
    let from = name(graph, walk.input_of(graph, id));
    let Some((_, given)) = walk.view(Tensor::Output(id)) else { return String::new() };
    let (kind, shape) = (node.layer.op().kind(), node.output.to_string());
    let what = match (node.layer.op().kind().name, node.window()) {
        ("conv2d", Window::Slide { kernel, .. }) => {
            format!("{} filters of {}×{} slide over {from} and give {shape}", node.output.ch, kernel.h, kernel.w)
        }
        ("max_pool2d", Window::Slide { kernel, .. }) => {
            format!("The largest of every {}×{} numbers of {from} stays: {shape}", kernel.h, kernel.w)
        }
        ("relu", _) => format!("What is below zero in {from} becomes zero; {} stay", share(alive(given), given.len())),
        ("dense", _) => format!("Each of {} sums weighs all {} numbers of {from}", node.output.ch, node.input.len()),
        _ => format!("{} turns {from} into {shape}", kind.title),
    };
    format!("{what}. The numbers go from {}.", span(given))
}

fn loss_words(walk: &Walk, loss: &LossSpec, names: &ClassNames) -> String {
    let trace = &walk.trace;
    let p = trace.probabilities.get(usize::from(trace.label)).copied().unwrap_or_default();
    let own = plain(trace.example_loss);
    let start = format!(
        "The network gives the right class, {}, a probability of {}.",
        names.get(usize::from(trace.label)),
        number::percent(f64::from(p))
    );
    let middle = if *loss == LossSpec::default() {
        format!("Its loss is −ln {} = {own}", number::short(f64::from(p)))
    } else {
        format!("Its loss is {own}")
    };
    format!(
        "{start} {middle}; the mean over the {} images is {}, and {} are right.",
        trace.batch,
        plain(trace.loss),
        share(trace.correct as usize, trace.batch as usize)
    )
}

fn backward(graph: &Graph, walk: &Walk, id: NodeId) -> String {
    let node = graph.node(id);
    let from = walk.input_of(graph, id);
    let came = walk.view(Tensor::OutputGrad(id)).map(|(_, numbers)| numbers);
    let goes = match from {
        Tensor::Output(before) => walk.view(Tensor::OutputGrad(before)).map(|(_, numbers)| numbers),
        _ => None,
    };
    let reach = match (node.layer.op().kind().name, goes) {
        ("max_pool2d", Some(goes)) => {
            format!("Only the winner of each window hears of the error: {} cells get a gradient", share(alive(goes), goes.len()))
        }
        ("relu", Some(goes)) => format!("Where ReLU gave zero nothing passes: {} cells get a gradient", share(alive(goes), goes.len())),
        ("conv2d" | "dense", Some(_)) => {
            format!("The error goes back through the same weights to {}, and tells each weight how it should move", name(graph, from))
        }
        ("conv2d" | "dense", None) => "The error tells each weight how it should move; the image itself does not change".to_owned(),
        (_, Some(_)) => format!("The error goes back through {} to {}", node.name, name(graph, from)),
        (_, None) => format!("The error has come back to {}", node.name),
    };
    match came {
        Some(came) => format!("{reach}. What arrives goes from {}.", span(came)),
        None => format!("{reach}."),
    }
}

fn update(graph: &Graph, walk: &Walk, id: NodeId, rule: &str) -> String {
    let node = graph.node(id);
    let changes = walk.trace.changes.get(node.params.clone()).unwrap_or_default();
    let length = |of: fn(&protocol::ParamChange) -> f64| changes.iter().map(|c| of(c).powi(2)).sum::<f64>().sqrt();
    let (before, change) = (length(|c| c.before), length(|c| c.change));
    let count: usize = graph.params[node.params.clone()].iter().map(|p| p.range.len()).sum();
    let share = if before > 0.0 { format!(", {} of their length", number::percent(change / before)) } else { String::new() };
    format!(
        "The optimizer ({rule}, rate {}) moves the {} weights of {} by {}{share}.",
        number::rate(walk.trace.rate),
        number::grouped(count as u64),
        node.name,
        plain(change)
    )
}
