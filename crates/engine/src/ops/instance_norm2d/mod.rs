//! Instance normalisation: each channel of each example by itself.
//!
//! # Shapes
//! Output as input; with `affine` gain and bias (ch).
//!
//! # Formula
//! `output = (input − mean) / √(var + eps) · gain + bias`, mean and (biased) variance over rows and columns of one channel of one example.
//! The same in training and in evaluation: there are no running statistics.
//!
//! # Gradient
//! With `x̂` the normalised input, `g = d_output · gain`, and `m` the numbers that share a mean:
//! `d_input = (g − Σg / m − x̂ · Σ(g · x̂) / m) / √(var + eps)`, sums over those m;
//! `d_gain = Σ d_output · x̂`, `d_bias = Σ d_output`, over the batch and the pixels of the channel.
//!
//! # Saved for backward
//! Mean and 1 / √(var + eps) of each channel of each example.
//!
//! # Cost
//! Counted as none: a few operations a number.
//!
//! # Errors
//! `eps` not above 0 or above 100; channels of a single pixel.
//! (Ulyanov, Vedaldi and Lempitsky 2016.)
//!
//! # Receptive field
//! That of the same place: the statistics, though they see more, are left out, as is usual.

use serde::Serialize;

use super::{
    Activation, Backward, Case, Control, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Worked, Working,
    grouped::{self, Grouped},
    single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.InstanceNorm2d` without running statistics, which is PyTorch's default, as is `affine` off.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceNorm2d {
    pub eps: f32,
    /// A gain and a bias for each channel.
    pub affine: bool,
}

impl Default for InstanceNorm2d {
    fn default() -> Self {
        Self { eps: 1e-5, affine: false }
    }
}

pub const KIND: Kind = Kind {
    name: "instance_norm2d",
    short: "instnorm",
    title: "Instance norm",
    family: super::Family::Normalisation,
    knobs: &[Knob { key: "affine", label: "Gain and bias", control: Control::Switch }, Knob::EPS],
    signs: Signs::Both,
    mixes: false,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: grouped::SHADERS };

fn cases() -> Vec<Case> {
    // Means 2 and 6, variances 1; eps = 3 makes the root 2, so x̂ = ±0.5.
    let worked = Worked {
        input: vec![1.0, 3.0, 5.0, 7.0],
        params: vec![],
        state: vec![],
        output: vec![-0.5, 0.5, -0.5, 0.5],
        d_output: vec![2.0, 0.0, 0.0, 4.0],
        // Σd/m = 1; Σ(d·x̂)/m = −1/2; (d − 1 ∓ 1/4) / 2. Then 2 and 1; (d − 2 ± 1/2) / 2.
        d_input: vec![0.375, -0.375, -0.75, 0.75],
        d_params: vec![],
    };
    let case = |name, eps, affine, input, batch, mode, worked| Case {
        name,
        layer: InstanceNorm2d { eps, affine }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", 3.0, false, Shape::new(2, 1, 2), 1, Mode::Train, Some(worked)),
        case("training", 1e-5, true, Shape::new(3, 4, 5), 4, Mode::Train, None),
        case("plain", 1e-5, false, Shape::new(3, 4, 5), 4, Mode::Train, None),
        case("evaluation", 1e-5, true, Shape::new(3, 4, 5), 4, Mode::Eval, None),
    ]
}

impl InstanceNorm2d {
    fn grouped(&self, input: Shape) -> Grouped {
        Grouped { groups: input.ch, eps: self.eps, affine: self.affine }
    }
}

impl Op for InstanceNorm2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        self.grouped(single(inputs)?).infer(inputs)
    }

    fn working(&self, at: &Placement) -> Working {
        Grouped::working(at)
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        self.grouped(at.input).forward(at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        self.grouped(at.input).backward(at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        self.grouped(at.input).launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        self.grouped(at.input).reference(at, input, params, d_output)
    }
}
