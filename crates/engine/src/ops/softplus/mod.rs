//! Softplus: a rectifier without a corner.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = ln(1 + e^(beta · input)) / beta`; the input itself where `beta · input > threshold`.
//! Computed as `max(s, 0) + ln(1 + e^−|s|)`, which never overflows.
//!
//! # Gradient
//! `d_input = d_output · sigmoid(beta · input)`; `d_output` itself above the threshold.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! `beta` outside 0.001 to 1000, `threshold` outside −1000 to 1000.

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

/// `torch.nn.Softplus`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Softplus {
    /// How sharp the bend is.
    pub beta: f32,
    /// `beta · input` from which on the layer is the identity.
    pub threshold: f32,
}

impl Default for Softplus {
    fn default() -> Self {
        Self { beta: 1.0, threshold: 20.0 }
    }
}

static FORWARD: Shader = Shader { name: "softplus/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "softplus/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "softplus",
    short: "softplus",
    title: "Softplus",
    family: super::Family::Activation,
    knobs: &[
        Knob { key: "beta", label: "Sharpness", control: Control::Ratio { least: 0.1, most: 10.0, step: 0.1 } },
        Knob { key: "threshold", label: "Straight above", control: Control::Ratio { least: 1.0, most: 50.0, step: 1.0 } },
    ],
    signs: Signs::Positive,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // beta · input = ln 3, 0 and 4: ln 4 / 2, ln 2 / 2, and the identity beyond the threshold.
    let half_ln_3 = 0.549_306_15;
    let worked = pointwise::worked(&[half_ln_3, 0.0, 2.0], &[LN_2, 0.5 * LN_2, 2.0], &[4.0, 4.0, 4.0], &[3.0, 2.0, 4.0]);
    vec![
        pointwise::case("worked_by_hand", Softplus { beta: 2.0, threshold: 3.0 }, Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Softplus::default(), Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Softplus {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Input;

    fn check(&self) -> Result<(), ShapeError> {
        pointwise::ratio_in_range("beta", self.beta, 0.001, 1000.0)?;
        pointwise::ratio_in_range("threshold", self.threshold, -1000.0, 1000.0)
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![("beta", self.beta.into()), ("threshold", self.threshold.into())]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        let Self { beta, threshold } = *self;
        pointwise::map(input, output, |x| {
            let s = beta * x;
            let positive = if s < 0.0 { 0.0 } else { s };
            let bent = (positive + exponential::ln_1p(exponential::exp(-s.abs()))) / beta;
            if s > threshold { x } else { bent }
        });
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        let Self { beta, threshold } = *self;
        pointwise::map_both(seen, d_output, d_input, |x, d| if beta * x > threshold { d } else { d * exponential::sigmoid(beta * x) });
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let (beta, threshold) = (f64::from(self.beta), f64::from(self.threshold));
        let s = beta * x;
        if s > threshold {
            return [x, 1.0];
        }
        [(s.max(0.0) + libm::log1p(libm::exp(-s.abs()))) / beta, 1.0 / (1.0 + libm::exp(-s))]
    }
}
