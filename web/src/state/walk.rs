//! A step of training as a walk from stop to stop.

use data::PIXELS;
use engine::{Graph, Mode, NodeId, ParamId, Tensor, graph::Feed};
use protocol::{Trace, View};

use super::{Origin, Sample};
use crate::link::message::Picked;

/// Where a walk stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The image that is followed.
    Image,
    Forward(NodeId),
    Loss,
    Backward(NodeId),
    /// The weights of a layer.
    Update(NodeId),
    /// The step is made.
    Made,
}

/// The four parts of a step.
pub const PARTS: [&str; 4] = ["Forward", "Loss", "Backward", "Update"];

impl Stop {
    /// Which of [`PARTS`].
    pub fn part(self) -> usize {
        match self {
            Self::Image | Self::Forward(_) => 0,
            Self::Loss => 1,
            Self::Backward(_) => 2,
            Self::Update(_) | Self::Made => 3,
        }
    }
}

/// The numbers of a step and the way through them.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    pub trace: Trace,
    pub numbers: Vec<f32>,
    pub stops: Vec<Stop>,
}

impl Walk {
    pub fn of(graph: &Graph, trace: Trace, numbers: Vec<f32>) -> Self {
        // What passes everything on has nothing to show.
        let works = |id: &NodeId| !graph.node(*id).layer.op().kind().identity_in.contains(&Mode::Train);
        let nodes: Vec<NodeId> = (0..graph.nodes.len()).map(NodeId).filter(works).collect();
        let mut stops = vec![Stop::Image];
        stops.extend(nodes.iter().copied().map(Stop::Forward));
        stops.push(Stop::Loss);
        stops.extend(nodes.iter().rev().copied().map(Stop::Backward));
        stops.extend(nodes.iter().copied().filter(|id| !graph.node(*id).params.is_empty()).map(Stop::Update));
        stops.push(Stop::Made);
        Self { trace, numbers, stops }
    }

    pub fn stop(&self, at: usize) -> Stop {
        self.stops.get(at).copied().unwrap_or(Stop::Made)
    }

    pub fn last(&self) -> usize {
        self.stops.len() - 1
    }

    /// The numbers of `tensor` for the followed image, with their extents.
    pub fn view(&self, tensor: Tensor) -> Option<(&[usize], &[f32])> {
        self.find(&self.trace.views, tensor)
    }

    /// A parameter after the update.
    pub fn after(&self, param: ParamId) -> Option<&[f32]> {
        self.find(&self.trace.after, Tensor::Param(param)).map(|(_, numbers)| numbers)
    }

    fn find<'a>(&'a self, views: &'a [View], tensor: Tensor) -> Option<(&'a [usize], &'a [f32])> {
        let view = views.iter().find(|v| v.tensor == tensor)?;
        Some((&view.dims, self.numbers.get(view.range.clone())?))
    }

    /// What flows into a layer: the tensor that another one gave, or the image.
    pub fn input_of(&self, graph: &Graph, node: NodeId) -> Tensor {
        source(graph, graph.node(node).inputs[0])
    }

    /// What is lit on the stage at a stop.
    pub fn lit(&self, graph: &Graph, at: usize) -> Vec<Tensor> {
        let weights = |node: NodeId| graph.node(node).params.clone().map(|i| Tensor::Param(ParamId(i)));
        match self.stop(at) {
            Stop::Image => vec![Tensor::Input],
            Stop::Forward(node) | Stop::Backward(node) => std::iter::once(Tensor::Output(node)).chain(weights(node)).collect(),
            Stop::Loss => vec![Tensor::Output(NodeId(graph.nodes.len() - 1))],
            // The stage shows filters as tiles; of other weights it shows what they give.
            Stop::Update(node) => {
                let has_filters = graph.params[graph.node(node).params.clone()].iter().any(|p| p.dims.len() == 4);
                weights(node).chain((!has_filters).then_some(Tensor::Output(node))).collect()
            }
            Stop::Made => (0..graph.params.len()).map(|i| Tensor::Param(ParamId(i))).collect(),
        }
    }

    /// The followed image as the sample.
    pub fn show_image(&self, sample: &mut Sample) {
        if let Some((_, image)) = self.view(Tensor::Input).filter(|(_, image)| image.len() == PIXELS) {
            image.clone_into(&mut sample.image);
            let Trace { place, label, .. } = self.trace;
            sample.origin = Origin::Digit(Picked { set: "batch".to_owned(), index: place, label });
        }
    }
}

/// The tensor that feeds a layer. Identities show what they pass on.
fn source(graph: &Graph, feed: Feed) -> Tensor {
    match feed {
        Feed::Image => Tensor::Input,
        Feed::Node(id) if graph.node(id).layer.op().kind().identity_in.contains(&Mode::Train) => source(graph, graph.node(id).inputs[0]),
        Feed::Node(id) => Tensor::Output(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_forward_and_comes_back() {
        for preset in engine::presets::PRESETS {
            let graph = Graph::check(&preset.model()).unwrap();
            let trace = Trace {
                step: 0,
                place: 0,
                batch: 1,
                label: 0,
                rate: 0.1,
                loss: 0.0,
                example_loss: 0.0,
                correct: 0,
                probabilities: vec![],
                changes: vec![],
                views: vec![],
                after: vec![],
            };
            let walk = Walk::of(&graph, trace, vec![]);
            assert_eq!((walk.stop(0), walk.stop(walk.last())), (Stop::Image, Stop::Made), "{}", preset.slug);
            let parts: Vec<usize> = walk.stops.iter().map(|s| s.part()).collect();
            assert!(parts.is_sorted(), "{}", preset.slug);
            let count = |part: usize| parts.iter().filter(|p| **p == part).count();
            assert_eq!((count(1), count(0)), (1, count(2) + 1));
            // Every weight is updated at one stop.
            let updated: usize = walk.stops.iter().map(|s| if let Stop::Update(id) = s { graph.node(*id).params.len() } else { 0 }).sum();
            assert_eq!(updated, graph.params.len());
            assert!((0..walk.stops.len()).all(|at| !walk.lit(&graph, at).is_empty()));
        }
    }
}
