//! Fractional max pooling: windows whose places are drawn, so that a map can shrink by less than a half.
//!
//! # Shapes
//! `ch×in_h×in_w` to `ch×out_h×out_w`, as `output` says.
//!
//! # Formula
//! Along an axis of `in` pixels, `k` under a window and `out` windows, with a random number u in [0, 1),
//! `α = (in − k) / (out − 1)`: window `i` starts at `⌊(i + u)·α⌋ − ⌊u·α⌋`, the last at `in − k` (PyTorch's
//! intervals, after Graham 2014). `output[y, x] = max over the window`; of equals the first in reading order.
//! Each channel of each example has its own u for rows and for columns. In training they are drawn for each
//! step; in evaluation all are ½.
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
//! `output + kernel − 1` larger than the input, a kernel or an output side outside 1 to 4096, an input side
//! beyond 65536, a plane of more than 2²⁴ pixels.
//!
//! Benjamin Graham: *Fractional Max-Pooling*, 2014.

mod gpu;
mod starts;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working, boxes,
    in_range, single,
};
use crate::{
    Mode, Pair, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    graph::EXTENT_LIMIT,
    json::Read,
    rng::{self, Stream},
};
pub use starts::Starts;

/// `torch.nn.FractionalMaxPool2d` with a given output size.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct FractionalMaxPool2d {
    pub kernel: Pair,
    /// Rows and columns of the output.
    pub output: Pair,
}

impl Default for FractionalMaxPool2d {
    fn default() -> Self {
        Self { kernel: Pair::square(2), output: Pair::square(7) }
    }
}

pub const KIND: Kind = Kind {
    name: "fractional_max_pool2d",
    short: "fracpool",
    title: "Fractional max pooling",
    family: super::Family::Pooling,
    knobs: &[
        Knob { key: "kernel", label: "Window", control: Control::Count { least: 1, most: 4 } },
        Knob { key: "output", label: "Output size", control: Control::Count { least: 1, most: 20 } },
    ],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // Windows of two among five, three of them: α = 3/2 and u = ½, so ⌊¾⌋ − ⌊¾⌋ = 0, ⌊9/4⌋ − 0 = 2, 3.
    let worked = Worked {
        input: vec![1.0, 5.0, 2.0, 7.0, 6.0],
        params: vec![],
        state: vec![],
        output: vec![5.0, 7.0, 7.0],
        d_output: vec![],
        d_input: vec![],
        d_params: vec![],
    };
    // Where outputs and kernel just fit, every draw gives the same windows.
    let overlapping = Worked {
        input: vec![1.0, 5.0, 2.0, 0.0],
        params: vec![],
        state: vec![],
        output: vec![5.0, 5.0, 2.0],
        d_output: vec![10.0, 20.0, 30.0],
        d_input: vec![0.0, 30.0, 30.0, 0.0],
        d_params: vec![],
    };
    let case = |name, kernel, output, input, batch, mode, worked| Case {
        name,
        layer: FractionalMaxPool2d { kernel, output }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    let row = Pair::new(1, 2);
    vec![
        case("worked_by_hand", row, Pair::new(1, 3), Shape::new(1, 1, 4), 1, Mode::Train, Some(overlapping)),
        case(
            "evaluation_by_hand",
            row,
            Pair::new(1, 3),
            Shape::new(1, 1, 5),
            1,
            Mode::Eval,
            Some(Worked { d_output: vec![0.0; 3], ..worked }),
        ),
        case("drawn", Pair::square(2), Pair::new(5, 4), Shape::new(3, 8, 9), 2, Mode::Train, None),
        case("with_gaps", Pair::new(2, 1), Pair::new(3, 4), Shape::new(2, 11, 9), 3, Mode::Train, None),
        case("large_windows", Pair::new(4, 3), Pair::new(3, 6), Shape::new(2, 7, 9), 2, Mode::Train, None),
        case("one_output", Pair::new(2, 3), Pair::new(1, 2), Shape::new(2, 5, 6), 2, Mode::Train, None),
        case("evaluation", Pair::square(2), Pair::new(4, 5), Shape::new(2, 7, 8), 2, Mode::Eval, None),
    ]
}

impl FractionalMaxPool2d {
    /// Where the windows of plane `plane` of the batch start: rows, columns.
    pub fn starts(&self, at: &Placement, now: &StepInputs, plane: usize) -> [Starts; 2] {
        let draw = |number: u32| match at.mode {
            Mode::Eval => HALF,
            // The step picks the seed and the node the stream, so that neither repeats the other.
            Mode::Train => {
                let stream = Stream::FRACTIONAL_POOL.part(at.node.0 as u32);
                rng::bits(rng::mix(now.seed ^ rng::mix(now.step)), stream, number) >> 8
            }
        };
        // As in PyTorch's samples the columns come first.
        let first = 2 * plane as u32;
        [
            Starts::drawn(at.input.h - self.kernel.h, self.output.h, draw(first + 1)),
            Starts::drawn(at.input.w - self.kernel.w, self.output.w, draw(first)),
        ]
    }

    /// The same from given samples (columns, rows) in [0, 1), as PyTorch takes them.
    pub fn given_starts(&self, input: Shape, [columns, rows]: [f32; 2]) -> [Starts; 2] {
        [Starts::given(input.h - self.kernel.h, self.output.h, rows), Starts::given(input.w - self.kernel.w, self.output.w, columns)]
    }

    /// The forward pass with windows that start where `starts` says of each plane of the batch.
    pub fn forward_at(&self, at: &Placement, io: Forward<'_>, starts: impl Fn(usize) -> [Starts; 2]) {
        let size = at.output.plane();
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (p, (plane, out)) in planes.zip(io.output.chunks_exact_mut(size)).enumerate() {
            let winners = io.saved.get_mut(p * size..(p + 1) * size).unwrap_or_default();
            let [rows, columns] = starts(p);
            let rows = rows.map(|y| y..y + self.kernel.h);
            let columns = columns.map(|x| x..x + self.kernel.w);
            boxes::max(plane, at.input.w, rows, columns, out, winners, io.scratch);
        }
    }

    /// Naive loops with windows that start where `starts` says of each plane of the batch.
    pub fn reference_at(&self, at: &Placement, input: &[f64], d_output: &[f64], starts: impl Fn(usize) -> [Starts; 2]) -> Reference {
        let window = |plane: usize, axis: usize, i: usize, k: usize| {
            let start = starts(plane)[axis].clone().nth(i).unwrap_or(0);
            start..start + k
        };
        let rows = |plane, y| window(plane, 0, y, self.kernel.h);
        boxes::reference(at, input, d_output, rows, |plane, x| window(plane, 1, x, self.kernel.w), boxes::highest)
    }
}

/// ½ in steps of 2⁻²⁴.
const HALF: u32 = 1 << 23;

impl Op for FractionalMaxPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let input = single(inputs)?;
        boxes::products_fit(input, self.output)?;
        boxes::places_fit(input)?;
        for (name, extent, k, out) in [("height", input.h, self.kernel.h, self.output.h), ("width", input.w, self.kernel.w, self.output.w)]
        {
            in_range("kernel", k, 1, EXTENT_LIMIT)?;
            if k > extent {
                return Err(ShapeError::WindowTooLarge {
                    axis: name.to_owned(),
                    kernel: k,
                    dilation: 1,
                    window: k,
                    padded: extent,
                    largest: extent,
                });
            }
            // Each window starts at least a pixel after the one before.
            in_range("output", out, 1, extent - k + 1)?;
        }
        let output = Shape::new(input.ch, self.output.h, self.output.w);
        // Wherever they are drawn, windows start at ⌊i·α⌋ or at ⌈i·α⌉.
        let axis = |extent: usize, k: usize, out: usize| match out - 1 {
            0 => (0, (extent - k) as i64, k, 1),
            steps => (extent - k, 0, k * steps, steps),
        };
        let (step_h, first_h, width_h, of_h) = axis(input.h, self.kernel.h, self.output.h);
        let (step_w, first_w, width_w, of_w) = axis(input.w, self.kernel.w, self.output.w);
        let window = Window::Scale {
            step: Pair::new(step_h, step_w),
            first: [first_h, first_w],
            width: Pair::new(width_h, width_w),
            of: Pair::new(of_h, of_w),
        };
        Ok(Inferred { output, params: vec![], saved: (output.len(), 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: 2 * at.input.w, table: vec![] }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (now, before) = (io.now, io.first * at.input.ch);
        self.forward_at(at, io, |plane| self.starts(at, now, before + plane));
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

    fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        self.reference_at(at, input, d_output, |plane| self.starts(at, now, plane))
    }
}
