//! The digits of the data set, as far as the page knows them.

use std::collections::HashMap;

use data::{CLASSES, PIXELS};
use leptos::prelude::*;
use protocol::EvalSet;

use super::events::bump;
use crate::link::message::Labels;

/// Pictures that are kept; beyond, all are forgotten and those in sight are asked for again.
const KEPT: usize = 6_000;

#[derive(Debug, Default)]
pub struct Known {
    /// Digits of each set; 0 where it has not arrived as a whole.
    pub counts: [u32; 3],
    /// As many there will be.
    pub totals: [u32; 3],
    /// By number, counted through all sets; 0 where the set has not arrived.
    pub labels: Vec<u8>,
    /// Of each class of the training digits, 0 to 1.
    pub means: Vec<f32>,
    /// What the network answered when it was last scored; empty before. Of the validation and of the test digits.
    pub answers: [Vec<u8>; 2],
    greys: HashMap<u32, Box<[u8]>>,
    asked: HashMap<u32, ()>,
}

/// Read `known` when `tick` (classes and answers) or `pictures` changes.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    known: StoredValue<Known>,
    pub tick: RwSignal<u32>,
    pub pictures: RwSignal<u32>,
}

impl Known {
    /// Number of the first image of each set.
    fn firsts(&self) -> [u32; 3] {
        let [train, validation, _] = self.totals;
        [0, train, train + validation]
    }

    /// Set and place in it of an image.
    pub fn place_of(&self, number: u32) -> (usize, u32) {
        let firsts = self.firsts();
        let set = firsts.iter().rposition(|first| number >= *first).unwrap_or_default();
        (set, number - firsts[set])
    }

    /// Numbers of the digits of set `set` that have arrived.
    pub fn range(&self, set: usize) -> std::ops::Range<u32> {
        let first = self.firsts()[set];
        first..first + self.counts[set]
    }

    /// Digits of each class in a set.
    pub fn balance(&self, set: usize) -> [u32; CLASSES] {
        let mut counts = [0; CLASSES];
        for number in self.range(set) {
            counts[usize::from(self.labels[number as usize]) % CLASSES] += 1;
        }
        counts
    }

    /// The network's answer to a digit, if it has been scored on it.
    pub fn answer(&self, number: u32) -> Option<u8> {
        match self.place_of(number) {
            (0, _) => None,
            (set, place) => self.answers[set - 1].get(place as usize).copied(),
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    pub fn grey(&self, number: u32) -> Option<&[u8]> {
        self.greys.get(&number).map(AsRef::as_ref)
    }
}

impl Catalogue {
    pub fn new() -> Self {
        Self { known: StoredValue::new(Known::default()), tick: RwSignal::new(0), pictures: RwSignal::new(0) }
    }

    pub fn with<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        self.known.with_value(read)
    }

    /// Every set has arrived.
    pub fn is_whole(&self) -> bool {
        self.with(|k| k.counts.iter().all(|c| *c > 0))
    }

    pub fn take_labels(&self, Labels { counts, totals }: Labels, labels: Vec<u8>, means: Vec<f32>) {
        self.known.update_value(|k| {
            if k.totals != totals {
                // Other images under the same numbers.
                k.forget();
            }
            (k.counts, k.totals) = (counts, totals);
            k.labels = vec![0; totals.iter().sum::<u32>() as usize];
            let mut rest = labels.as_slice();
            for (first, count) in k.firsts().into_iter().zip(counts) {
                let (own, others) = rest.split_at((count as usize).min(rest.len()));
                k.labels[first as usize..][..own.len()].copy_from_slice(own);
                rest = others;
            }
            k.means = means;
        });
        bump(self.tick);
    }

    pub fn take_greys(&self, numbers: &[u32], greys: &[u8]) {
        self.known.update_value(|k| {
            for (number, grey) in numbers.iter().zip(greys.chunks_exact(PIXELS)) {
                k.asked.remove(number);
                k.greys.insert(*number, grey.into());
            }
        });
        bump(self.pictures);
    }

    pub fn take_answers(&self, set: EvalSet, answers: &[u8]) {
        self.known.update_value(|k| k.answers[usize::from(set == EvalSet::Test)] = answers.to_vec());
        bump(self.tick);
    }

    /// Another set is trained on: nothing is known of it.
    pub fn forget(&self) {
        self.known.update_value(Known::forget);
        bump(self.tick);
        bump(self.pictures);
    }

    /// Another run has answered nothing yet.
    pub fn forget_answers(&self) {
        self.known.update_value(|k| k.answers = Default::default());
        bump(self.tick);
    }

    /// Those whose pictures are neither there nor on their way; from now on they are on their way.
    pub fn missing(&self, numbers: &[u32]) -> Vec<u32> {
        let missing = self.known.try_update_value(|k| {
            if k.greys.len() > KEPT {
                k.greys.clear();
            }
            let missing: Vec<u32> = numbers.iter().copied().filter(|n| !k.greys.contains_key(n) && !k.asked.contains_key(n)).collect();
            k.asked.extend(missing.iter().map(|n| (*n, ())));
            missing
        });
        missing.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_through_all_sets() {
        let known = Known { totals: [50_000, 10_000, 10_000], ..Known::default() };
        let place_of = |number| known.place_of(number);
        assert_eq!((place_of(0), place_of(49_999)), ((0, 0), (0, 49_999)));
        assert_eq!((place_of(50_000), place_of(60_000), place_of(69_999)), ((1, 0), (2, 0), (2, 9_999)));
    }

    #[test]
    fn sets_that_have_not_arrived_are_left_out() {
        let mut known = Known { counts: [0, 0, 3], totals: [50_000, 10_000, 10_000], labels: vec![0; 70_000], ..Known::default() };
        known.labels[60_000..60_003].copy_from_slice(&[7, 2, 7]);
        known.answers[1] = vec![7, 1, 9];
        assert_eq!(known.range(2), 60_000..60_003);
        assert!(known.range(0).is_empty());
        assert_eq!(known.balance(2)[7], 2);
        assert_eq!((known.answer(60_001), known.answer(50_000), known.answer(5)), (Some(1), None, None));
    }
}
