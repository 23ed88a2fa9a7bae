//! Sigmoid: any number becomes one between 0 and 1.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = 1 / (1 + e^−input)`, computed by `e^−|input|`, which never overflows
//!
//! # Gradient
//! `d_input = d_output · output · (1 − output)`.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

use serde::Serialize;

use super::{
    Case, Exhibit, Kind, Signs, exponential,
    pointwise::{self, Pointwise, Seen},
};
use crate::{
    Shape, ShapeError,
    backend::gpu::launch::{Shader, Word},
    json::Read,
};

/// `torch.nn.Sigmoid`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Sigmoid {}

static FORWARD: Shader = Shader { name: "sigmoid/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "sigmoid/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "sigmoid",
    short: "sigmoid",
    title: "Sigmoid",
    family: super::Family::Activation,
    knobs: &[],
    signs: Signs::Positive,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // e^(ln 3) = 3, so the sigmoid of ± ln 3 is 3/4 and 1/4.
    let ln_3 = 1.098_612_3;
    let worked = pointwise::worked(&[0.0, ln_3, -ln_3], &[0.5, 0.75, 0.25], &[4.0, 16.0, -16.0], &[1.0, 3.0, -3.0]);
    vec![
        pointwise::case("worked_by_hand", Sigmoid {}, Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Sigmoid {}, Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Sigmoid {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Output;

    fn check(&self) -> Result<(), ShapeError> {
        Ok(())
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        pointwise::map(input, output, exponential::sigmoid);
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        pointwise::map_both(seen, d_output, d_input, |y, d| d * (y * (1.0 - y)));
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let y = 1.0 / (1.0 + libm::exp(-x));
        [y, y * (1.0 - y)]
    }
}
