//! What a run is trained on.

use serde::{Deserialize, Serialize};

use crate::{CLASSES, shapes};

/// The names of MNIST's classes.
pub const DIGIT_NAMES: [&str; CLASSES] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// MNIST.
    #[default]
    Digits,
    /// [`shapes`], as many as MNIST has digits.
    Shapes,
    /// Images of one's own.
    Own,
    /// MNIST, and images of one's own beside it.
    DigitsAndOwn,
}

impl Source {
    pub const ALL: [Self; 4] = [Self::Digits, Self::Shapes, Self::Own, Self::DigitsAndOwn];

    pub fn has_own(self) -> bool {
        matches!(self, Self::Own | Self::DigitsAndOwn)
    }

    /// What its classes are called; `None` where their owner names them.
    pub fn class_names(self) -> Option<&'static [&'static str; CLASSES]> {
        match self {
            Self::Digits | Self::DigitsAndOwn => Some(&DIGIT_NAMES),
            Self::Shapes => Some(&shapes::NAMES),
            Self::Own => None,
        }
    }

    /// What one of its images is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Digits => "digit",
            Self::Shapes => "shape",
            Self::Own | Self::DigitsAndOwn => "image",
        }
    }
}
