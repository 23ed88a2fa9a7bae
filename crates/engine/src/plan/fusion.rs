//! Which layers run: identities are left out, activations fused into the layer before them.

use super::{Mode, Watch};
use crate::{Graph, NodeId, graph::Feed, ops::Activation};

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
    pub gives: NodeId,
}

/// Leaves identities out and fuses activations into the layer before them, where nobody watches
/// what that layer gives and nobody else reads it.
pub fn choose_launches(graph: &Graph, mode: Mode, watch: &Watch) -> (Vec<Launch>, Vec<Home>) {
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
            && !watch.has(source)
            && graph.nodes.iter().filter(|n| n.inputs.contains(&Feed::Node(source))).count() == 1
            && graph.node(source).layer.op().kind().absorbs.contains(&activation)
        {
            launches[i].activation = Some(activation);
            launches[i].gives = node.id;
            from
        } else {
            launches.push(Launch { node: node.id, activation: None, gives: node.id });
            Home::Step(launches.len() - 1)
        };
        homes.push(home);
    }
    (launches, homes)
}
