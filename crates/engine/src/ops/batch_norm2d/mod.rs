//! Batch normalisation, per channel.
//!
//! # Shapes
//! Output as input; gain and bias (ch); running mean and variance (ch).
//!
//! # Formula
//! `output = (input − mean) / √(var + eps) · gain + bias`
//! Training: mean and (biased) variance of the channel over batch, rows and columns; the running
//! values move towards them by `momentum` (the variance unbiased). Evaluation: the running values.
//!
//! # Gradient
//! With `x̂` the normalised input and `m` the numbers of the channel:
//! `d_input = gain / √(var + eps) · (d_output − Σd_output / m − x̂ · Σ(d_output · x̂) / m)`;
//! `d_gain = Σ d_output · x̂`, `d_bias = Σ d_output`. (Ioffe and Szegedy 2015.)
//! In evaluation mean and variance are constants: `d_input = gain / √(var + eps) · d_output`.
//!
//! # Saved for backward
//! Mean and 1 / √(var + eps) of each channel.
//!
//! # Cost
//! Counted as none: two operations a number.
//!
//! # Errors
//! `eps` not above zero, `momentum` outside 0 to 1.

use serde::Serialize;

use super::{
    Activation, Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference,
    Signs, Window, Worked, Working, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

mod cpu;
mod gpu;
mod reference;

/// `torch.nn.BatchNorm2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct BatchNorm2d {
    pub eps: f32,
    pub momentum: f32,
}

impl Default for BatchNorm2d {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1 }
    }
}

pub const KIND: Kind = Kind {
    name: "batch_norm2d",
    short: "norm",
    title: "Batch norm",
    family: super::Family::Normalisation,
    knobs: &[Knob { key: "momentum", label: "Momentum", control: Control::Ratio { least: 0.0, most: 1.0, step: 0.01 } }, Knob::EPS],
    signs: Signs::Both,
    mixes: false,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // Mean 2, variance 1; eps = 3 makes the root 2, so x̂ = ±0.5.
    let worked = Worked {
        input: vec![1.0, 3.0, 1.0, 3.0],
        params: vec![2.0, 5.0],
        state: vec![0.0, 1.0],
        output: vec![4.0, 6.0, 4.0, 6.0],
        d_output: vec![1.0, 0.0, 0.0, 0.0],
        // gain/2 = 1; Σd/m = 1/4; Σ(d·x̂)/m = −1/8: 1 − 1/4 − 1/16, then −1/4 ± 1/16.
        d_input: vec![0.6875, -0.1875, -0.3125, -0.1875],
        d_params: vec![-0.5, 1.0],
    };
    let case = |name, eps, input, batch, mode, worked| {
        let layer = BatchNorm2d { eps, ..BatchNorm2d::default() };
        Case { name, layer: layer.into(), input, others: &[], batch, mode, worked }
    };
    vec![
        case("worked_by_hand", 3.0, Shape::new(1, 2, 2), 1, Mode::Train, Some(worked)),
        case("training", 1e-5, Shape::new(3, 4, 5), 4, Mode::Train, None),
        case("evaluation", 1e-5, Shape::new(3, 4, 5), 4, Mode::Eval, None),
    ]
}

impl BatchNorm2d {
    fn refuse(setting: &str, value: f32, least: &str, most: &str) -> ShapeError {
        ShapeError::RatioOutOfRange {
            setting: setting.to_owned(),
            value: value.to_string(),
            least: least.to_owned(),
            most: most.to_owned(),
        }
    }
}

/// Training in leaves of a batch: each gives its part of a statistic, the parts are joined, and the whole goes back to
/// all. A part is the count of a channel's numbers, then two numbers of each channel.
impl BatchNorm2d {
    pub(crate) const fn part_len(ch: usize) -> usize {
        1 + 2 * ch
    }

    /// Count; means; sums of squares about them.
    pub(crate) fn moments(at: &Placement, input: &[f32], part: &mut [f64]) {
        cpu::moments(at, input, part);
    }

    /// Those of two parts together (Chan, Golub and LeVeque, *Updating Formulae and a Pairwise Algorithm for Computing
    /// Sample Variances*, 1979).
    pub(crate) fn join_moments(left: &mut [f64], right: &[f64]) {
        let (ch, [n, m]) = (left.len() / 2, [left[0], right[0]]);
        let all = n + m;
        for c in 0..ch {
            let apart = right[1 + c] - left[1 + c];
            left[1 + c] += apart * (m / all);
            left[1 + ch + c] += right[1 + ch + c] + apart * apart * (n * m / all);
        }
        left[0] = all;
    }

    /// The forward pass over a leaf with the moments of the whole batch. Running statistics stay: [`Self::track`].
    pub(crate) fn forward_of(&self, at: &Placement, io: Forward<'_>, whole: &[f64]) {
        cpu::forward_of(self, at, io, whole);
    }

    /// Moves the running statistics.
    pub(crate) fn track(&self, state: &mut [f32], whole: &[f64]) {
        let (ch, count) = (whole.len() / 2, whole[0]);
        for c in 0..ch {
            let spread = whole[1 + ch + c] / if count > 1.0 { count - 1.0 } else { count };
            state[c] += self.momentum * (whole[1 + c] as f32 - state[c]);
            state[ch + c] += self.momentum * (spread as f32 - state[ch + c]);
        }
    }

    /// Count; `Σ d_output`; `Σ d_output · x̂`. The leaf's share of the gradients of gain and bias goes to `d_params`.
    pub(crate) fn slopes(at: &Placement, io: Backward<'_>, part: &mut [f64]) {
        cpu::slopes(at, io, part);
    }

    pub(crate) fn join_slopes(left: &mut [f64], right: &[f64]) {
        left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
    }

    /// The gradient of the input of a leaf with the slopes of the whole batch.
    pub(crate) fn backward_of(at: &Placement, io: Backward<'_>, whole: &[f64]) {
        cpu::backward_of(at, io, whole);
    }
}

impl Op for BatchNorm2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        if !(self.eps > 0.0 && self.eps <= 100.0) {
            return Err(Self::refuse("eps", self.eps, "above 0", "100"));
        }
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Self::refuse("momentum", self.momentum, "0", "1"));
        }
        let input = single(inputs)?;
        let tensor = |name, role| ParamSpec { name, role, dims: vec![input.ch], fan_in: 1, fan_out: 1 };
        Ok(Inferred {
            output: input,
            params: vec![
                tensor("weight", ParamRole::Gain),
                tensor("bias", ParamRole::Bias),
                tensor("running_mean", ParamRole::RunningMean),
                tensor("running_var", ParamRole::RunningVar),
            ],
            saved: (0, 2 * input.ch),
            window: Window::Point,
            cost: Cost::default(),
        })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        cpu::forward(self, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        cpu::backward(at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], state: &[f64], d_output: &[f64]) -> Reference {
        reference::run(self, at, input, params, state, d_output)
    }
}
