//! What a single cell really looks at: the gradient of its number by every pixel of the image (Luo, Li, Urtasun,
//! Zemel, *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, 2016).

use std::sync::Arc;

use engine::{
    Cpu, Graph, LayerSpec, Mode, ModelSpec, NodeId, OptimizerSpec, Pair, Plan, PlanOptions, Run, StepInputs, Tensor, graph::Feed,
    ops::Conv2d, plan::Watch,
};

use crate::{ExplainError, twin};

/// The part of a network that leads to one layer, made ready to be gone through backwards.
#[derive(Clone, Debug)]
pub struct FieldMeter {
    node: NodeId,
    /// The network up to the layer, behind a convolution that changes nothing.
    graph: Arc<Graph>,
    /// The layers that lead there, in order.
    lineage: Vec<NodeId>,
    twin: Cpu,
    run: Run,
}

impl FieldMeter {
    /// For cells of `node`.
    ///
    /// # Errors
    /// A layer that cannot be gone through.
    pub fn new(graph: &Graph, node: NodeId, params: &[f32], state: &[f32]) -> Result<Self, ExplainError> {
        let lineage = lineage(graph, node);
        let ch = graph.spec.input.ch;
        let lead = Conv2d { out_ch: ch, kernel: Pair::one(), groups: ch, bias: false, ..Conv2d::default() };
        let mut layers: Vec<LayerSpec> = vec![lead.into()];
        let path = graph.nodes.get(node.0).map(|n| &n.path[..]).unwrap_or_default();
        up_to(&graph.spec.layers, path, &mut layers);
        let graph_to = Arc::new(Graph::check(&ModelSpec { input: graph.spec.input, layers, init: graph.spec.init })?);
        let (own_params, own_state) = gather(graph, &lineage, params, state);
        let (spec, twin_params) = twin::of(&graph_to, &own_params, &own_state)?;
        let twin_graph = Arc::new(Graph::check(&spec)?);
        let mut twin = Cpu::new(&twin_graph, OptimizerSpec::default(), 0);
        twin.params.copy_from_slice(&twin_params);
        let run = Run::new(Plan::compile(&twin_graph, &PlanOptions { batch: 1, mode: Mode::Train, watch: Watch::Everything })?);
        Ok(Self { node, graph: graph_to, lineage, twin, run })
    }

    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Takes the weights of another moment, all those of the whole network.
    ///
    /// # Errors
    /// As [`FieldMeter::new`].
    pub fn renew(&mut self, graph: &Graph, params: &[f32], state: &[f32]) -> Result<(), ExplainError> {
        let (own_params, own_state) = gather(graph, &self.lineage, params, state);
        let (_, twin_params) = twin::of(&self.graph, &own_params, &own_state)?;
        self.twin.params.copy_from_slice(&twin_params);
        Ok(())
    }

    /// The gradient of number `index` of what the layer gives, by each pixel of `image`. Empty for a number that
    /// there is not, or an image of another size.
    pub fn field(&mut self, image: &[f32], index: usize) -> Vec<f32> {
        let mut d_output = vec![0.0; self.twin.graph.output().len()];
        if image.len() != self.run.images.len() {
            return Vec::new();
        }
        let Some(cell) = d_output.get_mut(index) else { return Vec::new() };
        *cell = 1.0;
        self.run.images.copy_from_slice(image);
        self.twin.forward(&mut self.run, &StepInputs::default());
        self.twin.backward_from(&mut self.run, &d_output, &StepInputs::default());
        self.twin.read(&self.run, Tensor::OutputGrad(NodeId(0))).unwrap_or_default().to_vec()
    }
}

/// The layers of the list down to the one at `path`: a branch takes in what reaches its join, so the way to a layer
/// in it is what stands before the join and then the branch.
fn up_to(layers: &[LayerSpec], path: &[usize], to: &mut Vec<LayerSpec>) {
    match *path {
        [last] => to.extend(layers.iter().take(last + 1).cloned()),
        [join, branch, ref rest @ ..] => {
            to.extend(layers.iter().take(join).cloned());
            if let Some(branch) = layers.get(join).and_then(|join| join.op().branches().get(branch)) {
                up_to(branch, rest, to);
            }
        }
        [] => {}
    }
}

/// `node` and all that it depends on, in order.
fn lineage(graph: &Graph, node: NodeId) -> Vec<NodeId> {
    let mut needed = vec![false; graph.nodes.len()];
    if let Some(own) = needed.get_mut(node.0) {
        *own = true;
    }
    for index in (0..graph.nodes.len()).rev().filter(|i| *i <= node.0) {
        if needed[index] {
            for feed in &graph.nodes[index].inputs {
                if let Feed::Node(before) = feed {
                    needed[before.0] = true;
                }
            }
        }
    }
    (0..graph.nodes.len()).filter(|i| needed[*i]).map(NodeId).collect()
}

/// Parameters and running statistics of the lineage, behind the weights of the convolution that changes nothing.
fn gather(graph: &Graph, lineage: &[NodeId], params: &[f32], state: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let mut own = (vec![1.0; graph.spec.input.ch], Vec::new());
    for node in lineage.iter().map(|id| graph.node(*id)) {
        for param in &graph.params[node.params.clone()] {
            own.0.extend(params.get(param.range.clone()).unwrap_or_default());
        }
        for param in &graph.state[node.state.clone()] {
            own.1.extend(state.get(param.range.clone()).unwrap_or_default());
        }
    }
    own
}
