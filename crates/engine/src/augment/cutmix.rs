//! Cutmix: a rectangle of another image of the batch in place of the own (Yun et al., 2019).
//!
//! # Formula
//! λ from Beta(α, α). The rectangle has √(1 − λ) of either side, its centre lies anywhere, the image's borders cut it.
//! The target is shared as the area is. Who the other is, [`super::mixup`] says. With mixup too, half of the images
//! get the one, half the other.

use super::{Augmentation, Patch, Quantiles, draw::Dice, draw::part};
use crate::Setting;

pub const CUTMIX: Augmentation = Augmentation {
    name: "cutmix",
    title: "Cutmix",
    about: "A rectangle is taken from another image of the batch, and as much of the target as its area. The larger, the more even the halves.",
    settings: &[Setting::number("cutmix", "Cutmix, alpha", 0.0, 4.0)],
    strength: |a| &mut a.cutmix,
    strongest: None,
};

pub fn patch(dice: &Dice, table: &Quantiles, image: [f32; 2]) -> Patch {
    let side = libm::sqrtf(1.0 - table.at(dice.uniform(part::MIX_SHARE)));
    let centre = [dice.uniform(part::CUT_X) * image[0], dice.uniform(part::CUT_Y) * image[1]];
    Patch::about(centre, image.map(|extent| extent * side), image)
}
