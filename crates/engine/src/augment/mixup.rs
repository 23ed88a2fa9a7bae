//! Mixup: λ · image + (1 − λ) · another of the batch, λ from Beta(α, α); the target likewise (Zhang et al., 2018).
//!
//! Each image draws its own λ. Its other is the one so many places on in the batch, by a number drawn for the step:
//! in a batch of at least two nobody is paired with himself.

use super::{Augmentation, Quantiles, draw::Dice, draw::part};
use crate::{
    Setting, StepInputs,
    rng::{self, Stream},
};

pub const MIXUP: Augmentation = Augmentation {
    name: "mixup",
    title: "Mixup",
    about: "Laid over another image of the batch, and the target with it: so much of one class, so much of the other. The larger, the more even the mix.",
    settings: &[Setting::number("mixup", "Mixup, alpha", 0.0, 4.0)],
    strength: |a| &mut a.mixup,
    strongest: None,
};

/// The own share of an image.
pub fn share(dice: &Dice, table: &Quantiles) -> f32 {
    table.at(dice.uniform(part::MIX_SHARE))
}

/// Places from an image to its other, in a batch of which `count` count.
pub fn distance(now: &StepInputs, count: usize) -> usize {
    if count < 2 {
        return 0;
    }
    let bits = rng::bits(now.seed, Stream::AUGMENT.part(part::PARTNER), now.step);
    // In 32 bits, as a card has them: a batch is far below 2¹⁶.
    1 + (((bits >> 16) as usize * (count - 1)) >> 16)
}
