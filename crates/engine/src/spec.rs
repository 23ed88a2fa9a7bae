//! What the user asked for. May be wrong: it comes from a person, a link or a file.

use serde::Serialize;

use crate::{Init, LayerSpec, NodeId, SettingError, Shape, ShapeError, json::Read};

/// A network as it is written down: the input's shape, the layers in order, the initialisation.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    pub input: Shape,
    pub layers: Vec<LayerSpec>,
    #[serde(default)]
    pub init: Init,
}

/// Why a [`ModelSpec`] is no network, and at which layer that shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum SpecError {
    #[error("layer {} (`{op}`): {error}", node.0 + 1)]
    Layer { node: NodeId, op: String, error: ShapeError },
    #[error("the input {got} has an extent that is zero or above {most}")]
    Input { got: Shape, most: usize },
    #[error("the network has no layers")]
    NoLayers,
    #[error("the network has {count} layers; the limit is {most}")]
    TooManyLayers { count: usize, most: usize },
    #[error("layer {} stands in more than {most} joins within each other", node.0 + 1)]
    TooDeep { node: NodeId, most: usize },
    #[error("the network has nothing to learn: no layer has weights")]
    NothingToLearn,
    #[error("the first weights: `{setting}` is {value}, but must lie in {least} to {most}")]
    Init { setting: String, value: String, least: String, most: String },
    #[error("the last layer gives {got}, but the loss needs a flat vector of {classes} scores")]
    Output { node: NodeId, got: Shape, classes: usize },
    #[error("the network needs {needed} MiB at batch {batch}; the limit is {most} MiB")]
    Memory { needed: usize, most: usize, batch: usize },
}

impl From<SettingError> for SpecError {
    /// Of the initialisation, the only setting of a network that is no layer's.
    fn from(SettingError { setting, value, least, most }: SettingError) -> Self {
        Self::Init { setting: setting.to_owned(), value, least, most }
    }
}

impl SpecError {
    /// The layer to mark, where one is to blame.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Layer { node, .. } | Self::Output { node, .. } | Self::TooDeep { node, .. } => Some(*node),
            _ => None,
        }
    }
}
