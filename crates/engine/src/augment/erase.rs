//! Random erasing: `torchvision.transforms.RandomErasing(value="random")`, after Zhong et al. (2020).
//!
//! # Formula
//! With the probability given, a rectangle is filled with random greys. Its share of the image is uniform between 2 %
//! and `erase_area`, its height over its width between 3/10 and 10/3, uniform in the logarithm. Sides longer than the
//! image's are cut to it. It lies anywhere inside.

use super::{Augmentation, Patch, draw::Dice, draw::part};
use crate::Setting;

pub const ERASE: Augmentation = Augmentation {
    name: "erase",
    title: "Random erasing",
    about: "With this probability a rectangle of up to this share of the image is filled with random greys, so that no single part decides.",
    settings: &[Setting::number("erase", "Erase, share", 0.0, 1.0), Setting::number("erase_area", "Erase, area", 0.02, 0.8)],
    strength: |a| &mut a.erase,
    strongest: None,
};

/// Logarithm of 10/3.
const LOG_ASPECT: f32 = 1.203_972_8;
const LEAST_AREA: f32 = 0.02;

pub fn patch(dice: &Dice, probability: f32, most: f32, image: [f32; 2]) -> Patch {
    if dice.uniform(part::ERASE) >= probability {
        return Patch::default();
    }
    let area = (LEAST_AREA + dice.uniform(part::ERASE_AREA) * (most - LEAST_AREA)) * image[0] * image[1];
    let aspect = libm::expf((2.0 * dice.uniform(part::ERASE_ASPECT) - 1.0) * LOG_ASPECT);
    let width = libm::sqrtf(area / aspect).min(image[0]);
    let height = libm::sqrtf(area * aspect).min(image[1]);
    let left = dice.uniform(part::ERASE_X) * (image[0] - width);
    let top = dice.uniform(part::ERASE_Y) * (image[1] - height);
    Patch { left, top, right: left + width, bottom: top + height }
}

/// The grey of pixel `i` of `len` within the rectangle.
pub fn fill(dice: &Dice, len: usize, i: usize) -> f32 {
    dice.field(part::ERASE_FILL, len as u32, i as u32)
}
