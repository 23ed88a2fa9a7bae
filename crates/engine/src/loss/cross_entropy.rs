//! Softmax cross-entropy: `loss = ln Σⱼ exp(sⱼ) − s_label`, gradient `softmax(s) − onehot(label)`.

use serde::{Deserialize, Serialize};

use super::{BatchResult, Loss, arg_max};
use crate::backend::gpu::launch::{Launch, Shader, Slot};

static GRADIENT: Shader = Shader { name: "cross_entropy/gradient", source: include_str!("cross_entropy/gradient.wgsl") };
static EVALUATE: Shader = Shader { name: "cross_entropy/evaluate", source: include_str!("cross_entropy/evaluate.wgsl") };
const SHADERS: &[&Shader] = &[&GRADIENT, &EVALUATE];

/// Cross-entropy between softmax probabilities and the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossEntropy {}

/// Turns scores into probabilities in place and returns `ln Σ exp(score)`.
pub fn softmax(scores: &mut [f32]) -> f32 {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for s in &mut *scores {
        *s = libm::expf(*s - highest);
        sum += *s;
    }
    for s in &mut *scores {
        *s /= sum;
    }
    highest + libm::logf(sum)
}

impl Loss for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn evaluate(&self, scores: &[f32], labels: &[u8], classes: usize) -> BatchResult {
        let mut result = BatchResult::default();
        for (row, label) in scores.chunks_exact(classes).zip(labels) {
            let highest = row.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = row.iter().map(|s| libm::expf(s - highest)).sum();
            tally(&mut result, row, *label, highest + libm::logf(sum));
        }
        result
    }

    fn gradient(&self, scores: &[f32], labels: &[u8], classes: usize, divisor: usize, d_scores: &mut [f32]) -> BatchResult {
        let mut result = BatchResult::default();
        let scale = 1.0 / divisor as f32;
        for ((row, d_row), label) in scores.chunks_exact(classes).zip(d_scores.chunks_exact_mut(classes)).zip(labels) {
            d_row.copy_from_slice(row);
            let log_sum = softmax(d_row);
            d_row[usize::from(*label)] -= 1.0;
            for d in d_row {
                *d *= scale;
            }
            tally(&mut result, row, *label, log_sum);
        }
        result
    }

    fn gradient_launch(&self, classes: usize, batch: usize) -> Launch {
        let reads = &[Slot::Output, Slot::Labels];
        let dims = vec![("classes", classes.into()), ("batch", batch.into())];
        Launch { shader: &GRADIENT, reads, writes: &[Slot::DOutput, Slot::Results], dims, groups: [1, 1, 1] }
    }

    fn evaluate_launch(&self, classes: usize, batch: usize) -> Launch {
        Launch { shader: &EVALUATE, writes: &[Slot::Results], ..self.gradient_launch(classes, batch) }
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}

fn tally(result: &mut BatchResult, row: &[f32], label: u8, log_sum: f32) {
    let label = usize::from(label);
    result.loss_sum += f64::from(log_sum - row[label]);
    result.correct += u32::from(arg_max(row) == label);
    result.count += 1;
}
