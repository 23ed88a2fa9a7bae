//! A network that is still being made: as much of it as holds together, and what is wrong with the rest.

use std::ops::Range;

use crate::{Graph, ModelSpec, Node, Param, SpecError};

/// What is known of a specification, right or wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The layers before the first that is wrong, as a [`Graph`] has them.
    pub nodes: Vec<Node>,
    pub params: Vec<Param>,
    pub error: Option<SpecError>,
    /// Where the layer to blame stands in the specification.
    pub place: Option<Vec<usize>>,
}

impl Draft {
    /// What [`Graph::check_classifier`] finds out, also where it refuses.
    pub fn of(spec: &ModelSpec, classes: usize) -> Self {
        let (graph, grown) = Graph::grown(spec);
        let error = grown.and_then(|()| graph.scores(classes)).err();
        let place = error.as_ref().and_then(|error| error.place(spec));
        Self { nodes: graph.nodes, params: graph.params, error, place }
    }

    /// The layer that stands at `place`, if it is right and so is all before it.
    pub fn node(&self, place: &[usize]) -> Option<&Node> {
        self.nodes.iter().find(|node| node.path == place)
    }

    /// Numbers that training changes in these of [`Draft::params`].
    pub fn weights(&self, params: Range<usize>) -> usize {
        self.params.get(params).unwrap_or_default().iter().map(|p| p.range.len()).sum()
    }
}
