//! Leaky rectifier: what is below zero is made small, not nothing.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = input` where it is above zero, else `negative_slope · input`
//!
//! # Gradient
//! `d_input = d_output` where the input is above zero, else `negative_slope · d_output` (also at exactly zero).
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! `negative_slope` outside −10 to 10.

use serde::Serialize;

use super::{
    Case, Control, Exhibit, Kind, Knob, Signs,
    pointwise::{self, Pointwise, Seen},
};
use crate::{
    Shape, ShapeError,
    backend::gpu::launch::{Shader, Word},
    json::Read,
};

/// `torch.nn.LeakyReLU`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct LeakyRelu {
    pub negative_slope: f32,
}

impl Default for LeakyRelu {
    fn default() -> Self {
        Self { negative_slope: 0.01 }
    }
}

static FORWARD: Shader = Shader { name: "leaky_relu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "leaky_relu/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "leaky_relu",
    short: "leaky",
    title: "Leaky ReLU",
    family: super::Family::Activation,
    knobs: &[Knob { key: "negative_slope", label: "Slope below zero", control: Control::Ratio { least: 0.0, most: 1.0, step: 0.01 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    let worked = pointwise::worked(&[-2.0, 0.0, 3.0, -4.0], &[-0.5, 0.0, 3.0, -1.0], &[1.0, 2.0, 3.0, 4.0], &[0.25, 0.5, 3.0, 1.0]);
    vec![
        pointwise::case("worked_by_hand", LeakyRelu { negative_slope: 0.25 }, Shape::new(1, 2, 2), 1, Some(worked)),
        pointwise::case("batch", LeakyRelu::default(), Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for LeakyRelu {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Input;

    fn check(&self) -> Result<(), ShapeError> {
        pointwise::ratio_in_range("negative_slope", self.negative_slope, -10.0, 10.0)
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![("negative_slope", self.negative_slope.into())]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        let slope = self.negative_slope;
        pointwise::map(input, output, |x| pointwise::leak(x, slope));
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        let slope = self.negative_slope;
        pointwise::map_both(seen, d_output, d_input, |x, d| pointwise::leak_back(x, d, slope));
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        let slope = f64::from(self.negative_slope);
        if x > 0.0 { [x, 1.0] } else { [slope * x, slope] }
    }
}
