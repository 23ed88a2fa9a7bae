//! Global max pooling: each map becomes its largest number.
//!
//! # Shapes
//! `ch×h×w` to `ch` (flat).
//!
//! # Formula
//! `output[c] = max input[c, ·, ·]`; of equals the first in reading order wins.
//!
//! # Gradient
//! Goes to the winner alone.
//!
//! # Saved for backward
//! The winner's place in its plane, for each map.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! A plane of more than 2²⁴ pixels.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Window, Worked, Working, boxes, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.AdaptiveMaxPool2d(1)` followed by `Flatten`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct GlobalMaxPool2d {}

pub const KIND: Kind = Kind {
    name: "global_max_pool2d",
    short: "gmp",
    title: "Global max pooling",
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
        input: vec![1.0, 6.0, 3.0, 6.0, -4.0, -2.0, -8.0, -3.0],
        params: vec![],
        state: vec![],
        output: vec![6.0, -2.0],
        d_output: vec![4.0, 8.0],
        // Of the two sixes the first in reading order wins.
        d_input: vec![0.0, 4.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0],
        d_params: vec![],
    };
    let case = |name, input, batch, mode, worked| Case { name, layer: GlobalMaxPool2d {}.into(), input, others: &[], batch, mode, worked };
    vec![
        case("worked_by_hand", Shape::new(2, 2, 2), 1, Mode::Train, Some(worked)),
        case("batch", Shape::new(3, 3, 5), 3, Mode::Train, None),
        case("more_than_a_workgroup", Shape::new(1, 9, 17), 2, Mode::Train, None),
        case("evaluation", Shape::new(2, 9, 9), 2, Mode::Eval, None),
    ]
}

impl Op for GlobalMaxPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let input = single(inputs)?;
        boxes::places_fit(input)?;
        let output = Shape::flat(input.ch);
        Ok(Inferred { output, params: vec![], saved: (output.len(), 0), window: Window::Whole, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (p, (out, plane)) in io.output.iter_mut().zip(planes).enumerate() {
            *out = highest(plane);
            if let Some(winner) = io.saved.get_mut(p) {
                *winner = plane.iter().position(|v| v == out).unwrap_or(0) as f32;
            }
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            d_input.fill(0.0);
            for (plane, (d, winner)) in d_input.chunks_exact_mut(at.input.plane()).zip(io.d_output.iter().zip(io.saved)) {
                plane[*winner as usize] = *d;
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        // One output for each plane, whose box is the plane.
        boxes::reference(at, input, d_output, |_, _| 0..at.input.h, |_, _| 0..at.input.w, boxes::highest)
    }
}

/// The largest number of a plane, by eight maxima side by side.
fn highest(plane: &[f32]) -> f32 {
    let (eights, rest) = plane.as_chunks::<8>();
    let mut best = [plane[0]; 8];
    for eight in eights {
        for (best, v) in best.iter_mut().zip(eight) {
            *best = if *v > *best { *v } else { *best };
        }
    }
    best.iter().chain(rest).fold(plane[0], |best, v| if *v > best { *v } else { best })
}
