//! Which layers run: identities are left out, activations and poolings fused into the layer before them.

use super::{Mode, Watch};
use crate::{
    Graph, LayerSpec, NodeId, Shape,
    graph::{Feed, Node},
    ops::Activation,
};

/// Where a layer's output lies: an identity shares its input's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Home {
    Image,
    /// The output of this step.
    Step(usize),
}

/// A layer that becomes a step.
pub struct Launch {
    pub node: NodeId,
    pub activation: Option<Activation>,
    pub pooled: Option<Shape>,
    pub gives: NodeId,
}

/// Leaves identities out and fuses activations (and, where `pools`, poolings) into the layer before them, where nobody
/// watches what that layer gives and nobody else reads it.
pub fn choose_launches(graph: &Graph, mode: Mode, watch: &Watch, pools: bool) -> (Vec<Launch>, Vec<Home>) {
    let lone = |id: NodeId| !watch.has(id) && graph.nodes.iter().filter(|n| n.inputs.contains(&Feed::Node(id))).count() == 1;
    let (mut launches, mut homes): (Vec<Launch>, Vec<Home>) = (Vec::new(), Vec::new());
    for node in &graph.nodes {
        let kind = node.layer.op().kind();
        let from = match node.inputs[0] {
            Feed::Image => Home::Image,
            Feed::Node(id) => homes[id.0],
        };
        let home = if kind.identity_in.contains(&mode) {
            from
        } else if let (Some(activation), Home::Step(i)) = (kind.activation, from)
            && let source = launches[i].node
            && node.inputs[0] == Feed::Node(source)
            && lone(source)
            && graph.node(source).layer.op().kind().absorbs.contains(&activation)
        {
            launches[i].activation = Some(activation);
            launches[i].gives = node.id;
            from
        } else if let (true, Home::Step(i)) = (pools, from)
            && let last = launches[i].gives
            && node.inputs[0] == Feed::Node(last)
            && lone(last)
            && takes_pooling(graph.node(launches[i].node), node)
        {
            launches[i].pooled = Some(node.output);
            launches[i].gives = node.id;
            from
        } else {
            launches.push(Launch { node: node.id, activation: None, pooled: None, gives: node.id });
            Home::Step(launches.len() - 1)
        };
        homes.push(home);
    }
    (launches, homes)
}

/// Whether `layer` can pool while it writes, as `next` does.
fn takes_pooling(layer: &Node, next: &Node) -> bool {
    match (&layer.layer, &next.layer) {
        (LayerSpec::Conv2d(conv), LayerSpec::MaxPool2d(pool)) => {
            let first = layer.inputs[0] == Feed::Image;
            pool.halves(layer.output) && conv.takes_pooling(layer.input, layer.output, first)
        }
        _ => false,
    }
}
