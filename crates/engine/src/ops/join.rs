//! What operators with several inputs share.

use super::{INPUTS_LIMIT, Placement};
use crate::{Shape, ShapeError, backend::gpu::launch::Slot};

/// The slot that holds each input, as the list of reads of a launch.
pub const INPUT: [&[Slot]; INPUTS_LIMIT] = [
    &[Slot::Input],
    &[Slot::Side(1)],
    &[Slot::Side(2)],
    &[Slot::Side(3)],
    &[Slot::Side(4)],
    &[Slot::Side(5)],
    &[Slot::Side(6)],
    &[Slot::Side(7)],
];

/// The slot that takes each input's gradient, as the list of writes of a launch.
pub const D_INPUT: [&[Slot]; INPUTS_LIMIT] = [
    &[Slot::DInput],
    &[Slot::DSide(1)],
    &[Slot::DSide(2)],
    &[Slot::DSide(3)],
    &[Slot::DSide(4)],
    &[Slot::DSide(5)],
    &[Slot::DSide(6)],
    &[Slot::DSide(7)],
];

/// At least two branches, at most `most`, or the error that says so.
pub fn counted(inputs: &[Shape], most: usize) -> Result<Shape, ShapeError> {
    match inputs {
        [first, _, ..] if inputs.len() <= most => Ok(*first),
        _ => Err(ShapeError::BranchCount { least: 2, most, got: inputs.len() }),
    }
}

/// The shape of each input.
pub fn shapes(at: &Placement) -> impl Iterator<Item = Shape> + '_ {
    std::iter::once(at.input).chain(at.others.iter().copied())
}

/// Inputs that stand one after another, each as a whole batch.
pub fn parts<'a>(at: &Placement, mut values: &'a [f64]) -> Vec<&'a [f64]> {
    shapes(at)
        .map(|shape| {
            let (own, rest) = values.split_at(at.batch * shape.len());
            values = rest;
            own
        })
        .collect()
}
