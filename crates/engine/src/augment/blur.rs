//! Blur: `torchvision.transforms.GaussianBlur` with a kernel of 7.
//!
//! # Formula
//! The weight of a pixel k away is exp(−k² / 2σ²), k from −3 to 3, over their sum; first along the rows, then down the
//! columns. σ is uniform between 0 and the setting. Outside, an image is 0.

use super::Augmentation;
use crate::{Setting, Shape};

pub const BLUR: Augmentation = Augmentation {
    name: "blur",
    title: "Blur",
    about: "Out of focus: each pixel becomes a mean of its neighbours, of a standard deviation of up to so many pixels.",
    settings: &[Setting::number("blur", "Blur, px", 0.0, 2.0)],
    strength: |a| &mut a.blur,
    strongest: Some(1.5),
};

/// Pixels to either side.
const REACH: usize = 3;

/// Weights of a pixel and of those 1, 2 and 3 away.
pub fn weights(sigma: f32) -> [f32; REACH + 1] {
    // Narrower, all other weights are below 10⁻⁸⁶.
    if sigma < 0.05 {
        return [1.0, 0.0, 0.0, 0.0];
    }
    let own = [0.0f32, 1.0, 2.0, 3.0].map(|k| libm::expf(-0.5 * k * k / (sigma * sigma)));
    let sum = own[0] + 2.0 * (own[1] + own[2] + own[3]);
    own.map(|w| w / sum)
}

/// Blurs `image`; `work` is room for as many numbers.
pub fn apply(weights: [f32; REACH + 1], shape: Shape, image: &mut [f32], work: &mut [f32]) {
    if weights[0] == 1.0 {
        return;
    }
    for (image, work) in image.chunks_exact_mut(shape.plane()).zip(work.chunks_exact_mut(shape.plane())) {
        line(weights, image, work, shape.w, 1, |i| i % shape.w);
        line(weights, work, image, shape.h, shape.w, |i| i / shape.w);
    }
}

/// Along one axis: pixels are `stride` apart, and `place` says where on it a pixel lies.
fn line(weights: [f32; REACH + 1], from: &[f32], to: &mut [f32], extent: usize, stride: usize, place: impl Fn(usize) -> usize) {
    for (i, to) in to.iter_mut().enumerate() {
        let at = place(i);
        let mut sum = weights[0] * from[i];
        for (k, weight) in weights.iter().enumerate().skip(1) {
            let before = if at >= k { from[i - k * stride] } else { 0.0 };
            let after = if at + k < extent { from[i + k * stride] } else { 0.0 };
            sum += weight * (before + after);
        }
        *to = sum;
    }
}
