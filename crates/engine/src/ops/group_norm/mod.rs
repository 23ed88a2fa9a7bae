//! Group normalisation: each example by itself, over groups of its channels.
//!
//! # Shapes
//! Output as input; with `affine` gain and bias (ch).
//!
//! # Formula
//! `output = (input − mean) / √(var + eps) · gain + bias`, mean and (biased) variance over the channels of a group, rows and columns of one example.
//! The same in training and in evaluation: there are no running statistics.
//!
//! # Gradient
//! With `x̂` the normalised input, `g = d_output · gain`, and `m` the numbers that share a mean:
//! `d_input = (g − Σg / m − x̂ · Σ(g · x̂) / m) / √(var + eps)`, sums over those m;
//! `d_gain = Σ d_output · x̂`, `d_bias = Σ d_output`, over the batch and the pixels of the channel.
//!
//! # Saved for backward
//! Mean and 1 / √(var + eps) of each group of each example.
//!
//! # Cost
//! Counted as none: a few operations a number.
//!
//! # Errors
//! `groups` that do not divide the channels; `eps` not above 0 or above 100; groups of a single number.
//! (Wu and He 2018.)
//!
//! # Receptive field
//! That of the same place: the statistics, though they see more, are left out, as is usual.

use serde::Serialize;

use super::{
    Activation, Backward, Case, Control, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Worked, Working,
    grouped::{self, Grouped},
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.GroupNorm`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct GroupNorm {
    /// Groups of neighbouring channels.
    pub groups: usize,
    pub eps: f32,
    /// A gain and a bias for each channel.
    pub affine: bool,
}

impl Default for GroupNorm {
    fn default() -> Self {
        Self { groups: 4, eps: 1e-5, affine: true }
    }
}

pub const KIND: Kind = Kind {
    name: "group_norm",
    short: "groupnorm",
    title: "Group norm",
    family: super::Family::Normalisation,
    knobs: &[
        Knob { key: "groups", label: "Groups", control: Control::Count { least: 1, most: 32 } },
        Knob { key: "affine", label: "Gain and bias", control: Control::Switch },
        Knob::EPS,
    ],
    signs: Signs::Both,
    mixes: false,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: grouped::SHADERS };

fn cases() -> Vec<Case> {
    // Two groups of one channel each, means 2 and 6, variances 1; eps = 3 makes the root 2, so x̂ = ±0.5.
    let worked = Worked {
        input: vec![1.0, 3.0, 5.0, 7.0],
        params: vec![2.0, 4.0, 5.0, 0.0],
        state: vec![],
        output: vec![4.0, 6.0, -2.0, 2.0],
        d_output: vec![1.0, 0.0, 0.0, 1.0],
        // g = 2, 0: Σg/m = 1; Σ(g·x̂)/m = −1/2; (g − 1 ∓ 1/4) / 2. g = 0, 4: 2 and 1; (g − 2 ± 1/2) / 2.
        d_input: vec![0.375, -0.375, -0.75, 0.75],
        d_params: vec![-0.5, 0.5, 1.0, 1.0],
    };
    let case = |name, groups, eps, affine, input, batch, mode, worked| Case {
        name,
        layer: GroupNorm { groups, eps, affine }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", 2, 3.0, true, Shape::new(2, 1, 2), 1, Mode::Train, Some(worked)),
        case("training", 2, 1e-5, true, Shape::new(6, 4, 5), 3, Mode::Train, None),
        case("plain", 3, 1e-5, false, Shape::new(6, 4, 5), 3, Mode::Train, None),
        case("evaluation", 2, 1e-5, true, Shape::new(6, 4, 5), 3, Mode::Eval, None),
    ]
}

impl GroupNorm {
    fn grouped(&self) -> Grouped {
        Grouped { groups: self.groups, eps: self.eps, affine: self.affine }
    }
}

impl Op for GroupNorm {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        self.grouped().infer(inputs)
    }

    fn working(&self, at: &Placement) -> Working {
        Grouped::working(at)
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        self.grouped().forward(at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        self.grouped().backward(at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        self.grouped().launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        self.grouped().reference(at, input, params, d_output)
    }
}
