//! Average pooling: the mean of each window.
//!
//! # Shapes
//! As max pooling.
//!
//! # Formula
//! `output[y, x] = Σ window / n`, `n` the pixels of the window, those of the padding counted too
//! unless `count_include_pad` is off.
//!
//! # Gradient
//! `d_output / n` to each pixel of the window.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! As max pooling.

mod gpu;

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

/// `torch.nn.AvgPool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct AvgPool2d {
    pub kernel: Pair,
    pub stride: Pair,
    pub pad: Padding,
    pub count_include_pad: bool,
}

impl Default for AvgPool2d {
    fn default() -> Self {
        Self { kernel: Pair::square(2), stride: Pair::square(2), pad: Padding::default(), count_include_pad: true }
    }
}

pub const KIND: Kind = Kind {
    name: "avg_pool2d",
    short: "avgpool",
    title: "Average pooling",
    family: super::Family::Pooling,
    knobs: &[
        Knob { key: "kernel", label: "Window", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "pad", label: "Padding", control: Control::Padding { most: 3 } },
        Knob { key: "count_include_pad", label: "Count padding", control: Control::Switch },
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
        input: vec![1.0, 5.0, 2.0, 0.0, 3.0, 7.0, 8.0, 2.0],
        params: vec![],
        state: vec![],
        output: vec![4.0, 3.0],
        d_output: vec![4.0, 8.0],
        d_input: vec![1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0],
        d_params: vec![],
    };
    let case = |name, layer: AvgPool2d, input, batch, worked| Case {
        name,
        layer: layer.into(),
        input,
        others: &[],
        batch,
        mode: Mode::Train,
        worked,
    };
    let overlapping = AvgPool2d { kernel: Pair::new(3, 2), stride: Pair::one(), ..AvgPool2d::default() };
    // Padding on two sides alone.
    let uneven =
        AvgPool2d { kernel: Pair::new(4, 3), stride: Pair::new(3, 2), pad: Sides::new(0, 3, 2, 0).into(), count_include_pad: true };
    let padded = AvgPool2d { kernel: Pair::square(3), stride: Pair::new(2, 1), pad: Padding::all(1), count_include_pad: true };
    vec![
        case("worked_by_hand", AvgPool2d::default(), Shape::new(1, 2, 4), 1, Some(worked)),
        case("padding_counted", padded.clone(), Shape::new(2, 6, 5), 2, None),
        case("padding_not_counted", AvgPool2d { count_include_pad: false, ..padded.clone() }, Shape::new(2, 6, 5), 2, None),
        case("overlapping", overlapping, Shape::new(2, 5, 11), 2, None),
        case("uneven_counted", uneven.clone(), Shape::new(1, 7, 9), 2, None),
        case("uneven_not_counted", AvgPool2d { count_include_pad: false, ..uneven }, Shape::new(1, 7, 9), 2, None),
        // As TensorFlow's "SAME", which does not count the padding.
        case("same", AvgPool2d { pad: Padding::Same, count_include_pad: false, ..padded }, Shape::new(2, 6, 5), 2, None),
    ]
}

impl AvgPool2d {
    /// The padding on an input of this shape.
    fn sides(&self, input: Shape) -> Sides {
        self.pad.sides(Pair::new(input.h, input.w), self.kernel, self.stride, Pair::one())
    }

    fn windows(&self, at: &Placement) -> Windows {
        Windows::new(self.kernel, self.stride, self.sides(at.input), at.input, at.output)
    }
}

impl Op for AvgPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let pad = self.sides(single(inputs)?);
        let output = window::infer(inputs, self.kernel, self.stride, pad)?;
        let window = Window::Slide { kernel: self.kernel, stride: self.stride, dilation: Pair::one(), pad };
        Ok(Inferred { output, params: vec![], saved: (0, 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: at.input.w, table: self.windows(at).table(self.count_include_pad) }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let spans = boxes::spans(io.table, at.output.h);
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (plane, out) in planes.zip(io.output.chunks_exact_mut(at.output.plane())) {
            boxes::mean(plane, at.input.w, spans.clone(), out, io.scratch);
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            let spans = boxes::spans(io.table, at.output.h);
            for (plane, d) in d_input.chunks_exact_mut(at.input.plane()).zip(io.d_output.chunks_exact(at.output.plane())) {
                boxes::spread(plane, at.input.w, spans.clone(), d, io.scratch, |d, count| d / count as f32);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let windows = self.windows(at);
        boxes::reference(
            at,
            input,
            d_output,
            |_, y| windows.rows(y),
            |_, x| windows.columns(x),
            |_, numbers| {
                let count = if self.count_include_pad { self.kernel.h * self.kernel.w } else { numbers.len() } as f64;
                (numbers.iter().sum::<f64>() / count, vec![1.0 / count; numbers.len()])
            },
        )
    }
}
