//! GELU: the input, weighed by the share of a normal distribution that lies below it.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output = input · Φ(input)`, `Φ(x) = (1 + erf(x / √2)) / 2`;
//! with `approximate = tanh`: `input · (1 + tanh(√(2/π) · (input + 0.044715 · input³))) / 2`.
//! (Hendrycks and Gimpel 2016.)
//!
//! # Gradient
//! `d_input = d_output · (Φ(input) + input · φ(input))`, `φ(x) = e^(−x²/2) / √(2π)`; with the
//! approximation its own slope.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

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

/// `torch.nn.GELU`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Gelu {
    pub approximate: Approximate,
}

/// How Φ is computed; PyTorch's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Approximate {
    #[default]
    None,
    Tanh,
}

/// √(2/π) twice: the sigmoid of 2u is (1 + tanh u) / 2.
const BEND: f64 = 1.595_769_121_605_730_8;
const CUBE: f64 = 0.044_715;
/// 1 / √(2π).
const DENSITY: f32 = 0.398_942_3;

/// Beyond it the slope is 0 or 1 to the last bit, and powers would overflow.
const FAR: f32 = 20.0;

#[inline(always)]
fn bent(x: f32) -> f32 {
    BEND as f32 * (x * (1.0 + CUBE as f32 * (x * x)))
}

#[inline(always)]
fn clamped(x: f32) -> f32 {
    let x = if x > FAR { FAR } else { x };
    if x < -FAR { -FAR } else { x }
}

static FORWARD: Shader = Shader { name: "gelu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "gelu/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "gelu",
    short: "gelu",
    title: "GELU",
    family: super::Family::Activation,
    knobs: &[Knob { key: "approximate", label: "Approximation", control: Control::Choice(&["none", "tanh"]) }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // Φ(1) = 0.8413447, φ(1) = 0.2419707, from a table of the normal distribution.
    let worked = pointwise::worked(&[0.0, 1.0, -1.0], &[0.0, 0.841_344_7, -0.158_655_3], &[1.0; 3], &[0.5, 1.083_315_4, -0.083_315_4]);
    let tanh = Gelu { approximate: Approximate::Tanh };
    vec![
        pointwise::case("worked_by_hand", Gelu::default(), Shape::new(1, 1, 3), 1, Some(worked)),
        pointwise::case("batch", Gelu::default(), Shape::new(3, 4, 5), 3, None),
        pointwise::case("approximate", tanh, Shape::new(3, 4, 5), 3, None),
    ]
}

impl Pointwise for Gelu {
    const KIND: &'static Kind = &KIND;
    const SHADERS: [&'static Shader; 2] = [&FORWARD, &BACKWARD];
    const SEEN: Seen = Seen::Input;

    fn check(&self) -> Result<(), ShapeError> {
        Ok(())
    }

    fn dims(&self) -> Vec<(&'static str, Word)> {
        vec![("approximate", (self.approximate == Approximate::Tanh).into())]
    }

    fn forward(&self, input: &[f32], output: &mut [f32]) {
        // Far below zero the product is 0, also where the input is infinite.
        let near = |x: f32| if x < -1e3 { -1e3 } else { x };
        match self.approximate {
            Approximate::None => pointwise::map(input, output, |x| near(x) * exponential::normal(x).0),
            Approximate::Tanh => pointwise::map(input, output, |x| near(x) * exponential::sigmoid(bent(x))),
        }
    }

    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]) {
        match self.approximate {
            Approximate::None => pointwise::map_both(seen, d_output, d_input, |x, d| {
                let x = clamped(x);
                let (below, e) = exponential::normal(x);
                d * (below + x * e * DENSITY)
            }),
            Approximate::Tanh => pointwise::map_both(seen, d_output, d_input, |x, d| {
                let x = clamped(x);
                let s = exponential::sigmoid(bent(x));
                d * (s + x * s * (1.0 - s) * (BEND as f32 * (1.0 + 3.0 * CUBE as f32 * x * x)))
            }),
        }
    }

    fn exact(&self, x: f64) -> [f64; 2] {
        match self.approximate {
            Approximate::None => {
                let below = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
                [x * below, below + x * libm::exp(-0.5 * x * x) / libm::sqrt(std::f64::consts::TAU)]
            }
            Approximate::Tanh => {
                // As PyTorch writes it, and the chain rule.
                let (inner, steep) = (0.5 * BEND * (x + CUBE * x * x * x), 0.5 * BEND * (1.0 + 3.0 * CUBE * x * x));
                let t = libm::tanh(inner);
                let flat = 1.0 - t * t;
                [0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + if flat == 0.0 { 0.0 } else { 0.5 * x * flat * steep }]
            }
        }
    }
}
