//! Exponential linear unit: below zero it bends smoothly towards −alpha.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = input` where it is above zero, else `alpha · (e^input − 1)`
//!
//! # Gradient
//! `d_input = d_output` where the input is above zero, else `d_output · alpha · e^input`.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! `alpha` outside 0 to 100.

use serde::Serialize;

use super::{
    Case, Control, Exhibit, Kind, Knob, Signs, exponential,
    pointwise::{self, Pointwise, Seen},
};
use crate::{
    Shape, ShapeError,
    backend::gpu::launch::{Shader, Word},
    json::Read,
};
use std::f32::consts::LN_2;

/// `torch.nn.ELU`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Elu {
    pub alpha: f32,
}

impl Default for Elu {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

static FORWARD: Shader = Shader { name: "elu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "elu/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "elu",
    short: "elu",
    title: "ELU",
    family: super::Family::Activation,
    knobs: &[Knob { key: "alpha", label: "Depth of the floor", control: Control::Ratio { least: 0.0, most: 4.0, step: 0.1 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // e^(−ln 2) = 1/2 and e^(−2 ln 2) = 1/4.
    let worked = pointwise::worked(&[-LN_2, -2.0 * LN_2, 3.0], &[-1.0, -1.5, 3.0], &[2.0, 2.0, 2.0], &[2.0, 1.0, 2.0]);
    vec![
        pointwise::case("worked_by_hand", Elu { alpha: 2.0 }, Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Elu::default(), Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Elu {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Input;

    fn check(&self) -> Result<(), ShapeError> {
        pointwise::ratio_in_range("alpha", self.alpha, 0.0, 100.0)
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![("alpha", self.alpha.into())]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        let alpha = self.alpha;
        pointwise::map(input, output, |x| {
            // A sum instead of a choice: a compiler that sees a choice may branch.
            let (above, below) = if x > 0.0 { (x, 0.0) } else { (0.0, x) };
            above + alpha * exponential::exp_m1(below)
        });
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        let alpha = self.alpha;
        pointwise::map_both(seen, d_output, d_input, |x, d| {
            let (one, share, below) = if x > 0.0 { (1.0, 0.0, 0.0) } else { (0.0, alpha, x) };
            d * (one + share * exponential::exp(below))
        });
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let alpha = f64::from(self.alpha);
        if x > 0.0 { [x, 1.0] } else { [alpha * libm::expm1(x), alpha * libm::exp(x)] }
    }
}
