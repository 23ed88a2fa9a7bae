//! Channels, rows and columns read as one vector, in that order.
//!
//! # Shapes
//! `ch×h×w` to `ch·h·w`; feature `(c·h + y)·w + x` is pixel (y, x) of channel c.
//!
//! # Formula
//! The identity: the plan gives both one buffer and runs nothing.
//!
//! # Gradient
//! The identity.
//!
//! # Cost
//! None.
//!
//! # Errors
//! None of its own.

mod gpu;

use serde::Serialize;

use super::{Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Window, Worked, Working, single};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.Flatten`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Flatten {}

pub const KIND: Kind = Kind {
    name: "flatten",
    short: "flat",
    title: "Flatten",
    family: super::Family::Dense,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[Mode::Train, Mode::Eval],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 2.0, 3.0, 4.0],
        params: vec![],
        state: vec![],
        output: vec![1.0, 2.0, 3.0, 4.0],
        d_output: vec![5.0, 6.0, 7.0, 8.0],
        d_input: vec![5.0, 6.0, 7.0, 8.0],
        d_params: vec![],
    };
    vec![Case {
        name: "worked_by_hand",
        layer: Flatten {}.into(),
        input: Shape::new(2, 1, 2),
        others: &[],
        batch: 1,
        mode: Mode::Train,
        worked: Some(worked),
    }]
}

impl Op for Flatten {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let output = Shape::flat(single(inputs)?.len());
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, _at: &Placement, io: Forward<'_>) {
        io.output.copy_from_slice(io.inputs[0]);
    }

    fn backward(&self, _at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            d_input.copy_from_slice(io.d_output);
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, _at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        Reference { output: input.to_vec(), d_input: d_output.to_vec(), ..Reference::default() }
    }
}
