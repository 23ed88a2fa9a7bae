//! Adaptive max pooling: the largest number of each of a fixed number of boxes, whatever the input's size.
//!
//! # Shapes
//! `ch×in_h×in_w` to `ch×out_h×out_w`, as `output` says; it may also be larger than the input.
//!
//! # Formula
//! Output row `y` looks at rows `⌊y·in_h / out_h⌋` up to, but without, `⌈(y+1)·in_h / out_h⌉`, columns
//! alike (PyTorch's intervals). `output[y, x] = max over the box`; of equals the first in reading order wins.
//!
//! # Gradient
//! Goes to the winner alone.
//!
//! # Saved for backward
//! The winner's place in its plane, for each output.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! An output side outside 1 to 4096, an input side beyond 65536, a plane of more than 2²⁴ pixels.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Worked, Working, adaptive,
    boxes,
};
use crate::{
    Mode, Pair, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.AdaptiveMaxPool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveMaxPool2d {
    /// Rows and columns of the output.
    pub output: Pair,
}

impl Default for AdaptiveMaxPool2d {
    fn default() -> Self {
        Self { output: Pair::square(7) }
    }
}

pub const KIND: Kind = Kind {
    name: "adaptive_max_pool2d",
    short: "adaptivemax",
    title: "Adaptive max pooling",
    family: super::Family::Pooling,
    knobs: &[Knob { key: "output", label: "Output size", control: Control::Count { least: 1, most: 14 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // Three columns for two outputs: the boxes share the middle one, and the seven in it wins the first.
    let worked = Worked {
        input: vec![1.0, 5.0, 2.0, 3.0, 7.0, 8.0],
        params: vec![],
        state: vec![],
        output: vec![7.0, 8.0],
        d_output: vec![4.0, 8.0],
        d_input: vec![0.0, 0.0, 0.0, 0.0, 4.0, 8.0],
        d_params: vec![],
    };
    let case = |name, output, input, batch, mode, worked| Case {
        name,
        layer: AdaptiveMaxPool2d { output }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", Pair::new(1, 2), Shape::new(1, 2, 3), 1, Mode::Train, Some(worked)),
        case("uneven", Pair::new(4, 3), Shape::new(2, 7, 11), 2, Mode::Train, None),
        case("larger_than_the_input", Pair::new(5, 7), Shape::new(2, 3, 4), 2, Mode::Train, None),
        case("one_row", Pair::new(1, 4), Shape::new(3, 5, 8), 2, Mode::Train, None),
        case("evaluation", Pair::square(3), Shape::new(2, 8, 7), 2, Mode::Eval, None),
    ]
}

impl Op for AdaptiveMaxPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let (output, window) = adaptive::infer(inputs, self.output)?;
        boxes::places_fit(inputs[0])?;
        Ok(Inferred { output, params: vec![], saved: (output.len(), 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: 2 * at.input.w, table: adaptive::table(at) }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let size = at.output.plane();
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (p, (plane, out)) in planes.zip(io.output.chunks_exact_mut(size)).enumerate() {
            let winners = io.saved.get_mut(p * size..(p + 1) * size).unwrap_or_default();
            let [rows, columns] = boxes::spans(io.table, at.output.h);
            boxes::max(plane, at.input.w, rows.ranges(), columns.ranges(), out, winners, io.scratch);
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            let size = at.output.plane();
            let planes = d_input.chunks_exact_mut(at.input.plane());
            for ((plane, d), winners) in planes.zip(io.d_output.chunks_exact(size)).zip(io.saved.chunks_exact(size)) {
                boxes::to_winners(plane, d, winners);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let span = |i: usize, extent: usize, outputs: usize| i * extent / outputs..((i + 1) * extent).div_ceil(outputs);
        let (rows, columns) = (|_, y| span(y, at.input.h, at.output.h), |_, x| span(x, at.input.w, at.output.w));
        boxes::reference(at, input, d_output, rows, columns, boxes::highest)
    }
}
