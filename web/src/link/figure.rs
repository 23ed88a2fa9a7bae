//! What a lesson's figure asks of the engine, and what it is told.

use std::ops::Range;

use engine::{Mode, ModelSpec, json::Read, ops::account::PartKind};
use serde::Serialize;

/// A network, what goes through it, and which of its numbers are to come back.
///
/// Beside it travel, in this order: the images, one after another; where `given`, all weights in the order of the graph;
/// where `pulled`, the gradient of what the last layer gives, for all images.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct FigureSpec {
    pub model: ModelSpec,
    /// How many images.
    pub images: usize,
    /// Whether the weights are beside it; else they are drawn from `seed`.
    pub given: bool,
    /// Whether the gradient of the last layer's output is beside it; it goes back through all layers then.
    pub pulled: bool,
    pub seed: u32,
    /// What is drawn at random is that of this update.
    pub step: u32,
    pub mode: Mode,
    pub wanted: Vec<Wanted>,
}

/// A number of the network that is to come back; layers and weights count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// What a layer gives: (image, channel, row, column).
    Output(usize),
    /// One of the weights, in the order of the graph.
    Weight(usize),
    /// Gradients, where one was `pulled`.
    OutputGrad(usize),
    WeightGrad(usize),
    ImageGrad,
    /// What stands between a layer's input and channel `channel` of its output, of the first image.
    Parts {
        node: usize,
        channel: usize,
    },
    /// The gradient of number `index` of what a layer gives by each pixel of the first image, as the network is evaluated.
    Field {
        node: usize,
        index: usize,
    },
}

/// Numbers that came back.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Given {
    pub of: Wanted,
    /// Which of the parts it is.
    pub part: Option<PartKind>,
    pub dims: Vec<usize>,
    /// Where they are in the bulk.
    pub range: Range<usize>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Told {
    pub given: Vec<Given>,
    /// Why there is nothing, or not all.
    pub trouble: Option<String>,
}
