//! The network as it is evaluated, of layers that go backward.
//!
//! | layer | its twin |
//! |---|---|
//! | batch normalisation | depthwise 1×1 convolution with `w = γ / √(σ² + eps)`, `b = β − μ · w` (running μ, σ²) |
//! | identity in evaluation (dropout) | average over windows of one pixel |
//! | any other | itself |
//!
//! Before the first layer stands one more average over one pixel: its output is the image, and the
//! gradient of its output the image's.

use engine::{
    Graph, LayerSpec, Mode, ModelSpec, Node, Padding, Pair,
    ops::{AvgPool2d, BatchNorm2d, Conv2d},
};

use crate::ExplainError;

/// Layers that stand before the network's own.
pub const LEAD: usize = 1;

/// The twin of `graph` with these numbers, and the twin's own parameters.
pub fn of(graph: &Graph, params: &[f32], state: &[f32]) -> Result<(ModelSpec, Vec<f32>), ExplainError> {
    let mut layers = vec![still()];
    let mut own = Vec::with_capacity(params.len());
    for node in &graph.nodes {
        let first = |list: &[engine::Param]| list.iter().flat_map(|p| p.range.clone()).collect::<Vec<_>>();
        let weights: Vec<f32> = first(&graph.params[node.params.clone()]).into_iter().map(|i| params[i]).collect();
        let statistics: Vec<f32> = first(&graph.state[node.state.clone()]).into_iter().map(|i| state[i]).collect();
        let kind = node.layer.op().kind();
        let (layer, numbers) = match &node.layer {
            LayerSpec::BatchNorm2d(norm) => (depthwise(node), folded(norm, &weights, &statistics)),
            _ if kind.identity_in.contains(&Mode::Eval) && !kind.identity_in.contains(&Mode::Train) => (still(), Vec::new()),
            other if statistics.is_empty() => (other.clone(), weights),
            _ => return Err(ExplainError::Layer { node: node.id, op: kind.name }),
        };
        layers.push(layer);
        own.extend(numbers);
    }
    Ok((ModelSpec { input: graph.spec.input, layers, init: graph.spec.init }, own))
}

/// A layer whose output is its input, and which yet runs.
fn still() -> LayerSpec {
    AvgPool2d { kernel: Pair::one(), stride: Pair::one(), pad: Padding::default(), count_include_pad: true }.into()
}

fn depthwise(node: &Node) -> LayerSpec {
    let ch = node.input.ch;
    Conv2d { out_ch: ch, kernel: Pair::one(), groups: ch, bias: true, ..Conv2d::default() }.into()
}

/// Weights, then biases.
fn folded(norm: &BatchNorm2d, params: &[f32], state: &[f32]) -> Vec<f32> {
    let ch = params.len() / 2;
    let ((gain, bias), (mean, var)) = (params.split_at(ch), state.split_at(ch));
    let wide = f64::from;
    let scale: Vec<f64> = gain.iter().zip(var).map(|(g, v)| wide(*g) / (wide(*v) + wide(norm.eps)).sqrt()).collect();
    let shift = bias.iter().zip(mean).zip(&scale).map(|((b, m), s)| wide(*b) - wide(*m) * s);
    scale.iter().copied().chain(shift).map(|x| x as f32).collect()
}
