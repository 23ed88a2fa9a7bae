//! Why a loss cannot be used.

use serde::Serialize;

use crate::{Shape, json::Read};

/// What is wrong with a [`super::LossSpec`] for a network that gives a certain output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum LossError {
    #[error("`{setting}` of `{loss}` is {value}, but must lie in {least} to {most}")]
    Setting { loss: String, setting: String, value: String, least: String, most: String },
    #[error("`weight` of `{loss}` has {got} entries, but the network gives {wanted} scores: one entry for each, or none at all")]
    Weights { loss: String, got: usize, wanted: usize },
    #[error("`weight` of `{loss}` is 0 for every class: nothing would be learnt; give one of them a weight above 0")]
    NoWeight { loss: String },
    #[error(
        "`{loss}` compares classes and needs a flat vector of scores, but the network gives {got}; put a `flatten` at its end, or take `bce_with_logits` or `dice` for masks"
    )]
    Flat { loss: String, got: Shape },
    #[error("a `sum` has {got} losses, but must have 1 to {most}, those of sums within it counted")]
    Terms { got: usize, most: usize },
    #[error("a `sum` within {depth} others is too deep; {most} is the limit")]
    Depth { depth: usize, most: usize },
}

/// Whether a setting lies within its limits.
///
/// # Errors
/// [`LossError::Setting`], also for what is no number.
pub(super) fn within(loss: &str, setting: &str, value: f32, least: f32, most: f32) -> Result<(), LossError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(LossError::Setting {
        loss: loss.to_owned(),
        setting: setting.to_owned(),
        value: value.to_string(),
        least: least.to_string(),
        most: most.to_string(),
    })
}

/// Whether `output` is a flat vector, as losses over classes need it.
///
/// # Errors
/// [`LossError::Flat`].
pub(super) fn flat(loss: &str, output: Shape) -> Result<(), LossError> {
    if output == Shape::flat(output.len()) { Ok(()) } else { Err(LossError::Flat { loss: loss.to_owned(), got: output }) }
}
