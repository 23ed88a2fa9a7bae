//! Dense layer: every output looks at every input.
//!
//! # Shapes
//! input (batch, in), weight (out, in), bias (out), output (batch, out).
//!
//! # Formula
//! `output = input · weightᵀ + bias`
//!
//! # Gradient
//! `d_input = d_output · weight`, `d_weight = d_outputᵀ · input`, `d_bias = Σ d_output`.
//!
//! # Cost
//! `in · out` multiply-adds.
//!
//! # Errors
//! An input that is not flat; no outputs.

mod cpu;
mod gpu;

use serde::Serialize;

use super::{
    Activation, Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference,
    Signs, Window, Worked, Working, in_range, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.Linear`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Dense {
    pub out: usize,
    pub bias: bool,
}

impl Default for Dense {
    fn default() -> Self {
        Self { out: 10, bias: true }
    }
}

const MOST: usize = 1 << 20;

pub const KIND: Kind = Kind {
    name: "dense",
    short: "dense",
    title: "Dense",
    family: super::Family::Dense,
    knobs: &[
        Knob { key: "out", label: "Units", control: Control::Count { least: 1, most: 1024 } },
        Knob { key: "bias", label: "Bias", control: Control::Switch },
    ],
    signs: Signs::Both,
    mixes: true,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 2.0, 3.0],
        params: vec![1.0, 0.0, -1.0, 2.0, 1.0, 0.5, 10.0, 20.0],
        state: vec![],
        output: vec![8.0, 25.5],
        d_output: vec![1.0, 2.0],
        d_input: vec![5.0, 2.0, 0.0],
        d_params: vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 1.0, 2.0],
    };
    let case = |name, out, bias, input, batch, worked| Case {
        name,
        layer: Dense { out, bias }.into(),
        input: Shape::flat(input),
        others: &[],
        batch,
        mode: Mode::Train,
        worked,
    };
    vec![
        case("worked_by_hand", 2, true, 3, 1, Some(worked)),
        case("batch", 7, true, 13, 10, None),
        case("no_bias", 3, false, 9, 17, None),
        case("many_inputs", 9, true, 130, 66, None),
        case("many_outputs", 66, true, 5, 3, None),
    ]
}

impl Op for Dense {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let input = single(inputs)?;
        if !input.is_flat() {
            return Err(ShapeError::NotFlat { got: input });
        }
        in_range("out", self.out, 1, MOST)?;
        let (fan_in, fan_out) = (input.ch, self.out);
        let weight = ParamSpec { name: "weight", role: ParamRole::Weight, dims: vec![fan_out, fan_in], fan_in, fan_out };
        let bias = ParamSpec { name: "bias", role: ParamRole::Bias, dims: vec![fan_out], fan_in, fan_out: 1 };
        Ok(Inferred {
            output: Shape::flat(self.out),
            params: if self.bias { vec![weight, bias] } else { vec![weight] },
            saved: (0, 0),
            window: Window::Whole,
            cost: Cost { multiply_adds: (fan_in as u64).saturating_mul(fan_out as u64) },
        })
    }

    fn working(&self, at: &Placement) -> Working {
        cpu::Layout::of(at).working()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        cpu::forward(at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        cpu::backward(at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let (wide, out) = (at.input.ch, self.out);
        let mut r = Reference { d_input: vec![0.0; input.len()], d_params: vec![0.0; params.len()], ..Reference::default() };
        for n in 0..at.batch {
            for o in 0..out {
                let sum: f64 = (0..wide).map(|i| params[o * wide + i] * input[n * wide + i]).sum();
                let value = sum + if self.bias { params[out * wide + o] } else { 0.0 };
                let off = at.activation == Some(Activation::Relu) && value <= 0.0;
                r.output.push(if off { 0.0 } else { value });
                let d = if off { 0.0 } else { d_output.get(n * out + o).copied().unwrap_or(0.0) };
                for i in 0..wide {
                    r.d_input[n * wide + i] += d * params[o * wide + i];
                    r.d_params[o * wide + i] += d * input[n * wide + i];
                }
                if self.bias {
                    r.d_params[out * wide + o] += d;
                }
            }
        }
        r
    }
}
