//! Losses that are a mean over an example's outputs, each compared with its own number.

use super::Target;

/// The mean of `formula(output, target)`, which gives a loss and its slope.
pub(super) fn mean(outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>, formula: impl Fn(f32, f32) -> (f32, f32)) -> f32 {
    let count = outputs.len() as f32;
    let mut sum = 0.0;
    match d_outputs {
        Some(d_outputs) => {
            for (i, (output, d)) in outputs.iter().zip(d_outputs).enumerate() {
                let (loss, slope) = formula(*output, target.at(i));
                sum += loss;
                *d = slope / count;
            }
        }
        None => outputs.iter().enumerate().for_each(|(i, output)| sum += formula(*output, target.at(i)).0),
    }
    sum / count
}

/// `1 / (1 + exp(−x))`, without overflow.
pub(super) fn sigmoid(x: f32) -> f32 {
    let small = libm::expf(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}
