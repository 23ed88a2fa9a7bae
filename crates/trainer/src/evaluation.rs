//! Scoring the network on a whole set, a piece at a time.

use data::{CLASSES, Dataset, Set, VALIDATION_TOTAL};
use engine::loss::{BatchResult, arg_max};
use metrics::{ECE_BINS, Probabilities};
use protocol::{EvalSet, Quality, Score, regime::POOL};

use crate::Portion;

pub fn set_of(set: EvalSet) -> Set {
    match set {
        EvalSet::Validation => Set::Validation,
        EvalSet::Test => Set::Test,
    }
}

/// The digits that score a run: its split may take other ones than the validation set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Digits that validate; they are the last of the pool.
    validation: usize,
    /// At most so many of a set.
    most: usize,
}

impl Scored {
    pub fn of(validation: u32, portion: Portion) -> Self {
        Self { validation: validation as usize, most: portion.scored }
    }

    /// They do not lie in a set of their own, but among the pool of training and validation digits.
    pub fn is_pooled(self, set: EvalSet) -> bool {
        set == EvalSet::Validation && self.validation != VALIDATION_TOTAL
    }

    /// Where they begin in what holds them.
    pub fn offset(self, set: EvalSet) -> usize {
        if self.is_pooled(set) { POOL - self.validation } else { 0 }
    }

    /// How many there are, once they have arrived.
    pub fn count(self, set: EvalSet, data: &Dataset) -> Option<usize> {
        let len = data.whole(set_of(set))?;
        Some(if self.is_pooled(set) { (data.pool_ready() == POOL).then_some(self.validation)? } else { len }.min(self.most))
    }

    /// Digit `i` of them.
    pub fn image(self, set: EvalSet, i: usize, data: &Dataset) -> Option<(&[u8], u8)> {
        if self.is_pooled(set) {
            return data.pool_image(self.offset(set) + i);
        }
        data.image(set_of(set), i)
    }

    /// The classes of the first `count`.
    fn labels(self, set: EvalSet, count: usize, data: &Dataset) -> Vec<u8> {
        (0..count).filter_map(|i| self.image(set, i, data)).map(|(_, label)| label).collect()
    }
}

pub fn name(set: EvalSet) -> &'static str {
    match set {
        EvalSet::Validation => "validation",
        EvalSet::Test => "test",
    }
}

/// An evaluation under way; the weights must not change meanwhile.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub set: EvalSet,
    /// Tells the answers to this one from those to one that was given up.
    pub number: u32,
    /// Digits to be scored.
    count: usize,
    asked: usize,
    answered: usize,
    result: BatchResult,
    /// (digit, class), at the digits' places in the set.
    scores: Vec<f32>,
}

impl Evaluation {
    /// Of the first `count` digits of `set`.
    pub fn new(set: EvalSet, number: u32, count: usize) -> Self {
        Self { set, number, count, asked: 0, answered: 0, result: BatchResult::default(), scores: vec![0.0; count * CLASSES] }
    }

    /// The next piece to be scored, of at most `most` digits: the first one's place, and how many.
    pub fn ask(&mut self, most: usize) -> Option<(usize, usize)> {
        let (first, count) = (self.asked, most.min(self.count - self.asked));
        self.asked += count;
        (count > 0).then_some((first, count))
    }

    /// Takes in the scores of the piece that begins at `first`. True after the last.
    pub fn add(&mut self, first: usize, pieces: &[BatchResult], scores: &[f32]) -> bool {
        pieces.iter().for_each(|piece| self.result.add(*piece));
        self.scores[first * CLASSES..][..scores.len()].copy_from_slice(scores);
        self.answered += scores.len() / CLASSES;
        self.answered == self.count
    }

    /// The network's answer to each digit, as far as it gives one.
    pub fn answers(&self) -> Vec<u8> {
        self.scores.chunks_exact(CLASSES).map(|scores| arg_max(scores) as u8).collect()
    }

    /// What came out, of the digits that were scored.
    pub fn score(self, step: u32, epoch: f64, scored: Scored, data: &Dataset) -> Score {
        let labels = &scored.labels(self.set, self.count, data);
        let mut confusion = vec![0; CLASSES * CLASSES];
        for (label, scores) in labels.iter().zip(self.scores.chunks_exact(CLASSES)) {
            confusion[usize::from(*label) * CLASSES + arg_max(scores)] += 1;
        }
        Score {
            set: self.set,
            step,
            epoch,
            loss: self.result.mean_loss(),
            accuracy: self.result.accuracy(),
            count: self.result.count,
            confusion,
            quality: quality(&self.scores, labels),
        }
    }
}

/// `None` where some score is no number.
fn quality(scores: &[f32], labels: &[u8]) -> Option<Quality> {
    let labels: Vec<usize> = labels.iter().map(|l| usize::from(*l)).collect();
    let found = Probabilities::of_scores(scores, &labels, CLASSES).ok()?;
    Some(Quality {
        top_2: found.top(2)?,
        top_3: found.top(3)?,
        ece: found.ece(ECE_BINS)?,
        brier: found.brier()?,
        roc_auc: (0..CLASSES).map(|class| found.roc_auc(class)).collect(),
    })
}
