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

use serde::{Deserialize, Serialize};

use super::{
    Activation, Backward, Case, Control, Cost, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference, Signs,
    Window, Worked, Working,
    moments::{pass, squares, sums},
    single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::cpu::simd,
    backend::gpu::launch::{Launches, Site},
};

mod gpu;
mod reference;

/// `torch.nn.BatchNorm2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    about: include_str!("about.md"),
    knobs: &[Knob { key: "momentum", label: "Momentum", control: Control::Ratio { least: 0.0, most: 1.0, step: 0.01 } }],
    signs: Signs::Both,
    mixes: false,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
    cases,
    shaders: gpu::SHADERS,
};

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

/// The planes of channel `c`, image by image.
fn planes<'a>(values: &'a [f32], at: &Placement, c: usize) -> impl Iterator<Item = &'a [f32]> + use<'a> {
    let (len, size) = (at.input.len(), at.input.plane());
    values.chunks_exact(len).map(move |image| &image[c * size..(c + 1) * size])
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
        let (ch, size) = (at.input.ch, at.input.plane());
        let (gain, bias) = io.params.split_at(ch);
        let (running_mean, running_var) = io.state.split_at_mut(ch);
        let count = (at.batch * size) as f64;
        let relu = at.activation == Some(Activation::Relu);
        for c in 0..ch {
            let (mean, inverse) = if at.mode == Mode::Train {
                // Sums of a plane in f32 parts, of planes in f64: steady for any batch.
                let mean = planes(io.inputs[0], at, c).map(|p| f64::from(simd::sum(p))).sum::<f64>() / count;
                let centre = mean as f32;
                let var = planes(io.inputs[0], at, c).map(|p| f64::from(squares(p, centre))).sum::<f64>() / count;
                let unbiased = if count > 1.0 { var * count / (count - 1.0) } else { var };
                running_mean[c] += self.momentum * (centre - running_mean[c]);
                running_var[c] += self.momentum * (unbiased as f32 - running_var[c]);
                (centre, (1.0 / libm::sqrt(var + f64::from(self.eps))) as f32)
            } else {
                (running_mean[c], 1.0 / (running_var[c] + self.eps).sqrt())
            };
            if !io.saved.is_empty() {
                (io.saved[c], io.saved[ch + c]) = (mean, inverse);
            }
            let (scale, b) = (gain[c] * inverse, bias[c]);
            for (from, to) in io.inputs[0].chunks_exact(at.input.len()).zip(io.output.chunks_exact_mut(at.input.len())) {
                for (v, out) in from[c * size..(c + 1) * size].iter().zip(&mut to[c * size..(c + 1) * size]) {
                    let value = (v - mean) * scale + b;
                    *out = if relu && value <= 0.0 { 0.0 } else { value };
                }
            }
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        let (ch, size, len) = (at.input.ch, at.input.plane(), at.input.len());
        let count = (at.batch * size) as f32;
        let relu = at.activation == Some(Activation::Relu);
        let (d_gain, d_bias) = io.d_params.split_at_mut(ch);
        for c in 0..ch {
            let (mean, inverse) = (io.saved[c], io.saved[ch + c]);
            let (mut sum, mut along) = (0.0f64, 0.0f64);
            for n in 0..at.batch {
                let place = n * len + c * size..n * len + (c + 1) * size;
                let (x, d, out) = (&io.inputs[0][place.clone()], &io.d_output[place.clone()], &io.output[place]);
                let (s, a) = sums(x, d, out, mean, relu);
                sum += f64::from(s);
                along += f64::from(a);
            }
            let along = along * f64::from(inverse);
            (d_gain[c], d_bias[c]) = (along as f32, sum as f32);
            if let [d_input] = &mut *io.d_inputs {
                let scale = io.params[c] * inverse;
                let (mean_d, mean_along) = match at.mode {
                    Mode::Train => (sum as f32 / count, along as f32 / count * inverse),
                    Mode::Eval => (0.0, 0.0),
                };
                for n in 0..at.batch {
                    let place = n * len + c * size..n * len + (c + 1) * size;
                    let values = io.inputs[0][place.clone()].iter().zip(&io.d_output[place.clone()]).zip(&io.output[place.clone()]);
                    for (to, ((x, d), out)) in d_input[place].iter_mut().zip(values) {
                        *to = scale * (pass(*d, *out, relu) - mean_d - (x - mean) * mean_along);
                    }
                }
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], state: &[f64], d_output: &[f64]) -> Reference {
        reference::run(self, at, input, params, state, d_output)
    }
}
