//! Scoring the network on a whole set, a piece at a time.

use data::{CLASSES, Dataset, Digits, Set};
use engine::loss::BatchResult;
use protocol::{EvalSet, Score};

/// The digits of `set`, once all have arrived.
pub fn digits(data: &Dataset, set: EvalSet) -> Option<&Digits> {
    data.set(match set {
        EvalSet::Validation => Set::Validation,
        EvalSet::Test => Set::Test,
    })
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
    confusion: Vec<u32>,
}

impl Evaluation {
    /// Of the first `count` digits of `set`.
    pub fn new(set: EvalSet, number: u32, count: usize) -> Self {
        Self { set, number, count, asked: 0, answered: 0, result: BatchResult::default(), confusion: vec![0; CLASSES * CLASSES] }
    }

    /// The next piece to be scored, of at most `most` digits: the first one's place, and how many.
    pub fn ask(&mut self, most: usize) -> Option<(usize, usize)> {
        let (first, count) = (self.asked, most.min(self.count - self.asked));
        self.asked += count;
        (count > 0).then_some((first, count))
    }

    /// Takes in the answers to the piece that begins at `first`. True after the last.
    pub fn add(&mut self, first: usize, result: BatchResult, answers: &[u8], digits: &Digits) -> bool {
        self.result.add(result);
        for (label, answer) in digits.labels[first..].iter().zip(answers) {
            self.confusion[usize::from(*label) * CLASSES + usize::from(*answer)] += 1;
        }
        self.answered += answers.len();
        self.answered == self.count
    }

    pub fn score(self, step: u32, epoch: f64) -> Score {
        Score {
            set: self.set,
            step,
            epoch,
            loss: self.result.mean_loss(),
            accuracy: self.result.accuracy(),
            count: self.result.count,
            confusion: self.confusion,
        }
    }
}
