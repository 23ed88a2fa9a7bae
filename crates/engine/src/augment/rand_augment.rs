//! RandAugment (Cubuk et al., 2020): for each image so many operations at one magnitude.
//!
//! # What differs from the paper
//! An operation is chosen once at most, all in one fixed order ([`super::AUGMENTATIONS`]), and the operations are those
//! of the list that have a strength (`strongest`), and leaving the image alone. As there, a chosen operation that goes two ways
//! takes the whole strength, in one direction or the other; where it is on by itself too, its strength is this one.

use super::{AUGMENTATIONS, Augment, Augmentation, MAGNITUDE, draw::part};
use crate::{
    Setting,
    rng::{self, Stream},
};

pub const RAND_AUGMENT: Augmentation = Augmentation {
    name: "rand",
    title: "RandAugment",
    about: "For each image so many of the other operations, chosen at random, each as strong as the magnitude (0 to 10) says.",
    settings: &[Setting::count("rand_count", "Operations", 0, 5), Setting::number("rand_magnitude", "Magnitude", 0.0, MAGNITUDE)],
    strength: |a| &mut a.rand_count,
    strongest: None,
};

/// The operations, in order.
pub fn operations() -> impl Iterator<Item = &'static Augmentation> {
    AUGMENTATIONS.iter().filter(|a| a.strongest.is_some())
}

/// Sets the strengths of the operations chosen for image `number`; their numbers in [`operations`] as bits.
///
/// Goes through the operations and takes each with the probability that is left (Knuth's algorithm S), in whole
/// numbers, so that a card chooses the same. The first candidate is to do nothing.
pub fn choose(augment: &mut Augment, seed: u32, number: u32) -> u32 {
    let mut wanted = augment.rand_count as u32;
    if wanted == 0 {
        return 0;
    }
    let mut left = operations().count() as u32 + 1;
    let share = augment.rand_magnitude / MAGNITUDE;
    let mut chosen = 0;
    let take = |left: u32, wanted: u32, candidate: u32| {
        let bits = rng::bits(seed, Stream::AUGMENT.part(part::CHOICE + candidate), number);
        (bits >> 16) * left < wanted << 16
    };
    if take(left, wanted, 0) {
        wanted -= 1;
    }
    for (i, operation) in operations().enumerate() {
        left -= 1;
        if wanted > 0 && take(left, wanted, i as u32 + 1) {
            wanted -= 1;
            chosen |= 1 << i;
            *(operation.strength)(augment) = operation.strongest.unwrap_or_default() * share;
        }
    }
    chosen
}
