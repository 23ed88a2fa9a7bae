//! What training makes small. One file each, one line in the list.

mod cross_entropy;

use serde::{Deserialize, Serialize};

pub use cross_entropy::{CrossEntropy, softmax};

use crate::backend::gpu::launch::{Launch, Shader};

/// A loss as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "loss", rename_all = "snake_case")]
pub enum LossSpec {
    CrossEntropy(CrossEntropy),
}

impl Default for LossSpec {
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropy {})
    }
}

impl LossSpec {
    /// Every loss with its usual settings.
    pub fn all() -> Vec<Self> {
        vec![Self::CrossEntropy(CrossEntropy::default())]
    }

    pub fn loss(&self) -> &dyn Loss {
        match self {
            Self::CrossEntropy(loss) => loss,
        }
    }
}

/// What a batch gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchResult {
    /// Sum of the examples' losses (not the mean), so that parts of a batch add up.
    pub loss_sum: f64,
    /// Examples whose highest score is that of their class.
    pub correct: u32,
    pub count: u32,
}

impl BatchResult {
    pub fn add(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.correct += other.correct;
        self.count += other.count;
    }

    /// Mean loss of an example; 0 for an empty batch.
    pub fn mean_loss(&self) -> f64 {
        self.loss_sum / f64::from(self.count.max(1))
    }

    /// Share of correct answers, in 0 to 1.
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct) / f64::from(self.count.max(1))
    }
}

/// A loss over scores (batch, classes) and class numbers.
pub trait Loss: std::fmt::Debug {
    fn name(&self) -> &'static str;

    /// The batch's result.
    fn evaluate(&self, scores: &[f32], labels: &[u8], classes: usize) -> BatchResult;

    /// As [`Loss::evaluate`], and the gradient of (sum of losses) / `divisor` in `d_scores`.
    /// `divisor` is the size of the whole batch, of which this may be a part.
    fn gradient(&self, scores: &[f32], labels: &[u8], classes: usize, divisor: usize, d_scores: &mut [f32]) -> BatchResult;

    /// [`Loss::gradient`] of `batch` examples on a graphics card, divided by `batch`: scores in `Output`,
    /// gradient in `DOutput`, the result in `Results`. Examples from `now.count` on count for nothing and
    /// have a gradient of 0. A score that is NaN or infinite makes the sum of losses NaN.
    fn gradient_launch(&self, classes: usize, batch: usize) -> Launch;

    /// [`Loss::evaluate`] in the same way, without the gradient.
    fn evaluate_launch(&self, classes: usize, batch: usize) -> Launch;

    /// Every file that the two launches may name.
    fn shaders(&self) -> &'static [&'static Shader];
}

/// Position of the largest score; the first of equals.
pub fn arg_max(scores: &[f32]) -> usize {
    let mut best = 0;
    for (i, s) in scores.iter().enumerate() {
        if *s > scores[best] {
            best = i;
        }
    }
    best
}
