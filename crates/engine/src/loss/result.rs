//! What a batch gave.

/// Loss and right answers of a batch, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchResult {
    /// Sum of the examples' losses (not the mean), so that parts of a batch add up.
    pub loss_sum: f64,
    /// Examples that were answered right: see [`super::Targets`].
    pub correct: u32,
    pub count: u32,
}

impl BatchResult {
    pub fn add(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.correct += other.correct;
        self.count += other.count;
    }

    /// Mean loss of an example; 0 for an empty batch.
    pub fn mean_loss(&self) -> f64 {
        self.loss_sum / f64::from(self.count.max(1))
    }

    /// Share of correct answers, in 0 to 1.
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct) / f64::from(self.count.max(1))
    }
}
