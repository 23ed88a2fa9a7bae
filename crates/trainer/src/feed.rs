//! Which digits a step trains on.

use data::{Dataset, TEST_TOTAL, TRAIN_TOTAL, epoch_order, order};
use engine::rng::{self, Stream};

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

/// Says which digits make up a batch. Position in the data follows from the step's number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Digits of an epoch.
    pub train: usize,
    /// Digits of a step: at least 1 and at most `train`.
    pub batch: usize,
    pub seed: u32,
}

impl Feed {
    /// The remainder of an epoch that fills no batch is left out.
    pub fn steps_per_epoch(&self) -> u32 {
        (self.train / self.batch) as u32
    }

    /// Whether the digits of `step` have arrived.
    pub fn is_ready(&self, step: u32, data: &Dataset) -> bool {
        let (epoch, first) = self.place(step);
        let needed = if self.train == TRAIN_TOTAL { order::needed(epoch, first + self.batch) } else { self.train };
        data.train_ready() >= needed
    }

    /// Epoch of `step`, and where its batch begins in the epoch's order.
    pub fn place(&self, step: u32) -> (u32, usize) {
        let per_epoch = self.steps_per_epoch();
        (step / per_epoch, (step % per_epoch) as usize * self.batch)
    }

    /// Numbers of the training digits in the order in which `epoch` asks for them.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        if self.train == TRAIN_TOTAL {
            return epoch_order(self.seed, epoch);
        }
        let mut order: Vec<u32> = (0..self.train as u32).collect();
        rng::shuffle(&mut order, self.seed, Stream::SHUFFLE.part(epoch));
        order
    }
}
