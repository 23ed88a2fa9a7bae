//! How good a network's answers and probabilities are. All arithmetic is in `f64`.
//!
//! A package of its own, without dependencies on ours: the trainer reports these numbers, figures
//! draw them, and golden cases check them, and none of these three knows another.

mod confusion;
mod overlap;
mod probabilities;

pub use confusion::Confusion;
pub use overlap::{Overlap, overlap};
pub use probabilities::{ECE_BINS, Probabilities};

/// Why numbers cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    #[error("a table of {classes} by {classes} classes has {} counts, but {got} came", classes.saturating_mul(*classes))]
    Confusion { classes: usize, got: usize },
    #[error("{examples} examples of {classes} classes have {} scores, but {got} came", examples.saturating_mul(*classes))]
    Scores { examples: usize, classes: usize, got: usize },
    #[error("example {example} is of class {label}, but there are {classes} classes, counted from 0")]
    Label { example: usize, label: usize, classes: usize },
    #[error("the scores of example {example} are not finite")]
    NotFinite { example: usize },
    #[error("two masks are compared place by place, but one has {got} places and the other {want}")]
    Masks { got: usize, want: usize },
}
