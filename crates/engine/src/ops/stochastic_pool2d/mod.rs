//! Stochastic pooling: of each window one number is drawn, large ones more often than small ones.
//!
//! # Shapes
//! `ch×in_h×in_w` to `ch×out_h×out_w`, `out_h = ⌊(in_h − k_h) / stride⌋ + 1`.
//!
//! # Formula
//! Over the window, with `a = max(input, 0)`. Training: `output = aᵢ` with probability `aᵢ / Σ a`, drawn for each
//! output, step and run. Evaluation: the mean of that, `output = Σ a² / Σ a`. A window without a positive number
//! gives 0. (Zeiler, Fergus: *Stochastic Pooling for Regularization of Deep Convolutional Neural Networks*, 2013.)
//!
//! # Gradient
//! Training: goes to the number that was drawn alone. Evaluation (of the naive loops only; no plan goes backward
//! there): `(2 aᵢ − output) / Σ a` where `aᵢ` is positive.
//!
//! # Saved for backward
//! The place of the number drawn in its plane, for each output; −1 where there is none.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! A window larger than the input, a plane of more than 2²⁴ pixels.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working, boxes,
    window::{self, Windows},
};
use crate::{
    Mode, Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
    rng::{self, Stream},
};

/// Zeiler and Fergus's pooling; PyTorch has none.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct StochasticPool2d {
    pub kernel: Pair,
    pub stride: Pair,
}

impl Default for StochasticPool2d {
    fn default() -> Self {
        Self { kernel: Pair::square(2), stride: Pair::square(2) }
    }
}

pub const KIND: Kind = Kind {
    name: "stochastic_pool2d",
    short: "stochpool",
    title: "Stochastic pooling",
    family: super::Family::Pooling,
    knobs: &[
        Knob { key: "kernel", label: "Window", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 8 } },
    ],
    signs: Signs::Positive,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // One positive number in the first window, so that whatever is drawn is it; none in the second.
    let certain = Worked {
        input: vec![0.0, 5.0, -2.0, 0.0, -3.0, 0.0, -8.0, -1.0],
        params: vec![],
        state: vec![],
        output: vec![5.0, 0.0],
        d_output: vec![10.0, 20.0],
        d_input: vec![0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        d_params: vec![],
    };
    // (1·1 + 5·5 + 2·2) / (1 + 5 + 2), and a window without a positive number.
    let mean = Worked {
        input: vec![1.0, 5.0, 0.0, -4.0, 2.0, -3.0, 0.0, 0.0],
        params: vec![],
        state: vec![],
        output: vec![3.75, 0.0],
        d_output: vec![0.0, 0.0],
        d_input: vec![],
        d_params: vec![],
    };
    let case = |name, layer: StochasticPool2d, input, batch, mode, worked| Case {
        name,
        layer: layer.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    let overlapping = StochasticPool2d { kernel: Pair::new(3, 2), stride: Pair::new(2, 1) };
    vec![
        case("worked_by_hand", StochasticPool2d::default(), Shape::new(1, 2, 4), 1, Mode::Train, Some(certain)),
        case("evaluation_by_hand", StochasticPool2d::default(), Shape::new(1, 2, 4), 1, Mode::Eval, Some(mean)),
        case("remainder", StochasticPool2d::default(), Shape::new(2, 5, 7), 2, Mode::Train, None),
        case("overlapping", overlapping.clone(), Shape::new(1, 6, 5), 2, Mode::Train, None),
        case("overlapping_evaluation", overlapping, Shape::new(2, 6, 5), 2, Mode::Eval, None),
    ]
}

impl StochasticPool2d {
    fn windows(&self, at: &Placement) -> Windows {
        Windows::new(self.kernel, self.stride, Sides::default(), at.input, at.output)
    }

    /// What is drawn for output `index` of the batch, uniform in [0, 1).
    pub(super) fn drawn(at: &Placement, now: &StepInputs, index: usize) -> f32 {
        // The step picks the seed and the node the stream, so that neither repeats the other.
        let stream = Stream::STOCHASTIC_POOL.part(at.node.0 as u32);
        rng::uniform(rng::mix(now.seed ^ rng::mix(now.step)), stream, index as u32)
    }
}

impl Op for StochasticPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let output = window::infer(inputs, self.kernel, self.stride, Sides::default())?;
        boxes::places_fit(inputs[0])?;
        let window = Window::Slide { kernel: self.kernel, stride: self.stride, dilation: Pair::one(), pad: Sides::default() };
        Ok(Inferred { output, params: vec![], saved: (output.len(), 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: 2 * at.input.w, table: self.windows(at).table(false) }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (size, before) = (at.output.plane(), io.first * at.output.len());
        let planes = io.inputs[0].chunks_exact(at.input.plane());
        for (p, (plane, out)) in planes.zip(io.output.chunks_exact_mut(size)).enumerate() {
            let [rows, columns] = boxes::spans(io.table, at.output.h);
            match io.saved.get_mut(p * size..(p + 1) * size) {
                Some(places) => {
                    let drawn = |i| Self::drawn(at, io.now, before + p * size + i);
                    draw(plane, at.input.w, rows.ranges(), columns.ranges(), out, places, drawn);
                }
                None => weighted_mean(plane, at.input.w, rows.ranges(), columns.ranges(), out, io.scratch),
            }
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            let size = at.output.plane();
            let planes = d_input.chunks_exact_mut(at.input.plane());
            for ((plane, d), places) in planes.zip(io.d_output.chunks_exact(size)).zip(io.saved.chunks_exact(size)) {
                boxes::to_winners(plane, d, places);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let windows = self.windows(at);
        let (rows, columns) = (|_, y| windows.rows(y), |_, x| windows.columns(x));
        boxes::reference(at, input, d_output, rows, columns, |index, numbers| {
            let positive = |x: &f64| x.max(0.0);
            let total: f64 = numbers.iter().map(positive).sum();
            if at.mode == Mode::Eval {
                let mean = if total > 0.0 { numbers.iter().map(|x| positive(x) * positive(x)).sum::<f64>() / total } else { 0.0 };
                let slope = |x: &f64| if *x > 0.0 { (2.0 * x - mean) / total } else { 0.0 };
                return (mean, numbers.iter().map(slope).collect());
            }
            // The numbers lie one after another on a line, each as long as it is large.
            let mark = f64::from(Self::drawn(at, now, index)) * total;
            let mut reached = 0.0;
            let chosen = numbers.iter().position(|x| {
                reached += positive(x);
                reached > mark
            });
            (chosen.map_or(0.0, |i| numbers[i]), boxes::one_of(numbers.len(), chosen))
        })
    }
}

type Ranges = std::ops::Range<usize>;

/// Draws one number of each window. The card adds in the same order, so that it draws the same.
fn draw(
    plane: &[f32],
    in_w: usize,
    rows: impl Iterator<Item = Ranges>,
    columns: impl Iterator<Item = Ranges> + Clone,
    out: &mut [f32],
    places: &mut [f32],
    drawn: impl Fn(usize) -> f32,
) {
    let mut outputs = out.iter_mut().zip(places).enumerate();
    for rows in rows {
        let lines = &plane[rows.start * in_w..rows.end * in_w];
        for (columns, (i, (out, place))) in columns.clone().zip(&mut outputs) {
            let mut total = 0.0;
            for line in lines.chunks_exact(in_w) {
                line[columns.clone()].iter().for_each(|v| total += v.max(0.0));
            }
            let mark = drawn(i) * total;
            let mut reached = 0.0;
            (*out, *place) = (0.0, -1.0);
            'window: for (y, line) in rows.clone().zip(lines.chunks_exact(in_w)) {
                for (x, v) in columns.clone().zip(&line[columns.clone()]) {
                    if *v > 0.0 {
                        reached += v;
                        (*out, *place) = (*v, (y * in_w + x) as f32);
                        if reached > mark {
                            break 'window;
                        }
                    }
                }
            }
        }
    }
}

/// Σ a² / Σ a of each window. `line` is working space for two rows.
fn weighted_mean(
    plane: &[f32],
    in_w: usize,
    rows: impl Iterator<Item = Ranges>,
    columns: impl Iterator<Item = Ranges> + Clone,
    out: &mut [f32],
    line: &mut [f32],
) {
    let (sums, squares) = line[..2 * in_w].split_at_mut(in_w);
    let mut out = out.iter_mut();
    for rows in rows {
        boxes::sum_rows(plane, in_w, rows.clone(), sums, |v| v.max(0.0));
        boxes::sum_rows(plane, in_w, rows, squares, |v| v.max(0.0) * v.max(0.0));
        for (columns, out) in columns.clone().zip(&mut out) {
            let total: f32 = sums[columns.clone()].iter().sum();
            *out = if total > 0.0 { squares[columns].iter().sum::<f32>() / total } else { 0.0 };
        }
    }
}
