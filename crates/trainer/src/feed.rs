//! Which digits a step trains on.

use data::{Dataset, PIXELS, TEST_TOTAL, TRAIN_TOTAL, epoch_order, order};
use engine::{
    Run,
    rng::{self, Stream},
};

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

/// Fills batches. Position in the data follows from the step's number alone.
#[derive(Clone, Debug)]
pub struct Feed {
    train: usize,
    batch: usize,
    seed: u32,
    /// Order of the digits in the epoch at hand; made anew once per epoch.
    order: Vec<u32>,
    epoch: Option<u32>,
}

impl Feed {
    /// `batch` is at least 1 and at most `train`.
    pub fn new(train: usize, batch: usize, seed: u32) -> Self {
        Self { train, batch, seed, order: Vec::new(), epoch: None }
    }

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

    /// Epoch of `step`, and where its batch begins in the order.
    fn place(&self, step: u32) -> (u32, usize) {
        let per_epoch = self.steps_per_epoch();
        (step / per_epoch, (step % per_epoch) as usize * self.batch)
    }

    /// The batch of `step`; [`Feed::is_ready`] must be true. Allocates at the start of an epoch only.
    pub fn fill(&mut self, step: u32, data: &Dataset, run: &mut Run) {
        let (epoch, first) = self.place(step);
        if self.epoch != Some(epoch) {
            self.order = self.order_of(epoch);
            self.epoch = Some(epoch);
        }
        let chosen = self.order[first..first + self.batch].iter().filter_map(|i| data.train_image(*i as usize));
        fill(run, chosen);
    }

    fn order_of(&self, epoch: u32) -> Vec<u32> {
        if self.train == TRAIN_TOTAL {
            return epoch_order(self.seed, epoch);
        }
        let mut order: Vec<u32> = (0..self.train as u32).collect();
        rng::shuffle(&mut order, self.seed, Stream::SHUFFLE.part(epoch));
        order
    }
}

/// Puts digits into the batch of `run`, grey 0 to 255 as 0 to 1.
pub fn fill<'a>(run: &mut Run, digits: impl Iterator<Item = (&'a [u8], u8)>) {
    run.labels.clear();
    for ((pixels, label), image) in digits.zip(run.images.chunks_exact_mut(PIXELS)) {
        for (x, grey) in image.iter_mut().zip(pixels) {
            *x = f32::from(*grey) / 255.0;
        }
        run.labels.push(label);
    }
}
