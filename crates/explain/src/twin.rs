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
    let mut making = Making { graph, params, state, next: 0, own: Vec::with_capacity(params.len()) };
    let mut layers = vec![still()];
    layers.extend(making.layers(&graph.spec.layers)?);
    Ok((ModelSpec { input: graph.spec.input, layers, init: graph.spec.init }, making.own))
}

struct Making<'a> {
    graph: &'a Graph,
    params: &'a [f32],
    state: &'a [f32],
    /// The node that comes next: a graph has them in the order of the specification, branches before their join.
    next: usize,
    own: Vec<f32>,
}

impl Making<'_> {
    fn layers(&mut self, layers: &[LayerSpec]) -> Result<Vec<LayerSpec>, ExplainError> {
        layers
            .iter()
            .map(|layer| {
                let op = layer.op();
                let branches = op.branches().iter().map(|b| self.layers(b)).collect::<Result<Vec<_>, _>>()?;
                let node = &self.graph.nodes[self.next];
                self.next += 1;
                op.with_branches(branches).map_or_else(|| self.layer(node), Ok)
            })
            .collect()
    }

    fn layer(&mut self, node: &Node) -> Result<LayerSpec, ExplainError> {
        let numbers =
            |list: &[engine::Param], block: &[f32]| -> Vec<f32> { list.iter().flat_map(|p| &block[p.range.clone()]).copied().collect() };
        let weights = numbers(&self.graph.params[node.params.clone()], self.params);
        let statistics = numbers(&self.graph.state[node.state.clone()], self.state);
        let kind = node.layer.op().kind();
        let (layer, numbers) = match &node.layer {
            LayerSpec::BatchNorm2d(norm) => (depthwise(node), folded(norm, &weights, &statistics)),
            _ if kind.identity_in.contains(&Mode::Eval) && !kind.identity_in.contains(&Mode::Train) => (still(), Vec::new()),
            other if statistics.is_empty() => (other.clone(), weights),
            _ => return Err(ExplainError::Layer { node: node.id, op: kind.name }),
        };
        self.own.extend(numbers);
        Ok(layer)
    }
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
