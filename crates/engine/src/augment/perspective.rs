//! Perspective: the image seen from aside.
//!
//! # Formula
//! `torchvision.transforms.RandomPerspective`: each corner moves inwards by up to `perspective` · half a side in
//! x and in y. The map of the unit square to the four corners is Heckbert's (*Fundamentals of Texture Mapping and Image
//! Warping*, 1989, 2.2.3); the pixel at p shows what the inverse of it, the adjugate, says.

use super::{Augmentation, draw::Dice, draw::part};
use crate::Setting;

pub const PERSPECTIVE: Augmentation = Augmentation {
    name: "perspective",
    title: "Perspective",
    about: "Seen from aside: each corner moves inwards by up to this share of half a side.",
    settings: &[Setting::number("perspective", "Perspective", 0.0, 0.6)],
    strength: |a| &mut a.perspective,
    strongest: Some(0.5),
};

/// From a place of the changed image to the source, both in the unit square: of (x, y, 1) the rows
/// `m[0..3]`, `m[3..6]` and (`m[6]`, `m[7]`, 1) give numerators and denominator.
pub fn inverse(dice: &Dice, strength: f32) -> [f32; 8] {
    let inward = |i: u32| 0.5 * strength * dice.uniform(part::CORNERS + i);
    // From the top left corner, clockwise.
    let x = [inward(0), 1.0 - inward(2), 1.0 - inward(4), inward(6)];
    let y = [inward(1), inward(3), 1.0 - inward(5), 1.0 - inward(7)];
    let (x1, x2, sx) = (x[1] - x[2], x[3] - x[2], x[0] - x[1] + x[2] - x[3]);
    let (y1, y2, sy) = (y[1] - y[2], y[3] - y[2], y[0] - y[1] + y[2] - y[3]);
    let all = x1 * y2 - x2 * y1;
    let (g, h) = ((sx * y2 - x2 * sy) / all, (x1 * sy - sx * y1) / all);
    let (a, b, c) = (x[1] - x[0] + g * x[1], x[3] - x[0] + h * x[3], x[0]);
    let (d, e, f) = (y[1] - y[0] + g * y[1], y[3] - y[0] + h * y[3], y[0]);
    let last = a * e - b * d;
    [e - f * h, c * h - b, b * f - c * e, f * g - d, a - c * g, c * d - a * f, d * h - e * g, b * g - a * h].map(|m| m / last)
}

/// The place in the source of a place of the changed image, both in the unit square.
pub fn source(m: &[f32; 8], [x, y]: [f32; 2]) -> [f32; 2] {
    let below = m[6] * x + m[7] * y + 1.0;
    [(m[0] * x + m[1] * y + m[2]) / below, (m[3] * x + m[4] * y + m[5]) / below]
}
