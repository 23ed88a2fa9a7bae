//! What a network's outputs are compared with.

use crate::Shape;

/// The targets of a batch: class numbers, rows of numbers, or both.
///
/// Rows are soft labels, values to predict, masks, or a teacher's scores: as many numbers an example
/// as the network gives. Where an example has both, losses over classes (cross-entropy, hinge, focal)
/// take the class, the others the row. Where only one is there, a class stands for its one-hot row, and
/// a row for the class of its largest number (cross-entropy takes it as it is, as probabilities).
///
/// # Right answers
/// An example with a class is answered right where the largest output is that of its class; one with a
/// row alone where outputs and row are largest at the same place. Outputs with more than one pixel, or
/// a single one, are taken as a mask instead, unless there is a class: right where at least half of what
/// either mask covers is covered by both (IoU of 1/2), or where both are empty. Of the row that is what lies
/// above 1/2; of the outputs what lies above 0 for losses that read them as logits (above a probability
/// of 1/2), and above 1/2 for `mse` and `l1`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Targets<'a> {
    /// The class of each example, below the number of outputs; empty where there are none.
    pub labels: &'a [u8],
    /// (examples, outputs); empty where there are none.
    pub dense: &'a [f32],
    /// The classes of the whole batch where this is a part of it; empty where it is the whole. Class
    /// weights need it: their mean is over the weights of the batch.
    pub whole: &'a [u8],
}

impl<'a> Targets<'a> {
    /// Classes alone.
    pub fn labels(labels: &'a [u8]) -> Self {
        Self { labels, ..Self::default() }
    }

    /// Rows alone.
    pub fn dense(dense: &'a [f32]) -> Self {
        Self { dense, ..Self::default() }
    }

    /// Examples that have a target.
    pub fn count(&self, outputs: usize) -> usize {
        let rows = self.dense.len() / outputs.max(1);
        match (self.labels.is_empty(), self.dense.is_empty()) {
            (false, true) => self.labels.len(),
            (true, _) => rows,
            (false, false) => rows.min(self.labels.len()),
        }
    }

    /// The target of one example.
    pub fn of(&self, example: usize, outputs: usize) -> Target<'a> {
        Target {
            label: self.labels.get(example).map(|label| usize::from(*label)),
            row: self.dense.get(example * outputs..(example + 1) * outputs).filter(|_| !self.dense.is_empty()),
        }
    }

    /// What an example's loss is multiplied with so that (sum of losses) / count is PyTorch's mean: with class
    /// weights, that is over the weights of the examples' classes.
    pub fn share(&self, class_weights: &[f32]) -> f32 {
        let labels = if self.whole.is_empty() { self.labels } else { self.whole };
        if class_weights.is_empty() || labels.is_empty() {
            return 1.0;
        }
        let sum: f64 = labels.iter().map(|label| f64::from(class_weights[usize::from(*label)])).sum();
        // Where no class of the batch has a weight, nothing is learnt from it.
        if sum > 0.0 { (labels.len() as f64 / sum) as f32 } else { 0.0 }
    }
}

/// The target of one example: at least one of the two.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub label: Option<usize>,
    pub row: Option<&'a [f32]>,
}

impl Target<'_> {
    /// The class, or the place of the largest number.
    pub fn class(&self) -> usize {
        self.label.unwrap_or_else(|| self.row.map_or(0, arg_max))
    }

    /// What the row holds, or 1 for the class and 0 for the others.
    pub fn at(&self, output: usize) -> f32 {
        match self.row {
            Some(row) => row[output],
            None => f32::from(u8::from(self.label == Some(output))),
        }
    }

    /// Whether `outputs` answer right, by the rule of [`Targets`].
    pub fn is_met_by(&self, outputs: &[f32], is_mask: bool, threshold: f32) -> bool {
        match self.row {
            Some(row) if is_mask && self.label.is_none() => {
                let (mut both, mut either) = (0usize, 0usize);
                for (output, wanted) in outputs.iter().zip(row) {
                    let (got, want) = (*output > threshold, *wanted > 0.5);
                    both += usize::from(got && want);
                    either += usize::from(got || want);
                }
                2 * both >= either
            }
            _ => arg_max(outputs) == self.class(),
        }
    }
}

/// Whether outputs of this shape are taken as a mask where there is no class.
pub fn is_mask(output: Shape) -> bool {
    output.plane() > 1 || output.len() == 1
}

/// Position of the largest score; the first of equals.
pub fn arg_max(scores: &[f32]) -> usize {
    let mut best = 0;
    for (i, s) in scores.iter().enumerate() {
        if *s > scores[best] {
            best = i;
        }
    }
    best
}
