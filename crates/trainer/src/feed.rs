//! Which digits a step trains on.

use std::sync::Arc;

use data::{
    Chosen, Dataset, Set, TEST_TOTAL, TRAIN_TOTAL, epoch_order, order,
    selection::{Wanted, choose},
};
use engine::json::Read;
use engine::rng::{self, Stream};
use protocol::Selection;
use serde::Serialize;

/// How much of the data set a session uses, from the first digit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Training digits.
    pub train: usize,
    /// Digits of the validation set and of the test set.
    pub scored: usize,
}

impl Default for Portion {
    /// All of it.
    fn default() -> Self {
        Self { train: TRAIN_TOTAL, scored: TEST_TOTAL }
    }
}

impl Portion {
    /// Digits that there are to choose from.
    pub(crate) fn pool(self, selection: &Selection, data: &Dataset) -> usize {
        if data.source().has_own() {
            return self.train.min(data.total_of(Set::Train));
        }
        // Where all 50,000 are used, those that do not validate any more train too.
        if self.train == TRAIN_TOTAL { selection.pool() } else { self.train.min(selection.pool()) }
    }

    /// The same of a data set that is larger or smaller than MNIST.
    #[must_use]
    pub fn of(self, data: &Dataset) -> Self {
        let whole = |ours: usize, all: usize, total: usize| if ours == all { total } else { ours.min(total) };
        let scored = data.total_of(Set::Validation).max(data.total_of(Set::Test));
        Self { train: whole(self.train, TRAIN_TOTAL, data.total_of(Set::Train)), scored: whole(self.scored, TEST_TOTAL, scored) }
    }
}

/// Where in the data a stretch of steps begins: at the start of the run, or where the size of a batch or the digits
/// were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub step: u32,
    /// The epoch under way there, and how many of its digits were behind.
    pub epoch: u32,
    pub first: usize,
}

/// Says which digits make up a batch. Position in the data follows from the step's number alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Digits of an epoch.
    pub train: usize,
    /// Digits of a step: at least 1 and at most `train`.
    pub batch: usize,
    pub seed: u32,
    pub origin: Origin,
    /// Which digits there are, where it is not simply the first `train`.
    chosen: Option<Arc<Chosen>>,
    balanced: bool,
}

impl Feed {
    /// The first `train` digits, as they are.
    pub fn plain(train: usize, batch: usize, seed: u32) -> Self {
        Self { train, batch, seed, origin: Origin::default(), chosen: None, balanced: false }
    }

    /// What `selection` takes of the digits; `None` while not all that it chooses from have arrived.
    pub fn selected(selection: &Selection, portion: Portion, batch: usize, seed: u32, data: &Dataset) -> Option<Self> {
        let pool = portion.pool(selection, data);
        if data.pool_ready() < pool {
            return None;
        }
        let labels: Vec<u8> = (0..pool).filter_map(|i| data.pool_image(i)).map(|(_, label)| label).collect();
        let Selection { subset, ref keep, label_noise, balanced, repeat, .. } = *selection;
        let mut chosen = choose(&labels, Wanted { keep, subset: subset as usize, label_noise }, seed);
        chosen.repeat(data.own_train() as u32, repeat as usize);
        Some(Self { balanced, chosen: Some(Arc::new(chosen)), ..Self::plain(0, batch, seed) }.counted())
    }

    fn counted(mut self) -> Self {
        self.train = self.chosen.as_ref().map_or(self.train, |chosen| chosen.digits.len());
        self
    }

    /// From `origin` on.
    #[must_use]
    pub fn starting(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// What was chosen, where it was not simply the first digits.
    pub fn chosen(&self) -> Option<&Chosen> {
        self.chosen.as_deref()
    }

    /// The remainder of an epoch that fills no batch is left out.
    pub fn steps_per_epoch(&self) -> u32 {
        (self.train / self.batch) as u32
    }

    /// Steps in what is left of the epoch of the origin.
    fn lead(&self) -> u32 {
        (self.train.saturating_sub(self.origin.first) / self.batch) as u32
    }

    /// Whether the digits of `step` have arrived.
    pub fn is_ready(&self, step: u32, data: &Dataset) -> bool {
        if self.chosen.is_some() {
            // They had when they were chosen.
            return true;
        }
        let (epoch, first) = self.place(step);
        let needed = if self.train == TRAIN_TOTAL { order::needed(epoch, first + self.batch) } else { self.train };
        data.train_ready() >= needed
    }

    /// Epoch of `step`, and where its batch begins in the epoch's order.
    pub fn place(&self, step: u32) -> (u32, usize) {
        let (since, lead, per_epoch) = (step.saturating_sub(self.origin.step), self.lead(), self.steps_per_epoch());
        if since < lead {
            return (self.origin.epoch, self.origin.first + since as usize * self.batch);
        }
        let rest = since - lead;
        (self.origin.epoch + 1 + rest / per_epoch, (rest % per_epoch) as usize * self.batch)
    }

    /// Whether an epoch ends before `step`, or the run begins with it.
    pub fn is_boundary(&self, step: u32) -> bool {
        self.place(step).1 == 0
    }

    /// Steps from `step` to the end of its epoch.
    pub fn left_in_epoch(&self, step: u32) -> u32 {
        ((self.train - self.place(step).1) / self.batch) as u32
    }

    /// Epochs that have gone by before `step`: whole at every boundary.
    pub fn epoch_at(&self, step: u32) -> f64 {
        let (since, lead, per_epoch) = (step.saturating_sub(self.origin.step), self.lead(), f64::from(self.steps_per_epoch()));
        if self.origin == Origin::default() {
            return f64::from(step) / per_epoch;
        }
        let epoch = f64::from(self.origin.epoch);
        if since < lead {
            let behind = self.origin.first as f64 / self.train as f64;
            return epoch + behind + (1.0 - behind) * f64::from(since) / f64::from(lead);
        }
        epoch + 1.0 + f64::from(since - lead) / per_epoch
    }

    /// The step before which `epochs` have gone by; that of the origin where they had already.
    pub fn end_of(&self, epochs: u32) -> u32 {
        let Some(more) = epochs.checked_sub(self.origin.epoch + 1) else { return self.origin.step };
        self.origin.step.saturating_add(self.lead()).saturating_add(more.saturating_mul(self.steps_per_epoch()))
    }

    /// Where `other`, with batches of another size or other digits, goes on at `step`.
    pub fn handed_on(&self, step: u32, other: &Self) -> Origin {
        if (self.batch, self.train, self.balanced, &self.chosen) == (other.batch, other.train, other.balanced, &other.chosen) {
            return self.origin;
        }
        let (epoch, first) = self.place(step);
        // Of other digits the same share is behind.
        let first = if self.train == other.train { first } else { (first as u64 * other.train as u64 / self.train as u64) as usize };
        Origin { step, epoch, first }
    }

    /// Numbers of the training digits in the order in which `epoch` asks for them.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        if let Some(chosen) = &self.chosen {
            return if self.balanced { chosen.balanced_order(self.seed, epoch) } else { chosen.order(self.seed, epoch) };
        }
        if self.train == TRAIN_TOTAL {
            return epoch_order(self.seed, epoch);
        }
        let mut order: Vec<u32> = (0..self.train as u32).collect();
        rng::shuffle(&mut order, self.seed, Stream::SHUFFLE.part(epoch));
        order
    }

    /// Image and class of training digit `i`, once it has arrived: the class that it is taken for.
    pub fn digit<'a>(&self, i: u32, data: &'a Dataset) -> Option<(&'a [u8], u8)> {
        let (image, label) = data.pool_image(i as usize)?;
        Some((image, self.chosen.as_ref().and_then(|c| c.labels.get(i as usize)).copied().unwrap_or(label)))
    }

    /// The classes that digits are taken for, from the first on, where some are not their own.
    pub fn wrong_labels(&self) -> Option<&[u8]> {
        self.chosen.as_deref().filter(|c| c.wrong > 0).map(|c| c.labels.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_where_the_batch_changed() {
        let old = Feed::plain(1_000, 100, 1);
        assert_eq!([0, 9, 10, 25].map(|s| old.place(s)), [(0, 0), (0, 900), (1, 0), (2, 500)]);
        assert_eq!([old.epoch_at(5), old.epoch_at(30)], [0.5, 3.0]);
        let new = Feed::plain(1_000, 64, 1);
        let new = new.clone().starting(old.handed_on(13, &new));
        assert_eq!(new.origin, Origin { step: 13, epoch: 1, first: 300 });
        // 700 digits are left of the second epoch: ten batches of 64.
        assert_eq!([13, 14, 22, 23, 24].map(|s| new.place(s)), [(1, 300), (1, 364), (1, 876), (2, 0), (2, 64)]);
        assert_eq!((new.left_in_epoch(13), new.left_in_epoch(23)), (10, 15));
        assert_eq!([12, 13, 22, 23, 24].map(|s| new.is_boundary(s)), [false, false, false, true, false]);
        assert_eq!([new.end_of(1), new.end_of(2), new.end_of(3)], [13, 23, 38]);
        assert_eq!([new.epoch_at(13), new.epoch_at(18), new.epoch_at(23), new.epoch_at(38)], [1.3, 1.65, 2.0, 3.0]);
        // And back again.
        let third = old.clone().starting(new.handed_on(20, &old));
        assert_eq!(third.origin, Origin { step: 20, epoch: 1, first: 748 });
        assert_eq!(third.place(22), (2, 0));
        // Nothing changed: nothing new begins.
        assert_eq!(third.handed_on(40, &old), third.origin);
    }

    #[test]
    fn a_change_at_the_end_of_an_epoch_leaves_it_at_its_end() {
        let old = Feed::plain(1_000, 300, 1);
        let new = Feed::plain(1_000, 100, 1);
        let new = new.clone().starting(old.handed_on(3, &new));
        // 900 digits went by, and the fourth batch of an epoch is the first of the next.
        assert_eq!((new.origin, new.place(3)), (Origin { step: 3, epoch: 1, first: 0 }, (1, 0)));
        assert!(new.is_boundary(3));
        assert_eq!((new.epoch_at(3), new.end_of(1), new.end_of(2)), (1.0, 3, 13));
        // So little is left that it fills no batch: the next epoch begins.
        let wide = Feed::plain(1_000, 300, 1);
        let small = Feed::plain(1_000, 50, 1);
        let wide = wide.clone().starting(small.handed_on(19, &wide));
        assert_eq!(wide.origin.first, 950);
        assert_eq!((wide.place(19), wide.is_boundary(19), wide.epoch_at(19)), ((1, 0), true, 1.0));
    }

    #[test]
    fn a_smaller_set_goes_on_at_the_same_share() {
        let old = Feed::plain(1_000, 100, 1);
        let new = Feed::plain(500, 100, 1);
        assert_eq!(old.handed_on(4, &new), Origin { step: 4, epoch: 0, first: 200 });
    }
}
