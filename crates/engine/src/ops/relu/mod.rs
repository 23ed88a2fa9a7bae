//! Rectifier: what is below zero becomes zero.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = max(input, 0)`
//!
//! # Gradient
//! `d_input = d_output` where the output is above zero, else 0 (also at exactly zero).
//!
//! # Cost
//! No multiply-adds. The plan lets the layer before it do the work where nobody watches in between.
//!
//! # Errors
//! None of its own.

mod gpu;

use serde::Serialize;

use super::{
    Activation, Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Window, Worked, Working, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.ReLU`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Relu {}

pub const KIND: Kind = Kind {
    name: "relu",
    short: "relu",
    title: "ReLU",
    family: super::Family::Activation,
    knobs: &[],
    signs: Signs::Positive,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: Some(Activation::Relu),
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![-1.5, 0.0, 2.0, -0.25, 3.0, 0.5],
        params: vec![],
        state: vec![],
        output: vec![0.0, 0.0, 2.0, 0.0, 3.0, 0.5],
        d_output: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        d_input: vec![0.0, 0.0, 3.0, 0.0, 5.0, 6.0],
        d_params: vec![],
    };
    let case = |name, input, batch, worked| Case { name, layer: Relu {}.into(), input, others: &[], batch, mode: Mode::Train, worked };
    vec![case("worked_by_hand", Shape::new(1, 2, 3), 1, Some(worked)), case("batch", Shape::new(3, 4, 5), 3, None)]
}

impl Op for Relu {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let output = single(inputs)?;
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, _at: &Placement, io: Forward<'_>) {
        for (out, v) in io.output.iter_mut().zip(io.inputs[0]) {
            *out = if *v <= 0.0 { 0.0 } else { *v }; // NaN passes, so that it is seen
        }
    }

    fn backward(&self, _at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            for ((to, d), out) in d_input.iter_mut().zip(io.d_output).zip(io.output) {
                *to = if *out > 0.0 { *d } else { 0.0 };
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, _at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        Reference {
            output: input.iter().map(|v| v.max(0.0)).collect(),
            d_input: input.iter().zip(d_output).map(|(v, d)| if *v > 0.0 { *d } else { 0.0 }).collect(),
            ..Reference::default()
        }
    }
}
