//! SiLU, also called swish: the input, weighed by its own sigmoid.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = input · sigmoid(input)`
//!
//! # Gradient
//! With `s = sigmoid(input)`: `d_input = d_output · s · (1 + input · (1 − s))`.
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

/// `torch.nn.SiLU`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Silu {}

static FORWARD: Shader = Shader { name: "silu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "silu/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "silu",
    short: "silu",
    title: "SiLU",
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
    // The sigmoid of ± ln 3 is 3/4 and 1/4.
    let ln_3 = 1.098_612_3;
    let slopes = [0.5, 0.75 + 0.1875 * ln_3, 0.25 - 0.1875 * ln_3];
    let worked = pointwise::worked(&[0.0, ln_3, -ln_3], &[0.0, 0.75 * ln_3, -0.25 * ln_3], &[1.0; 3], &slopes);
    vec![
        pointwise::case("worked_by_hand", Silu {}, Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Silu {}, Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Silu {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Input;

    fn check(&self) -> Result<(), ShapeError> {
        Ok(())
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        // Far below zero the product is 0, also where the input is infinite.
        pointwise::map(input, output, |x| (if x < -1e3 { -1e3 } else { x }) * exponential::sigmoid(x));
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        pointwise::map_both(seen, d_output, d_input, |x, d| {
            let s = exponential::sigmoid(x);
            let near = if x.abs() > 1e3 { 0.0 } else { x };
            d * (s * (1.0 + near * (1.0 - s)))
        });
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let s = 1.0 / (1.0 + libm::exp(-x));
        [x * s, s * (1.0 + x * (1.0 - s))]
    }
}
