//! A run as it is asked for.

use engine::{LossSpec, ModelSpec, OptimizerSpec};
use serde::{Deserialize, Serialize};

/// Number of a run, counted up by the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u32);

/// Number of a frame within a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FrameId(pub u32);

/// Network and training of one run: everything that determines its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    pub model: ModelSpec,
    pub train: TrainSpec,
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSpec {
    pub loss: LossSpec,
    pub optimizer: OptimizerSpec,
    /// Learning rate.
    pub rate: f32,
    /// Images per step.
    pub batch: usize,
    /// Passes over the training digits, after which the run finishes.
    pub epochs: u32,
    /// Draws weights, shuffles and dropout.
    pub seed: u32,
}

impl Default for TrainSpec {
    fn default() -> Self {
        Self { loss: LossSpec::default(), optimizer: OptimizerSpec::default(), rate: 1e-3, batch: 64, epochs: 3, seed: 1 }
    }
}

/// What can be changed while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hyper {
    pub rate: f32,
}

/// How fast to train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "pace", content = "hz", rename_all = "snake_case")]
pub enum Pace {
    /// As fast as the machine can.
    #[default]
    Full,
    /// At most so many steps per second.
    StepsPerSecond(f32),
}
