//! In which order an epoch asks for the training digits.

use engine::rng::{Stream, shuffle};

use crate::manifest::{PackFile, Set, TRAIN_TOTAL, packs};

/// Streams of single packs in epoch 0 lie above those of whole epochs.
const PACK_PART: u32 = 0x0080_0000;

/// A permutation of the 50,000 training digits.
///
/// Epoch 0 goes through the packs in the order of the files and shuffles only inside each: training
/// starts on the first pack, and its curve does not depend on when the others arrive. Later epochs
/// shuffle everything.
pub fn epoch_order(seed: u32, epoch: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..TRAIN_TOTAL as u32).collect();
    if epoch == 0 {
        for (part, pack) in (0..).zip(train_packs()) {
            let digits = &mut order[pack.first as usize..(pack.first + pack.count) as usize];
            shuffle(digits, seed, Stream::SHUFFLE.part(PACK_PART + part));
        }
    } else {
        shuffle(&mut order, seed, Stream::SHUFFLE.part(epoch));
    }
    order
}

/// How many digits must have arrived, from the first on, before the first `taken` entries of the
/// order of `epoch` can be used.
pub fn needed(epoch: u32, taken: usize) -> usize {
    if taken == 0 {
        return 0;
    }
    if epoch > 0 {
        return TRAIN_TOTAL;
    }
    train_packs().map(|p| (p.first + p.count) as usize).find(|&end| end >= taken).unwrap_or(TRAIN_TOTAL)
}

fn train_packs() -> impl Iterator<Item = &'static PackFile> {
    packs().iter().filter(|p| p.set == Set::Train)
}
