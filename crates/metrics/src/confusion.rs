//! Which classes are taken for which: the counts and what follows from them.

use crate::MetricError;

/// Counts of answers; row: true class, column: answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u32>,
}

impl Confusion {
    /// # Errors
    /// Where there are not `classes × classes` counts.
    pub fn new(classes: usize, counts: Vec<u32>) -> Result<Self, MetricError> {
        let got = counts.len();
        if classes.checked_mul(classes) == Some(got) { Ok(Self { classes, counts }) } else { Err(MetricError::Confusion { classes, got }) }
    }

    /// Of counts that are known to be a square table.
    pub(crate) fn square(classes: usize, counts: Vec<u32>) -> Self {
        debug_assert_eq!(classes * classes, counts.len());
        Self { classes, counts }
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Row by row.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// How often `truth` was taken for `answer`.
    pub fn count(&self, truth: usize, answer: usize) -> u32 {
        self.counts[truth * self.classes + answer]
    }

    /// Examples of a class.
    pub fn support(&self, truth: usize) -> u64 {
        (0..self.classes).map(|answer| u64::from(self.count(truth, answer))).sum()
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().map(|n| u64::from(*n)).sum()
    }

    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|c| u64::from(self.count(c, c))).sum()
    }

    /// Share of right answers; `None` where nothing was counted.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.correct(), self.total())
    }

    /// Of what was called `class`, the share that is it; `None` where nothing was called so.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(u64::from(self.count(class, class)), (0..self.classes).map(|truth| u64::from(self.count(truth, class))).sum())
    }

    /// Of what is `class`, the share that was called so; `None` where there is none.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(u64::from(self.count(class, class)), self.support(class))
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let (p, r) = (self.precision(class)?, self.recall(class)?);
        (p + r > 0.0).then(|| 2.0 * p * r / (p + r))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_worked_by_hand() {
        // Of four zeros three were read as such; of two ones one; nothing is a two, one was read as it.
        let table = Confusion::new(3, vec![3, 1, 0, 0, 1, 1, 0, 0, 0]).unwrap();
        assert_eq!((table.total(), table.correct(), table.support(0)), (6, 4, 4));
        assert_eq!(table.accuracy(), Some(4.0 / 6.0));
        assert_eq!([0, 1, 2].map(|c| table.precision(c)), [Some(1.0), Some(0.5), Some(0.0)]);
        assert_eq!([0, 1, 2].map(|c| table.recall(c)), [Some(0.75), Some(0.5), None]);
        assert_eq!([0, 1, 2].map(|c| table.f1(c)), [Some(1.5 / 1.75), Some(0.5), None]);
    }

    #[test]
    fn nothing_counted_has_no_shares() {
        let none = Confusion::new(2, vec![0; 4]).unwrap();
        assert_eq!((none.accuracy(), none.precision(0), none.recall(1), none.f1(0)), (None, None, None, None));
        assert_eq!(Confusion::new(2, vec![1; 3]), Err(MetricError::Confusion { classes: 2, got: 3 }));
        assert!(Confusion::new(usize::MAX, Vec::new()).is_err_and(|e| e.to_string().contains("0 came")));
    }
}
