//! Concatenation of branches along the channels.
//!
//! # Shapes
//! Rows and columns of all branches agree; the output's channels are the sum of theirs.
//!
//! # Formula
//! `output[n, c₁ + … + c_{k−1} + c, y, x] = input_k[n, c, y, x]`
//!
//! # Gradient
//! Each branch receives the part of the output's gradient that stands at its channels.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! Fewer than two branches or more than eight, rows or columns that differ.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Cost, Exhibit, Forward, INPUTS_LIMIT, Inferred, Kind, LayerSpec, Op, Placement, Reference, Signs, Window, Worked,
    Working, join,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.cat([branch(x) for branch in branches], 1)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Concat {
    /// The layers of each branch, from what reaches the join; none hands it on.
    pub branches: Vec<Vec<LayerSpec>>,
}

pub const KIND: Kind = Kind {
    name: "concat",
    short: "concat",
    title: "Concatenate",
    family: super::Family::Join,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: true,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        // Two examples of one channel, then two of two channels, each of two pixels.
        input: vec![1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0],
        params: vec![],
        state: vec![],
        output: vec![1.0, 2.0, 10.0, 20.0, 30.0, 40.0, 3.0, 4.0, 50.0, 60.0, 70.0, 80.0],
        d_output: (1..=12_u8).map(f32::from).collect(),
        d_input: vec![1.0, 2.0, 7.0, 8.0, 3.0, 4.0, 5.0, 6.0, 9.0, 10.0, 11.0, 12.0],
        d_params: vec![],
    };
    const PAIR: &[Shape] = &[Shape::new(2, 1, 2)];
    const THREE: &[Shape] = &[Shape::new(1, 3, 4), Shape::new(5, 3, 4), Shape::new(3, 3, 4)];
    let case = |name, input, others: &'static [Shape], batch, worked| {
        let layer = Concat { branches: vec![vec![]; 1 + others.len()] }.into();
        Case { name, layer, input, others, batch, mode: Mode::Train, worked }
    };
    vec![case("worked_by_hand", Shape::new(1, 1, 2), PAIR, 2, Some(worked)), case("four", Shape::new(2, 3, 4), THREE, 3, None)]
}

/// First number and count of each input within an example's output.
fn parts(at: &Placement) -> impl Iterator<Item = (usize, usize)> + '_ {
    join::shapes(at).scan(0, |from, shape| {
        let first = *from;
        *from += shape.len();
        Some((first, shape.len()))
    })
}

impl Op for Concat {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn branches(&self) -> &[Vec<LayerSpec>] {
        &self.branches
    }

    fn with_branches(&self, branches: Vec<Vec<LayerSpec>>) -> Option<LayerSpec> {
        Some(Concat { branches }.into())
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let first = join::counted(inputs, INPUTS_LIMIT)?;
        if let Some((branch, got)) = inputs.iter().enumerate().find(|(_, s)| (s.h, s.w) != (first.h, first.w)) {
            let rule = "what is stacked must have the same rows and columns".to_owned();
            return Err(ShapeError::BranchesDiffer { branch, first, got: *got, rule });
        }
        let ch = inputs.iter().fold(0usize, |sum, s| sum.saturating_add(s.ch));
        let output = Shape { ch, ..first };
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        for ((first, len), input) in parts(at).zip(io.inputs) {
            for (example, own) in io.output.chunks_exact_mut(at.output.len()).zip(input.chunks_exact(len)) {
                example[first..first + len].copy_from_slice(own);
            }
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        for ((first, len), d_input) in parts(at).zip(io.d_inputs.iter_mut()) {
            for (example, own) in io.d_output.chunks_exact(at.output.len()).zip(d_input.chunks_exact_mut(len)) {
                own.copy_from_slice(&example[first..first + len]);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let mut r = Reference { output: vec![0.0; at.batch * at.output.len()], ..Reference::default() };
        for ((first, len), own) in parts(at).zip(join::parts(at, input)) {
            for (i, value) in own.iter().enumerate() {
                let place = i / len * at.output.len() + first + i % len;
                r.output[place] = *value;
                r.d_input.extend(d_output.get(place));
            }
        }
        r
    }
}
