//! Noise: `torchvision.transforms.v2.GaussianNoise`, cut to 0 to 1.
//!
//! # Formula
//! A normal number is nearly the sum of eight uniform ones: of the eight bytes of two hashes, less their mean 1020,
//! over their standard deviation √(8 · (256² − 1) / 12). In whole numbers, so that every machine has the same bits.

use super::{Augmentation, draw::Dice, draw::part};
use crate::Setting;

pub const NOISE: Augmentation = Augmentation {
    name: "noise",
    title: "Noise",
    about: "Every pixel off by a random amount of this standard deviation.",
    settings: &[Setting::number("noise", "Noise", 0.0, 0.5)],
    strength: |a| &mut a.noise,
    strongest: Some(0.3),
};

/// 1 / √(8 · (256² − 1) / 12).
const PER_UNIT: f32 = 0.004_784_196;

/// Number `i` of an image of `len` pixels, about normal with a variance of 1.
pub fn normal(dice: &Dice, len: usize, i: usize) -> f32 {
    let sum: u32 = [0, 1]
        .map(|half| dice.field_bits(part::NOISE, 2 * len as u32, 2 * i as u32 + half).to_le_bytes().map(u32::from).iter().sum::<u32>())
        .iter()
        .sum();
    (sum as f32 - 1020.0) * PER_UNIT
}

pub fn apply(dice: &Dice, deviation: f32, image: &mut [f32]) {
    if deviation == 0.0 {
        return;
    }
    let len = image.len();
    for (i, x) in image.iter_mut().enumerate() {
        *x = (*x + deviation * normal(dice, len, i)).clamp(0.0, 1.0);
    }
}
