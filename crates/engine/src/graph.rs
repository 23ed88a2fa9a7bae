//! The checked network: it exists only if every shape agrees.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    LayerSpec, ModelSpec, Shape, ShapeError, SpecError,
    ops::{Cost, ParamRole, Window},
};

/// Index of a layer, in the order of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub usize);

/// Index into [`Graph::params`] (or, for running statistics, into [`Graph::state`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParamId(pub usize);

/// Where a node takes an input from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Feed {
    Image,
    Node(NodeId),
}

/// One contiguous tensor of the parameter or the state block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// PyTorch's name in an `nn.Sequential`: `"0.weight"`, `"1.running_mean"`.
    pub name: String,
    pub node: NodeId,
    pub role: ParamRole,
    pub dims: Vec<usize>,
    /// Place in the block of its kind, in numbers.
    pub range: Range<usize>,
    /// Inputs that one output sums over (for initialisation).
    pub fan_in: usize,
    /// Outputs that one input reaches.
    pub fan_out: usize,
}

/// Receptive field of one unit, in pixels of the image.
///
/// With kernel `k`, dilation `d`, stride `s`, padding `p` of a layer and `jump` the product of the
/// strides before it: `size += (k - 1) · d · jump`, `start -= p · jump`, `jump *= s`.
/// (Araujo, Norris, Sim: *Computing Receptive Fields of Convolutional Neural Networks*, Distill 2019.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Rows and columns seen by one unit.
    pub size: [usize; 2],
    /// Pixels between the fields of neighbouring units.
    pub jump: [usize; 2],
    /// First row and column of the field of unit (0, 0); negative in the padding.
    pub start: [i64; 2],
}

impl Reach {
    const PIXEL: Self = Self { size: [1, 1], jump: [1, 1], start: [0, 0] };

    fn through(self, window: Window, input: Shape, image: Shape) -> Self {
        match window {
            Window::Point => self,
            Window::Whole if input.is_flat() && self.size == [image.h, image.w] => self,
            Window::Whole => Self { size: [image.h, image.w], jump: [0, 0], start: [0, 0] },
            Window::Slide { kernel, stride, dilation, pad } => {
                let axis = |i: usize, k: usize, s: usize, d: usize, p: usize| {
                    // Strides of many layers multiply beyond any number, on a map of one unit as well.
                    let (span, jump) = ((k - 1).saturating_mul(d), self.jump[i]);
                    let lead = i64::try_from(p.saturating_mul(jump)).unwrap_or(i64::MAX);
                    (self.size[i].saturating_add(span.saturating_mul(jump)), jump.saturating_mul(s), self.start[i].saturating_sub(lead))
                };
                let (h, jh, sh) = axis(0, kernel.h, stride.h, dilation.h, pad.top);
                let (w, jw, sw) = axis(1, kernel.w, stride.w, dilation.w, pad.left);
                Self { size: [h, w], jump: [jh, jw], start: [sh, sw] }
            }
        }
    }
}

/// One layer with everything that follows from its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: NodeId,
    /// `conv1`, `conv2`, `dense1`: short and unique in the network.
    pub name: String,
    pub layer: LayerSpec,
    pub inputs: Vec<Feed>,
    pub input: Shape,
    pub output: Shape,
    /// This node's tensors in [`Graph::params`].
    pub params: Range<usize>,
    /// This node's tensors in [`Graph::state`] (running statistics).
    pub state: Range<usize>,
    /// Numbers kept from forward to backward: per example, and once.
    pub saved: (usize, usize),
    /// Work for one example's forward pass.
    pub cost: Cost,
    pub reach: Reach,
}

/// A network in which every shape agrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub spec: ModelSpec,
    pub nodes: Vec<Node>,
    /// What training changes, in order; one contiguous block.
    pub params: Vec<Param>,
    /// What training keeps beside it (running mean and variance); one contiguous block.
    pub state: Vec<Param>,
}

/// Largest extent of an image side or channel count that is accepted.
pub const EXTENT_LIMIT: usize = 4096;
/// Largest count of numbers in one tensor of one example, and of weights in a network.
pub const TENSOR_LIMIT: usize = 1 << 26;
const LAYER_LIMIT: usize = 256;

/// `count` numbers fit a tensor, or the error that says so.
pub(crate) fn limit(what: &str, count: usize) -> Result<(), ShapeError> {
    if count <= TENSOR_LIMIT {
        Ok(())
    } else {
        Err(ShapeError::TooLarge { what: what.to_owned(), count: count as u64, limit: TENSOR_LIMIT as u64 })
    }
}

impl Graph {
    /// Works out every shape, parameter and cost.
    ///
    /// # Errors
    /// The first thing that is wrong, with the layer at which it shows. Never panics, whatever the
    /// specification says.
    pub fn check(spec: &ModelSpec) -> Result<Self, SpecError> {
        let image = spec.input;
        if [image.ch, image.h, image.w].iter().any(|&n| n == 0 || n > EXTENT_LIMIT) || image.len() > TENSOR_LIMIT {
            return Err(SpecError::Input { got: image, most: EXTENT_LIMIT });
        }
        if spec.layers.is_empty() {
            return Err(SpecError::NoLayers);
        }
        if spec.layers.len() > LAYER_LIMIT {
            return Err(SpecError::TooManyLayers { count: spec.layers.len(), most: LAYER_LIMIT });
        }
        let mut graph = Self { spec: spec.clone(), nodes: Vec::new(), params: Vec::new(), state: Vec::new() };
        let (mut params_len, mut state_len) = (0usize, 0usize);
        let (mut shape, mut feed, mut reach) = (image, Feed::Image, Reach::PIXEL);
        for (index, layer) in spec.layers.iter().enumerate() {
            let id = NodeId(index);
            let op = layer.op();
            let at = |error| SpecError::Layer { node: id, op: op.kind().name.to_owned(), error };
            let inferred = op.infer(&[shape]).map_err(at)?;
            let len_of = |dims: &[usize]| dims.iter().fold(1usize, |n, d| n.saturating_mul(*d));
            limit("the output of this layer", inferred.output.len()).map_err(at)?;
            let asked = inferred.params.iter().fold(params_len, |sum, p| sum.saturating_add(len_of(&p.dims)));
            limit("the network with the weights of this layer", asked).map_err(at)?;
            let (first_param, first_state) = (graph.params.len(), graph.state.len());
            for p in inferred.params {
                let (list, used) =
                    if p.role.is_trained() { (&mut graph.params, &mut params_len) } else { (&mut graph.state, &mut state_len) };
                let len = len_of(&p.dims);
                list.push(Param {
                    name: format!("{index}.{}", p.name),
                    node: id,
                    role: p.role,
                    range: *used..*used + len,
                    dims: p.dims,
                    fan_in: p.fan_in,
                    fan_out: p.fan_out,
                });
                *used += len;
            }
            reach = reach.through(inferred.window, shape, image);
            let same = spec.layers[..=index].iter().filter(|l| l.op().kind().name == op.kind().name).count();
            graph.nodes.push(Node {
                id,
                name: format!("{}{same}", op.kind().short),
                layer: layer.clone(),
                inputs: vec![feed],
                input: shape,
                output: inferred.output,
                params: first_param..graph.params.len(),
                state: first_state..graph.state.len(),
                saved: inferred.saved,
                cost: inferred.cost,
                reach,
            });
            (shape, feed) = (inferred.output, Feed::Node(id));
        }
        if graph.params.is_empty() {
            return Err(SpecError::NothingToLearn);
        }
        Ok(graph)
    }

    /// As [`Graph::check`], and the last layer must give one score for each of `classes`.
    pub fn check_classifier(spec: &ModelSpec, classes: usize) -> Result<Self, SpecError> {
        let graph = Self::check(spec)?;
        let last = &graph.nodes[graph.nodes.len() - 1];
        if last.output != Shape::flat(classes) {
            return Err(SpecError::Output { node: last.id, got: last.output, classes });
        }
        Ok(graph)
    }

    pub fn output(&self) -> Shape {
        self.nodes[self.nodes.len() - 1].output
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Numbers that training changes.
    pub fn params_len(&self) -> usize {
        self.params.last().map_or(0, |p| p.range.end)
    }

    /// Numbers in the running statistics.
    pub fn state_len(&self) -> usize {
        self.state.last().map_or(0, |p| p.range.end)
    }

    /// Work for one example's forward pass.
    pub fn cost(&self) -> Cost {
        Cost { multiply_adds: self.nodes.iter().map(|n| n.cost.multiply_adds).sum() }
    }
}
