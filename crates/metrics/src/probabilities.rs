//! What a classifier's probabilities are worth, beyond the answers that follow from them.

use crate::{Confusion, MetricError};

/// Intervals of [`Probabilities::ece`] where nobody asks for another number.
pub const ECE_BINS: usize = 15;

/// Softmax probabilities of some examples, and their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities {
    classes: usize,
    /// (example, class)
    values: Vec<f64>,
    labels: Vec<usize>,
}

impl Probabilities {
    /// From scores before softmax, (example, class).
    ///
    /// # Errors
    /// Counts that do not agree, a label that is no class, scores that are not finite.
    pub fn of_scores(scores: &[f32], labels: &[usize], classes: usize) -> Result<Self, MetricError> {
        let examples = labels.len();
        if classes == 0 || examples.checked_mul(classes) != Some(scores.len()) {
            return Err(MetricError::Scores { examples, classes, got: scores.len() });
        }
        let mut values = Vec::with_capacity(scores.len());
        for (example, (row, label)) in scores.chunks_exact(classes).zip(labels).enumerate() {
            if *label >= classes {
                return Err(MetricError::Label { example, label: *label, classes });
            }
            if row.iter().any(|s| !s.is_finite()) {
                return Err(MetricError::NotFinite { example });
            }
            let highest = row.iter().copied().fold(f32::MIN, f32::max);
            let powers = row.iter().map(|s| libm::exp(f64::from(*s) - f64::from(highest)));
            let sum: f64 = powers.clone().sum();
            values.extend(powers.map(|p| p / sum));
        }
        Ok(Self { classes, values, labels: labels.to_vec() })
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        self.values.chunks_exact(self.classes).zip(self.labels.iter().copied())
    }

    /// Who is taken for whom, by the highest probability (the first of equals).
    pub fn confusion(&self) -> Confusion {
        let mut counts = vec![0; self.classes * self.classes];
        for (row, label) in self.rows() {
            counts[label * self.classes + highest(row)] += 1;
        }
        Confusion::square(self.classes, counts)
    }

    /// Share of examples whose class is among the `k` most probable. Of equals those before the class
    /// stand before it, so that `k = 1` is the accuracy. `None` without examples.
    pub fn top(&self, k: usize) -> Option<f64> {
        self.mean(|row, label| {
            let better = row.iter().enumerate().filter(|(c, p)| **p > row[label] || (**p == row[label] && *c < label));
            if better.count() < k { 1.0 } else { 0.0 }
        })
    }

    /// Brier score: squared distance of the probabilities from certainty in the right class, summed over
    /// classes, averaged over examples; 0 to 2 (Brier 1950). `None` without examples.
    pub fn brier(&self) -> Option<f64> {
        self.mean(|row, label| {
            let square = |(c, p): (usize, &f64)| if c == label { (1.0 - p) * (1.0 - p) } else { p * p };
            row.iter().enumerate().map(square).sum()
        })
    }

    /// Expected calibration error: the highest probability says how sure the network is; in each of
    /// `bins` equal intervals (a, b] of it the share of right answers should be as high. The mean of
    /// their distances, weighted by the examples in each (Guo et al. 2017). `None` without examples.
    pub fn ece(&self, bins: usize) -> Option<f64> {
        let bins = bins.max(1);
        let edge = |bin: usize| bin as f64 / bins as f64;
        // Right answers, sum of confidence.
        let mut sums = vec![(0u64, 0.0f64); bins];
        for (row, label) in self.rows() {
            let answer = highest(row);
            let sure = row[answer];
            // The interval by its edges, not by a product that may round over one.
            let bin = (1..bins).find(|&b| sure <= edge(b)).unwrap_or(bins) - 1;
            sums[bin].0 += u64::from(answer == label);
            sums[bin].1 += sure;
        }
        // |share - mean confidence| · examples / all
        (!self.is_empty()).then(|| sums.iter().map(|(right, sure)| (*right as f64 - sure).abs()).sum::<f64>() / self.len() as f64)
    }

    /// Area under the ROC curve of `class` against all others: the chance that an example of the class
    /// has a higher probability of it than one of the others, where equals count half (Mann and Whitney).
    /// `None` where there are no examples of it, or no others.
    pub fn roc_auc(&self, class: usize) -> Option<f64> {
        if class >= self.classes {
            return None;
        }
        let mut ranked: Vec<(f64, bool)> = self.rows().map(|(row, label)| (row[class], label == class)).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let own = ranked.iter().filter(|(_, is)| *is).count() as f64;
        let others = ranked.len() as f64 - own;
        // Over groups of equals, from below: each example of the class beats all others below it.
        let (mut below, mut wins) = (0.0, 0.0);
        for equals in ranked.chunk_by(|a, b| a.0 == b.0) {
            let inside = equals.iter().filter(|(_, is)| *is).count() as f64;
            let outside = equals.len() as f64 - inside;
            wins += inside * (below + outside / 2.0);
            below += outside;
        }
        (own > 0.0 && others > 0.0).then(|| wins / (own * others))
    }

    fn mean(&self, of: impl Fn(&[f64], usize) -> f64) -> Option<f64> {
        (!self.is_empty()).then(|| self.rows().map(|(row, label)| of(row, label)).sum::<f64>() / self.len() as f64)
    }
}

fn highest(row: &[f64]) -> usize {
    let mut best = 0;
    for (i, p) in row.iter().enumerate() {
        if *p > row[best] {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes with these probabilities of the second, as near as f32 scores come.
    fn two(of_one: &[f64], labels: &[usize]) -> Probabilities {
        let scores: Vec<f32> = of_one.iter().flat_map(|p| [0.0, (p / (1.0 - p)).ln() as f32]).collect();
        Probabilities::of_scores(&scores, labels, 2).unwrap()
    }

    fn close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|g| (g - want).abs() < 1e-6), "{got:?}, not {want}");
    }

    #[test]
    fn areas_under_the_curve_with_equals() {
        // Pairs (one, zero): 0.8 beats 0.3 and 0.6; 0.6 beats 0.3 and equals 0.6.
        let p = two(&[0.3, 0.6, 0.6, 0.8], &[0, 0, 1, 1]);
        close(p.roc_auc(1), 3.5 / 4.0);
        close(p.roc_auc(0), 3.5 / 4.0);
        close(two(&[0.5, 0.5, 0.5], &[0, 1, 1]).roc_auc(1), 0.5);
        assert_eq!(two(&[0.3, 0.4], &[1, 1]).roc_auc(1), None);
        assert_eq!(p.roc_auc(2), None);
    }

    #[test]
    fn calibration_worked_by_hand() {
        // Sure at 0.75 (two, one of them right) and at 0.9 (one, right): |1 - 1.5| + |1 - 0.9| over 3.
        let p = two(&[0.75, 0.25, 0.9], &[1, 1, 1]);
        close(p.ece(2), (2.0_f64 - 2.4).abs() / 3.0);
        close(p.ece(10), (0.5 + 0.1) / 3.0);
        close(p.brier(), 2.0 * (0.0625 + 0.5625 + 0.01) / 3.0);
        // An edge belongs to the interval below it: both examples are as sure as 1/2, one is right.
        close(two(&[0.5, 0.5], &[0, 1]).ece(2), 0.0);
    }

    #[test]
    fn the_first_of_equals_is_the_answer() {
        let p = Probabilities::of_scores(&[1.0, 1.0, 0.0, 0.0, 2.0, 2.0], &[1, 2], 3).unwrap();
        assert_eq!(p.confusion().counts(), [0, 0, 0, 1, 0, 0, 0, 1, 0]);
        assert_eq!([1, 2, 3].map(|k| p.top(k)), [Some(0.0), Some(1.0), Some(1.0)]);
        assert_eq!(p.confusion().accuracy(), p.top(1));
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        let of = |scores: &[f32], labels: &[usize], classes| Probabilities::of_scores(scores, labels, classes).unwrap_err().to_string();
        assert_eq!(of(&[0.0; 5], &[0, 1], 3), "2 examples of 3 classes have 6 scores, but 5 came");
        assert_eq!(of(&[0.0; 4], &[0, 2], 2), "example 1 is of class 2, but there are 2 classes, counted from 0");
        assert_eq!(of(&[0.0, f32::NAN], &[0], 2), "the scores of example 0 are not finite");
        assert!(Probabilities::of_scores(&[], &[], 0).is_err());
        let none = Probabilities::of_scores(&[], &[], 2).unwrap();
        assert_eq!((none.ece(15), none.brier(), none.top(1), none.roc_auc(0)), (None, None, None, None));
    }
}
