//! What goes wrong in a run, and what helps.

use engine::{NodeId, json::Read};
use serde::Serialize;

use crate::RunSpec;

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Advice {
    /// The rule's name: a word for links and tests.
    pub rule: String,
    pub title: String,
    /// What was seen, with its numbers, in one or two sentences.
    pub evidence: String,
    /// The step at which it shows.
    pub step: u32,
    /// The layer at which it shows.
    pub layer: Option<NodeId>,
    pub remedy: Option<Remedy>,
}

/// What helps.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Remedy {
    /// What a button says.
    pub label: String,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there are a few at most")]
pub enum Change {
    /// Of the learning rate, while the run goes on.
    Rate { rate: f32 },
    /// Training starts anew.
    Run { spec: RunSpec },
}
