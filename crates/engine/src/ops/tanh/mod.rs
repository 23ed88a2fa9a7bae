//! Hyperbolic tangent: any number becomes one between −1 and 1.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = (e^input − e^−input) / (e^input + e^−input)`, computed by `e^(−2 |input|) − 1`
//!
//! # Gradient
//! `d_input = d_output · (1 − output²)`.
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

/// `torch.nn.Tanh`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Tanh {}

static FORWARD: Shader = Shader { name: "tanh/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "tanh/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "tanh",
    short: "tanh",
    title: "Tanh",
    family: super::Family::Activation,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // With e^input = √3 the tangent is (3 − 1) / (3 + 1).
    let half_ln_3 = 0.549_306_15;
    let worked = pointwise::worked(&[0.0, half_ln_3, -half_ln_3], &[0.0, 0.5, -0.5], &[4.0, 4.0, -8.0], &[4.0, 3.0, -6.0]);
    vec![
        pointwise::case("worked_by_hand", Tanh {}, Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Tanh {}, Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Tanh {
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
        pointwise::map(input, output, exponential::tanh);
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        pointwise::map_both(seen, d_output, d_input, |y, d| d * (1.0 - y * y));
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let y = libm::tanh(x);
        [y, 1.0 - y * y]
    }
}
