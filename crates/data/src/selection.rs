//! Which digits are trained on, with which labels, and how often: pure functions of the seed and a digit's number.
//!
//! All counts are exact: `share · n` digits, rounded to the nearest, are those whose random numbers are the smallest.

use engine::rng::{self, Stream};

use crate::CLASSES;

const KEPT: Stream = Stream::SELECTION;
const SUBSET: Stream = Stream::SELECTION.part(1);
const WRONG: Stream = Stream::SELECTION.part(2);
const LABEL: Stream = Stream::SELECTION.part(3);
/// And beyond, one for each class and epoch.
const BALANCE: Stream = Stream::SELECTION.part(0x100);

/// What is wanted of the training digits.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Share kept of each class; of those beyond its end, all.
    pub keep: &'a [f32],
    /// Digits of what is then left; 0: all.
    pub subset: usize,
    /// Share of these whose label is replaced by another class.
    pub label_noise: f32,
}

/// The digits that are trained on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Their numbers, ascending; of those that come more than once in an epoch, as often.
    pub digits: Vec<u32>,
    /// What they are taken for, by number: of all digits that there were to choose from.
    pub labels: Vec<u8>,
    /// How many of `digits` have a label that is not their own.
    pub wrong: usize,
}

/// Chooses among the digits `0..labels.len()`.
pub fn choose(labels: &[u8], wanted: Wanted<'_>, seed: u32) -> Chosen {
    let mut digits: Vec<u32> = Vec::new();
    for class in 0..CLASSES as u8 {
        let own = (0..).zip(labels).filter(|(_, label)| **label == class).map(|(i, _)| i).collect::<Vec<u32>>();
        let share = wanted.keep.get(usize::from(class)).copied().unwrap_or(1.0);
        let count = part_of(own.len(), share);
        digits.extend(drawn(own, count, seed, KEPT));
    }
    if wanted.subset > 0 && wanted.subset < digits.len() {
        digits = drawn(digits, wanted.subset, seed, SUBSET);
    }
    let digits = in_order(&digits, labels.len());
    let mut labels = labels.to_vec();
    let wrong = drawn(digits.clone(), part_of(digits.len(), wanted.label_noise), seed, WRONG);
    for i in &wrong {
        let label = &mut labels[*i as usize];
        // One of the nine others, each as likely.
        let other = (u64::from(rng::bits(seed, LABEL, *i)) * (CLASSES as u64 - 1)) >> 32;
        *label = other as u8 + u8::from(other as u8 >= *label);
    }
    Chosen { digits, labels, wrong: wrong.len() }
}

/// `share` of `count`, rounded to the nearest.
fn part_of(count: usize, share: f32) -> usize {
    ((count as f64 * f64::from(share)).round() as usize).min(count)
}

/// The `count` of `digits` with the smallest random numbers.
fn drawn(digits: Vec<u32>, count: usize, seed: u32, stream: Stream) -> Vec<u32> {
    if count >= digits.len() {
        return digits;
    }
    // Number and digit in one, so that equal numbers come in the order of the digits.
    let mut keyed: Vec<u64> = digits.into_iter().map(|i| u64::from(rng::bits(seed, stream, i)) << 32 | u64::from(i)).collect();
    keyed.sort_unstable();
    keyed.into_iter().take(count).map(|key| key as u32).collect()
}

/// Different digits, all below `end`, from the first to the last.
fn in_order(digits: &[u32], end: usize) -> Vec<u32> {
    let mut is_in = vec![false; end];
    for digit in digits {
        is_in[*digit as usize] = true;
    }
    (0..).zip(is_in).filter(|(_, is)| *is).map(|(digit, _)| digit).collect()
}

impl Chosen {
    /// Those below `end` come `times` times from now on.
    pub fn repeat(&mut self, end: u32, times: usize) {
        let times = |i: &u32| if *i < end { times } else { 1 };
        self.digits = self.digits.iter().flat_map(|i| std::iter::repeat_n(*i, times(i))).collect();
    }

    /// How many of the digits are taken for each class.
    pub fn class_counts(&self) -> [usize; CLASSES] {
        let mut counts = [0; CLASSES];
        for i in &self.digits {
            counts[usize::from(self.labels[*i as usize])] += 1;
        }
        counts
    }

    /// The weights that make every class count the same: `n / (classes · count)`, those of scikit-learn's
    /// `class_weight="balanced"`; 0 for a class without digits.
    pub fn balanced_weights(&self) -> Vec<f32> {
        let counts = self.class_counts();
        let classes = counts.iter().filter(|n| **n > 0).count();
        counts.iter().map(|n| if *n == 0 { 0.0 } else { (self.digits.len() as f64 / (classes * n) as f64) as f32 }).collect()
    }

    /// The order of an epoch in which every digit comes once.
    pub fn order(&self, seed: u32, epoch: u32) -> Vec<u32> {
        let mut order = self.digits.clone();
        rng::shuffle(&mut order, seed, Stream::SHUFFLE.part(epoch));
        order
    }

    /// The order of an epoch, as long, in which every class comes equally often (but for one): the digits of rare
    /// classes several times, of frequent ones only some.
    pub fn balanced_order(&self, seed: u32, epoch: u32) -> Vec<u32> {
        let mut classes: Vec<Vec<u32>> = Vec::new();
        for class in 0..CLASSES as u32 {
            let mut own: Vec<u32> = self.digits.iter().copied().filter(|i| u32::from(self.labels[*i as usize]) == class).collect();
            if !own.is_empty() {
                rng::shuffle(&mut own, seed, BALANCE.part(epoch.wrapping_mul(16) + class));
                classes.push(own);
            }
        }
        let count = classes.len().max(1);
        let mut order: Vec<u32> =
            (0..self.digits.len()).filter_map(|k| classes.get(k % count).map(|own| own[(k / count) % own.len()])).collect();
        rng::shuffle(&mut order, seed, Stream::SHUFFLE.part(epoch));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 digits, of class `i` 10 · (2 i + 1): from 10 of class 0 to 190 of class 9.
    fn labels() -> Vec<u8> {
        let mut labels: Vec<u8> = (0..10u8).flat_map(|class| vec![class; 10 * (2 * usize::from(class) + 1)]).collect();
        let mut order: Vec<u32> = (0..labels.len() as u32).collect();
        rng::shuffle(&mut order, 3, Stream::SHUFFLE);
        labels = order.iter().map(|i| labels[*i as usize]).collect();
        labels
    }

    const ALL: Wanted<'static> = Wanted { keep: &[], subset: 0, label_noise: 0.0 };

    #[test]
    fn nothing_wanted_is_everything() {
        let chosen = choose(&labels(), ALL, 1);
        assert_eq!(chosen.digits, (0..1_000).collect::<Vec<u32>>());
        assert_eq!((chosen.labels, chosen.wrong), (labels(), 0));
    }

    #[test]
    fn counts_are_exact() {
        let mut keep = [1.0; 10];
        (keep[9], keep[5], keep[0]) = (0.1, 0.25, 0.0);
        let chosen = choose(&labels(), Wanted { keep: &keep, ..ALL }, 1);
        // 19 of 190; 27.5 of 110 is rounded to 28; none of 10.
        assert_eq!(chosen.class_counts(), [0, 30, 50, 70, 90, 28, 130, 150, 170, 19]);
        assert!(chosen.digits.is_sorted_by(|a, b| a < b));

        let part = choose(&labels(), Wanted { keep: &keep, subset: 500, label_noise: 0.2 }, 1);
        assert_eq!((part.digits.len(), part.wrong), (500, 100));
        let truth = labels();
        let differ = part.digits.iter().filter(|i| part.labels[**i as usize] != truth[**i as usize]).count();
        assert_eq!(differ, 100, "a wrong label is never the right one");
        assert!(part.labels.iter().all(|label| usize::from(*label) < CLASSES));
        assert!(part.digits.iter().all(|i| chosen.digits.contains(i)));
        // Labels of what is not trained on are as they were.
        let others = (0..1_000u32).filter(|i| !part.digits.contains(i));
        assert!(others.clone().all(|i| part.labels[i as usize] == truth[i as usize]) && others.count() == 500);
        // More than there are: all there are.
        assert_eq!(choose(&labels(), Wanted { subset: 2_000, ..ALL }, 1).digits.len(), 1_000);
        assert_eq!(choose(&labels(), Wanted { label_noise: 1.0, ..ALL }, 1).wrong, 1_000);
    }

    #[test]
    fn the_seed_alone_decides() {
        let wanted = Wanted { keep: &[0.5], subset: 300, label_noise: 0.3 };
        let chosen = choose(&labels(), wanted, 7);
        assert_eq!(chosen, choose(&labels(), wanted, 7));
        assert_ne!(chosen.digits, choose(&labels(), wanted, 8).digits);
        assert_eq!(chosen.order(7, 2), chosen.order(7, 2));
        assert_ne!(chosen.order(7, 2), chosen.order(7, 3));
        // A smaller part is a part of the larger one.
        let less = choose(&labels(), Wanted { subset: 100, ..wanted }, 7);
        assert!(less.digits.iter().all(|i| chosen.digits.contains(i)));
    }

    #[test]
    fn noise_is_spread_over_the_other_classes() {
        let zeros = vec![0; 9_000];
        let chosen = choose(&zeros, Wanted { label_noise: 1.0, ..ALL }, 5);
        let counts = chosen.class_counts();
        assert_eq!(counts[0], 0);
        // About 1,000 each: five deviations are 149.
        assert!(counts[1..].iter().all(|n| n.abs_diff(1_000) < 150), "{counts:?}");
    }

    #[test]
    fn balance_is_exact() {
        let chosen = choose(&labels(), Wanted { subset: 995, ..ALL }, 1);
        let order = chosen.balanced_order(1, 4);
        assert_eq!(order.len(), 995);
        let mut counts = [0; CLASSES];
        order.iter().for_each(|i| counts[usize::from(chosen.labels[*i as usize])] += 1);
        assert_eq!(counts, [100, 100, 100, 100, 100, 99, 99, 99, 99, 99]);
        // Every digit of the rarest class comes equally often, but for one.
        let rare: Vec<usize> =
            chosen.digits.iter().filter(|i| chosen.labels[**i as usize] == 0).map(|i| order.iter().filter(|o| *o == i).count()).collect();
        let (least, most) = (rare.iter().min().unwrap(), rare.iter().max().unwrap());
        assert!(most - least <= 1, "{rare:?}");
        assert_ne!(order, chosen.balanced_order(1, 5));

        let mut all = chosen.order(1, 0);
        all.sort_unstable();
        assert_eq!(all, chosen.digits);
    }

    /// By hand: 30 digits, 20 of class 1 and 10 of class 2: 30 / (2 · 20) and 30 / (2 · 10).
    #[test]
    fn weights_make_up_for_rarity() {
        let labels: Vec<u8> = (0..30).map(|i| if i < 20 { 1 } else { 2 }).collect();
        let weights = choose(&labels, ALL, 1).balanced_weights();
        assert_eq!(weights, [0.0, 0.75, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
