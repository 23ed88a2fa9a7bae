//! `loss = Σ weight · loss`: several losses at once, on the same outputs and targets.

use serde::Serialize;

use super::{CrossEntropy, Dice, LossError, LossSpec, error::within};
use crate::{Shape, json::Read};

/// Most losses in a sum, those of sums within it counted.
const TERMS_LIMIT: usize = 8;
/// Most sums within each other.
const DEPTH_LIMIT: usize = 4;

/// Several losses, each with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Sum {
    pub terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub weight: f32,
    pub loss: LossSpec,
}

impl Default for Sum {
    /// Cross-entropy and Dice, as segmentation often has it.
    fn default() -> Self {
        let term = |loss| Term { weight: 1.0, loss };
        Self { terms: vec![term(LossSpec::CrossEntropy(CrossEntropy::default())), term(LossSpec::Dice(Dice::default()))] }
    }
}

impl Sum {
    /// # Errors
    /// Too many losses or none, sums too deep within each other, a weight outside its limits, or what is
    /// wrong with one of the losses.
    pub(super) fn check(&self, output: Shape) -> Result<(), LossError> {
        let count = self.measure(1)?;
        if !(1..=TERMS_LIMIT).contains(&count) {
            return Err(LossError::Terms { got: count, most: TERMS_LIMIT });
        }
        self.terms.iter().try_for_each(|term| {
            within("sum", "weight", term.weight, 0.0, 1e6)?;
            term.loss.check(output)
        })
    }

    /// The number of losses, those of sums within this one counted.
    fn measure(&self, depth: usize) -> Result<usize, LossError> {
        if depth > DEPTH_LIMIT {
            return Err(LossError::Depth { depth, most: DEPTH_LIMIT });
        }
        let mut count = 0usize;
        for term in &self.terms {
            count += match &term.loss {
                LossSpec::Sum(inner) => inner.measure(depth + 1)?,
                _ => 1,
            };
        }
        Ok(count)
    }
}
