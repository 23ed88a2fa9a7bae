//! A batch on the CPU: every loss is a formula for one example, what is around it is here.

use super::{BatchResult, LossKernel, LossSpec, Targets, is_mask};
use crate::Shape;

impl LossSpec {
    /// The result of the examples that have a target. `outputs` are (batch, numbers of `output`).
    pub fn evaluate(&self, outputs: &[f32], targets: &Targets<'_>, output: Shape) -> BatchResult {
        let mut result = BatchResult::default();
        self.each(1.0, &mut |weight, loss| {
            let first = result.count == 0;
            let scale = f64::from(weight * targets.share(loss.class_weights()));
            for (example, row) in counted(outputs, targets, output) {
                let value = loss.example(row, targets.of(example, output.len()), None);
                result.loss_sum += scale * f64::from(value);
                if first {
                    tally(&mut result, loss, row, targets, example, output);
                }
            }
        });
        result
    }

    /// As [`LossSpec::evaluate`], and the gradient of (sum of losses) / `divisor` in `d_outputs`, for the
    /// examples that have a target. `divisor` is the size of the whole batch, of which this may be a part.
    /// `work` is room for one example's outputs, used by sums alone.
    pub fn gradient(
        &self,
        outputs: &[f32],
        targets: &Targets<'_>,
        output: Shape,
        divisor: usize,
        d_outputs: &mut [f32],
        work: &mut [f32],
    ) -> BatchResult {
        let mut result = BatchResult::default();
        self.each(1.0, &mut |weight, loss| {
            let first = result.count == 0;
            let weight = weight * targets.share(loss.class_weights());
            let scale = 1.0 / divisor as f32 * weight;
            for ((example, row), d_row) in counted(outputs, targets, output).zip(d_outputs.chunks_exact_mut(output.len())) {
                let target = targets.of(example, output.len());
                let value = if first {
                    let value = loss.example(row, target, Some(d_row));
                    for d in d_row {
                        *d *= scale;
                    }
                    tally(&mut result, loss, row, targets, example, output);
                    value
                } else {
                    let value = loss.example(row, target, Some(work));
                    for (d, own) in d_row.iter_mut().zip(&*work) {
                        *d += scale * own;
                    }
                    value
                };
                result.loss_sum += f64::from(weight) * f64::from(value);
            }
        });
        result
    }
}

fn counted<'a>(outputs: &'a [f32], targets: &Targets<'_>, output: Shape) -> impl Iterator<Item = (usize, &'a [f32])> {
    outputs.chunks_exact(output.len()).take(targets.count(output.len())).enumerate()
}

/// Counts an example and its answer.
fn tally(result: &mut BatchResult, loss: &dyn LossKernel, row: &[f32], targets: &Targets<'_>, example: usize, output: Shape) {
    let target = targets.of(example, output.len());
    result.correct += u32::from(target.is_met_by(row, is_mask(output), loss.threshold()));
    result.count += 1;
    // A comparison with NaN is false, so a loss may pass over one: the run must be seen to have failed.
    if row.iter().any(|x| !x.is_finite()) {
        result.loss_sum = f64::NAN;
    }
}
