//! Hard swish: SiLU made of straight pieces and one parabola.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = input · min(max(input + 3, 0), 6) / 6`
//!
//! # Gradient
//! `d_input = d_output · (2 · input + 3) / 6` between −3 and 3, 0 below, `d_output` above.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

use serde::Serialize;

use super::{
    Case, Exhibit, Kind, Signs,
    pointwise::{self, Pointwise, Seen},
};
use crate::{
    Shape, ShapeError,
    backend::gpu::launch::{Shader, Word},
    json::Read,
};

/// `torch.nn.Hardswish`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Hardswish {}

static FORWARD: Shader = Shader { name: "hardswish/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "hardswish/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "hardswish",
    short: "hardswish",
    title: "Hard swish",
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
    let worked = pointwise::worked(&[-4.0, -1.5, 0.0, 1.5, 4.0], &[0.0, -0.375, 0.0, 1.125, 4.0], &[6.0; 5], &[0.0, 0.0, 3.0, 6.0, 6.0]);
    vec![
        pointwise::case("worked_by_hand", Hardswish {}, Shape::new(1, 1, 5), 1, Some(worked)),
        pointwise::case("batch", Hardswish {}, Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Hardswish {
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
        pointwise::map(input, output, |x| {
            let share = if x < 3.0 { (x + 3.0) / 6.0 } else { 1.0 };
            if x <= -3.0 { 0.0 } else { x * share }
        });
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        pointwise::map_both(seen, d_output, d_input, |x, d| {
            let slope = if x < 3.0 { (2.0 * x + 3.0) / 6.0 } else { 1.0 };
            if x <= -3.0 { 0.0 } else { d * slope }
        });
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        if x <= -3.0 {
            [0.0, 0.0]
        } else if x < 3.0 {
            [x * (x + 3.0) / 6.0, (2.0 * x + 3.0) / 6.0]
        } else {
            [x, 1.0]
        }
    }
}
