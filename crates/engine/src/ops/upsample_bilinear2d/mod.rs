//! Bilinear upsampling: between pixels, straight lines.
//!
//! # Shapes
//! `ch×h×w` to `ch×(h·factor)×(w·factor)`; the factor is whole and may differ for rows and columns.
//!
//! # Formula
//! Output row `y` lies at `s = (y + ½) / factor − ½` of the input (PyTorch's `align_corners=False`): between
//! the rows `⌊s⌋` and `⌊s⌋ + 1` with the weights `1 − λ` and `λ = s − ⌊s⌋`. Columns alike. Beyond the edge
//! the edge goes on.
//!
//! # Gradient
//! Each pixel gets from every output that looks at it `d_output` times its weight there.
//!
//! # Cost
//! Four multiply-adds for each output.
//!
//! # Errors
//! A factor outside 1 to 4096.

mod cpu;
mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working,
    in_range, single,
};
use crate::{
    Mode, Pair, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    graph::EXTENT_LIMIT,
    json::Read,
};

/// `torch.nn.Upsample(mode="bilinear")` with a whole factor.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct UpsampleBilinear2d {
    pub scale_factor: Pair,
}

impl Default for UpsampleBilinear2d {
    fn default() -> Self {
        Self { scale_factor: Pair::square(2) }
    }
}

pub const KIND: Kind = Kind {
    name: "upsample_bilinear2d",
    short: "bilinear",
    title: "Bilinear upsampling",
    family: super::Family::Upsampling,
    knobs: &[Knob { key: "scale_factor", label: "Factor", control: Control::Count { least: 1, most: 4 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // Two numbers to four: at −¼ (the edge), ¼, ¾ and 1¼ (the edge).
    let worked = Worked {
        input: vec![4.0, 8.0],
        params: vec![],
        state: vec![],
        output: vec![4.0, 5.0, 7.0, 8.0],
        d_output: vec![1.0, 4.0, 8.0, 16.0],
        d_input: vec![6.0, 23.0],
        d_params: vec![],
    };
    let case = |name, scale_factor, input, batch, mode, worked| Case {
        name,
        layer: UpsampleBilinear2d { scale_factor }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", Pair::new(1, 2), Shape::new(1, 1, 2), 1, Mode::Train, Some(worked)),
        case("twice", Pair::square(2), Shape::new(3, 4, 5), 2, Mode::Train, None),
        case("uneven_factor", Pair::new(3, 4), Shape::new(2, 3, 5), 2, Mode::Train, None),
        case("columns_alone", Pair::new(1, 5), Shape::new(2, 4, 3), 2, Mode::Train, None),
        case("one_pixel", Pair::new(4, 3), Shape::new(3, 1, 1), 2, Mode::Train, None),
        case("evaluation", Pair::square(2), Shape::new(1, 5, 3), 2, Mode::Eval, None),
    ]
}

impl Op for UpsampleBilinear2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let (input, by) = (single(inputs)?, self.scale_factor);
        in_range("scale_factor", by.h, 1, EXTENT_LIMIT)?;
        in_range("scale_factor", by.w, 1, EXTENT_LIMIT)?;
        // What becomes too large saturates, and is refused for its size.
        let output = Shape::new(input.ch, input.h.saturating_mul(by.h), input.w.saturating_mul(by.w));
        let first = [by.h, by.w].map(|factor| 1 - factor as i64);
        let twice = Pair::new(2 * by.h, 2 * by.w);
        let window = Window::Scale { step: Pair::square(2), first, width: twice, of: twice };
        let cost = Cost { multiply_adds: 4u64.saturating_mul(output.len() as u64) };
        Ok(Inferred { output, params: vec![], saved: (0, 0), window, cost })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: cpu::scratch_len(at), table: vec![] }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        cpu::forward(self.scale_factor, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        cpu::backward(self.scale_factor, at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let mut r = Reference { d_input: vec![0.0; input.len()], ..Reference::default() };
        // Pixels around an output along one axis, with their weights.
        let around = |o: usize, factor: usize, extent: usize| {
            let s = ((o as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
            let (first, weight) = (s as usize, s - s.floor());
            [(first, 1.0 - weight), ((first + 1).min(extent - 1), weight)]
        };
        for plane in 0..at.batch * at.input.ch {
            for y in 0..at.output.h {
                for x in 0..at.output.w {
                    let d = d_output.get(r.output.len()).copied().unwrap_or(0.0);
                    let mut sum = 0.0;
                    for (yy, down) in around(y, self.scale_factor.h, at.input.h) {
                        for (xx, right) in around(x, self.scale_factor.w, at.input.w) {
                            let from = (plane * at.input.h + yy) * at.input.w + xx;
                            sum += input[from] * down * right;
                            r.d_input[from] += d * down * right;
                        }
                    }
                    r.output.push(sum);
                }
            }
        }
        r
    }
}
