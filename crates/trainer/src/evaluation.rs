//! Scoring the network on a whole set, a batch at a time.

use data::{CLASSES, Dataset, Digits, Set};
use engine::{StepInputs, loss::BatchResult, loss::arg_max};
use protocol::{EvalSet, Score};

use crate::{feed, network::Network};

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
    next: usize,
    result: BatchResult,
    confusion: Vec<u32>,
}

impl Evaluation {
    pub fn new(set: EvalSet) -> Self {
        Self { set, next: 0, result: BatchResult::default(), confusion: vec![0; CLASSES * CLASSES] }
    }

    /// Scores the next batch of `digits`, of which the first `count` are used. True after the last.
    pub fn advance(&mut self, network: &mut Network, digits: &Digits, count: usize) -> bool {
        let count = count.min(digits.len());
        let end = (self.next + network.score.plan.batch).min(count);
        feed::fill(&mut network.score, (self.next..end).map(|i| (digits.image(i), digits.labels[i])));
        network.cpu.forward(&mut network.score, &StepInputs::default());
        self.result.add(network.cpu.evaluate(&network.score, &network.spec.train.loss));
        for (scores, label) in network.score.logits().chunks_exact(CLASSES).zip(&network.score.labels) {
            self.confusion[usize::from(*label) * CLASSES + arg_max(scores)] += 1;
        }
        self.next = end;
        end == count
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
