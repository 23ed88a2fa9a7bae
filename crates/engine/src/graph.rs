//! The checked network: it exists only if every shape agrees.

use std::ops::Range;

use serde::Serialize;

use crate::{
    LayerSpec, Mode, ModelSpec, Reach, Shape, ShapeError, SpecError,
    json::Read,
    ops::{Cost, INPUTS_LIMIT, Others, ParamRole, Window},
};

/// Index of a layer, in the order of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Read)]
#[serde(transparent)]
pub struct NodeId(pub usize);

/// Index into [`Graph::params`] (or, for running statistics, into [`Graph::state`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Read)]
#[serde(transparent)]
pub struct ParamId(pub usize);

/// Where a node takes an input from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Read)]
pub enum Feed {
    Image,
    Node(NodeId),
}

/// One contiguous tensor of the parameter or the state block.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Param {
    /// PyTorch's name in an `nn.Sequential`: `"0.weight"`, `"1.running_mean"`; in a branch of a join, which
    /// is an `nn.ModuleList` of such, `"3.1.0.weight"`.
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

/// One layer with everything that follows from its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: NodeId,
    /// Place in the specification: the layer's number, and within a join the branch's and the layer's in it,
    /// and so on: `[3, 1, 0]` is the first layer of the second branch of layer 3.
    pub path: Vec<usize>,
    /// `conv1`, `conv2`, `dense1`: short and unique in the network.
    pub name: String,
    pub layer: LayerSpec,
    pub inputs: Vec<Feed>,
    /// Shape of the first input.
    pub input: Shape,
    /// Shapes of the further inputs of a join.
    pub others: Others,
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

impl Node {
    /// Shapes of all inputs.
    pub fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        std::iter::once(self.input).chain(self.others.iter().copied())
    }

    /// What one unit of the output sees of the inputs.
    pub fn window(&self) -> Window {
        // A node exists only where its layer accepted these shapes.
        self.layer.op().infer(&self.shapes().collect::<Vec<_>>()).map_or(Window::Whole, |inferred| inferred.window)
    }

    /// Bytes of what the layer gives out in a batch and, in training, of its gradient and of what is kept for
    /// the way back.
    pub fn memory_bytes(&self, batch: usize, mode: Mode) -> usize {
        let (each, once) = if mode == Mode::Train { (2 * self.output.len() + self.saved.0, self.saved.1) } else { (self.output.len(), 0) };
        each.saturating_mul(batch).saturating_add(once).saturating_mul(4)
    }
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
/// Longest path of a layer in the specification: eight joins within each other.
pub(crate) const DEPTH_LIMIT: usize = 16;

/// What one layer hands to the next.
#[derive(Clone, Copy)]
struct Flow {
    feed: Feed,
    shape: Shape,
    reach: Reach,
}

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
        let (graph, grown) = Self::grown(spec);
        grown.map(|()| graph)
    }

    /// The layers up to the first that is wrong, and what is wrong.
    pub(crate) fn grown(spec: &ModelSpec) -> (Self, Result<(), SpecError>) {
        let mut graph = Self { spec: spec.clone(), nodes: Vec::new(), params: Vec::new(), state: Vec::new() };
        let grown = graph.fill(spec);
        (graph, grown)
    }

    fn fill(&mut self, spec: &ModelSpec) -> Result<(), SpecError> {
        let image = spec.input;
        if [image.ch, image.h, image.w].iter().any(|&n| n == 0 || n > EXTENT_LIMIT) || image.len() > TENSOR_LIMIT {
            return Err(SpecError::Input { got: image, most: EXTENT_LIMIT });
        }
        spec.init.check()?;
        if spec.layers.is_empty() {
            return Err(SpecError::NoLayers);
        }
        if spec.layers.len() > LAYER_LIMIT {
            return Err(SpecError::TooManyLayers { count: spec.layers.len(), most: LAYER_LIMIT });
        }
        self.grow(&spec.layers, &[], Flow { feed: Feed::Image, shape: image, reach: Reach::PIXEL })?;
        if self.params.is_empty() {
            return Err(SpecError::NothingToLearn);
        }
        Ok(())
    }

    /// Appends `layers`, which stand at `path`, and says what flows out of them.
    fn grow(&mut self, layers: &[LayerSpec], path: &[usize], mut flow: Flow) -> Result<Flow, SpecError> {
        for (index, layer) in layers.iter().enumerate() {
            let path = [path, &[index]].concat();
            let branches = layer.op().branches();
            if path.len() > DEPTH_LIMIT && !branches.is_empty() {
                return Err(SpecError::TooDeep { node: NodeId(self.nodes.len()), most: DEPTH_LIMIT / 2 });
            }
            let flows = match branches {
                [] => vec![flow],
                some => some
                    .iter()
                    .take(INPUTS_LIMIT + 1)
                    .enumerate()
                    .map(|(branch, layers)| self.grow(layers, &[&path[..], &[branch]].concat(), flow))
                    .collect::<Result<_, _>>()?,
            };
            flow = self.append(layer, path, &flows)?;
        }
        Ok(flow)
    }

    /// Appends one layer that takes in `flows`.
    fn append(&mut self, layer: &LayerSpec, path: Vec<usize>, flows: &[Flow]) -> Result<Flow, SpecError> {
        let id = NodeId(self.nodes.len());
        let op = layer.op();
        let at = |error| SpecError::Layer { node: id, op: op.kind().name.to_owned(), error };
        let shapes: Vec<Shape> = flows.iter().map(|f| f.shape).collect();
        let inferred = op.infer(&shapes).map_err(at)?;
        let len_of = |dims: &[usize]| dims.iter().fold(1usize, |n, d| n.saturating_mul(*d));
        limit("the output of this layer", inferred.output.len()).map_err(at)?;
        let asked = inferred.params.iter().fold(self.params_len().max(self.state_len()), |sum, p| sum.saturating_add(len_of(&p.dims)));
        limit("the network with the weights of this layer", asked).map_err(at)?;
        let (first_param, first_state) = (self.params.len(), self.state.len());
        let place: Vec<String> = path.iter().map(ToString::to_string).collect();
        for p in inferred.params {
            let used = if p.role.is_trained() { self.params_len() } else { self.state_len() };
            let list = if p.role.is_trained() { &mut self.params } else { &mut self.state };
            list.push(Param {
                name: format!("{}.{}", place.join("."), p.name),
                node: id,
                role: p.role,
                range: used..used + len_of(&p.dims),
                dims: p.dims,
                fan_in: p.fan_in,
                fan_out: p.fan_out,
            });
        }
        // A shape rule accepts at least one input.
        let reach = flows.iter().map(|f| f.reach).reduce(Reach::joined).unwrap_or(Reach::PIXEL);
        let reach = reach.through(inferred.window, shapes[0], self.spec.input);
        let same = 1 + self.nodes.iter().filter(|n| n.layer.op().kind().name == op.kind().name).count();
        self.nodes.push(Node {
            id,
            path,
            name: format!("{}{same}", op.kind().short),
            layer: layer.clone(),
            inputs: flows.iter().map(|f| f.feed).collect(),
            input: shapes[0],
            others: Others::new(&shapes[1..]),
            output: inferred.output,
            params: first_param..self.params.len(),
            state: first_state..self.state.len(),
            saved: inferred.saved,
            cost: inferred.cost,
            reach,
        });
        if self.nodes.len() > LAYER_LIMIT {
            return Err(SpecError::TooManyLayers { count: self.nodes.len(), most: LAYER_LIMIT });
        }
        Ok(Flow { feed: Feed::Node(id), shape: inferred.output, reach })
    }

    /// As [`Graph::check`], and the last layer must give one score for each of `classes`.
    pub fn check_classifier(spec: &ModelSpec, classes: usize) -> Result<Self, SpecError> {
        let graph = Self::check(spec)?;
        graph.scores(classes).map(|()| graph)
    }

    /// The last layer gives one score for each of `classes`, or the error that says so.
    pub(crate) fn scores(&self, classes: usize) -> Result<(), SpecError> {
        match self.nodes.last() {
            Some(last) if last.output != Shape::flat(classes) => Err(SpecError::Output { node: last.id, got: last.output, classes }),
            _ => Ok(()),
        }
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
