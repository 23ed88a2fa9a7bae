//! Global average pooling: each map becomes its mean.
//!
//! # Shapes
//! `ch×h×w` to `ch` (flat).
//!
//! # Formula
//! `output[c] = Σ input[c, ·, ·] / (h·w)`
//!
//! # Gradient
//! `d_output[c] / (h·w)` everywhere in map c.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

mod gpu;

use serde::Serialize;

use super::{Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Window, Worked, Working, single};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::cpu::simd,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.AdaptiveAvgPool2d(1)` followed by `Flatten`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct GlobalAvgPool2d {}

pub const KIND: Kind = Kind {
    name: "global_avg_pool2d",
    short: "gap",
    title: "Global average pooling",
    family: super::Family::Pooling,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 2.0, 3.0, 6.0, -4.0, 0.0, 4.0, 8.0],
        params: vec![],
        state: vec![],
        output: vec![3.0, 2.0],
        d_output: vec![4.0, 8.0],
        d_input: vec![1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0],
        d_params: vec![],
    };
    let case =
        |name, input, batch, worked| Case { name, layer: GlobalAvgPool2d {}.into(), input, others: &[], batch, mode: Mode::Train, worked };
    vec![case("worked_by_hand", Shape::new(2, 2, 2), 1, Some(worked)), case("batch", Shape::new(3, 3, 5), 3, None)]
}

impl Op for GlobalAvgPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let output = Shape::flat(single(inputs)?.ch);
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Whole, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let size = at.input.plane();
        for (out, plane) in io.output.iter_mut().zip(io.inputs[0].chunks_exact(size)) {
            *out = simd::sum(plane) / size as f32;
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            let size = at.input.plane();
            for (plane, d) in d_input.chunks_exact_mut(size).zip(io.d_output) {
                plane.fill(d / size as f32);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let size = at.input.plane();
        Reference {
            output: input.chunks_exact(size).map(|plane| plane.iter().sum::<f64>() / size as f64).collect(),
            d_input: d_output.iter().flat_map(|d| std::iter::repeat_n(d / size as f64, size)).collect(),
            ..Reference::default()
        }
    }
}
