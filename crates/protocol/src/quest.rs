//! Finding a learning rate or a batch size by trying many on a copy of the network.

use engine::json::Read;
use serde::Serialize;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Quest {
    /// The range test of Smith, *Cyclical Learning Rates for Training Neural Networks*, 2017: the rate grows
    /// exponentially from step to step.
    Rate,
    /// Images per second and memory for 1, 2, 4, … images a step.
    Batch,
}

/// What has been found so far.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Rate { points: Vec<RatePoint>, suggestion: Option<RateSuggestion> },
    Batch { rows: Vec<BatchRow>, suggestion: Option<BatchSuggestion> },
}

/// A step of the range test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
pub struct RatePoint {
    pub rate: f32,
    /// Of the step's batch, before its update.
    pub loss: f64,
    /// Its running mean.
    pub smooth: f64,
}

/// A rate, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct RateSuggestion {
    /// `None` where the loss never fell.
    pub rate: Option<f32>,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
pub struct BatchRow {
    pub batch: u32,
    pub images_per_second: f64,
    pub step_ms: f64,
    /// Of the training plan.
    pub memory_bytes: f64,
}

/// A batch size, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct BatchSuggestion {
    pub batch: Option<u32>,
    pub why: String,
}
