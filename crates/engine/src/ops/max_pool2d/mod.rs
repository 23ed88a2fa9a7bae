//! Max pooling: the largest number of each window.
//!
//! # Shapes
//! `ch×in_h×in_w` to `ch×out_h×out_w`, `out_h = ⌊(in_h + top + bottom − k_h) / stride⌋ + 1`; `⌈in_h / stride⌉` where
//! `pad` is "same".
//!
//! # Formula
//! `output[y, x] = max over the window`; padding never wins. Of equals the first in reading order wins.
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
//! A window larger than the padded input; padding that would leave a window without pixels; a plane of more
//! than 2²⁴ pixels.

mod gpu;
mod halves;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working, boxes,
    single,
    window::{self, Windows},
};
use crate::{
    Mode, Padding, Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.MaxPool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct MaxPool2d {
    pub kernel: Pair,
    pub stride: Pair,
    pub pad: Padding,
}

impl Default for MaxPool2d {
    fn default() -> Self {
        Self { kernel: Pair::square(2), stride: Pair::square(2), pad: Padding::default() }
    }
}

pub const KIND: Kind = Kind {
    name: "max_pool2d",
    short: "pool",
    title: "Max pooling",
    family: super::Family::Pooling,
    knobs: &[
        Knob { key: "kernel", label: "Window", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "pad", label: "Padding", control: Control::Padding { most: 3 } },
    ],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 5.0, 2.0, 0.0, 3.0, 4.0, 8.0, 8.0],
        params: vec![],
        state: vec![],
        output: vec![5.0, 8.0],
        d_output: vec![10.0, 20.0],
        // Of the two eights the first in reading order wins.
        d_input: vec![0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 20.0, 0.0],
        d_params: vec![],
    };
    let case = |name, layer: MaxPool2d, input, batch, worked| Case {
        name,
        layer: layer.into(),
        input,
        others: &[],
        batch,
        mode: Mode::Train,
        worked,
    };
    let overlapping = MaxPool2d { kernel: Pair::square(3), stride: Pair::new(2, 1), pad: Padding::all(1) };
    vec![
        case("worked_by_hand", MaxPool2d::default(), Shape::new(1, 2, 4), 1, Some(worked)),
        case("remainder", MaxPool2d::default(), Shape::new(3, 5, 7), 2, None),
        case("overlapping", overlapping.clone(), Shape::new(2, 6, 5), 2, None),
        case("uneven_padding", MaxPool2d { pad: Sides::new(0, 2, 2, 0).into(), ..overlapping.clone() }, Shape::new(1, 7, 8), 3, None),
        case(
            "same_puts_the_odd_pixel_last",
            MaxPool2d { pad: Padding::Same, stride: Pair::square(2), ..overlapping },
            Shape::new(2, 6, 5),
            2,
            None,
        ),
    ]
}

impl MaxPool2d {
    /// The padding on an input of this shape.
    fn sides(&self, input: Shape) -> Sides {
        self.pad.sides(Pair::new(input.h, input.w), self.kernel, self.stride, Pair::one())
    }

    fn windows(&self, at: &Placement) -> Windows {
        Windows::new(self.kernel, self.stride, self.sides(at.input), at.input, at.output)
    }

    /// The usual case, which has kernels of its own.
    pub(crate) fn halves(&self, input: Shape) -> bool {
        self.kernel == Pair::square(2) && self.stride == Pair::square(2) && self.sides(input) == Sides::default()
    }
}

impl Op for MaxPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let pad = self.sides(single(inputs)?);
        let output = window::infer(inputs, self.kernel, self.stride, pad)?;
        boxes::places_fit(inputs[0])?;
        let window = Window::Slide { kernel: self.kernel, stride: self.stride, dilation: Pair::one(), pad };
        Ok(Inferred { output, params: vec![], saved: (output.len(), 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        if self.halves(at.input) {
            return Working::default();
        }
        Working { scratch_len: 2 * at.input.w, table: self.windows(at).table(false) }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        if self.halves(at.input) {
            return halves::forward(at, io);
        }
        let keep = !io.saved.is_empty();
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (p, (plane, out)) in planes.zip(io.output.chunks_exact_mut(at.output.plane())).enumerate() {
            let winners = if keep { &mut io.saved[p * at.output.plane()..][..at.output.plane()] } else { &mut [] };
            let [rows, columns] = boxes::spans(io.table, at.output.h);
            boxes::max(plane, at.input.w, rows.ranges(), columns.ranges(), out, winners, io.scratch);
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            if self.halves(at.input) {
                return halves::backward(at, io.d_output, io.saved, d_input);
            }
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
        let windows = self.windows(at);
        boxes::reference(at, input, d_output, |_, y| windows.rows(y), |_, x| windows.columns(x), boxes::highest)
    }
}
