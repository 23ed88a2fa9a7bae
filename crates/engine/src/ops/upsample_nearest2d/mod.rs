//! Nearest upsampling: each pixel becomes a block of copies.
//!
//! # Shapes
//! `ch×h×w` to `ch×(h·factor)×(w·factor)`; the factor is whole and may differ for rows and columns.
//!
//! # Formula
//! `output[y, x] = input[⌊y / factor⌋, ⌊x / factor⌋]`
//!
//! # Gradient
//! Each pixel gets the sum over its block of `d_output`.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! A factor outside 1 to 4096.

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

/// `torch.nn.Upsample(mode="nearest")` with a whole factor.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct UpsampleNearest2d {
    pub scale_factor: Pair,
}

impl Default for UpsampleNearest2d {
    fn default() -> Self {
        Self { scale_factor: Pair::square(2) }
    }
}

pub const KIND: Kind = Kind {
    name: "upsample_nearest2d",
    short: "up",
    title: "Nearest upsampling",
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
    let worked = Worked {
        input: vec![1.0, 2.0],
        params: vec![],
        state: vec![],
        output: vec![1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0],
        d_output: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
        d_input: vec![66.0, 165.0],
        d_params: vec![],
    };
    let case = |name, scale_factor, input, batch, mode, worked| Case {
        name,
        layer: UpsampleNearest2d { scale_factor }.into(),
        input,
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", Pair::new(2, 3), Shape::new(1, 1, 2), 1, Mode::Train, Some(worked)),
        case("twice", Pair::square(2), Shape::new(3, 4, 5), 2, Mode::Train, None),
        case("uneven_factor", Pair::new(3, 4), Shape::new(2, 3, 5), 2, Mode::Train, None),
        case("columns_alone", Pair::new(1, 5), Shape::new(2, 4, 3), 2, Mode::Train, None),
        case("one_pixel", Pair::new(4, 3), Shape::new(3, 1, 1), 2, Mode::Train, None),
        case("evaluation", Pair::square(2), Shape::new(1, 5, 3), 2, Mode::Eval, None),
    ]
}

impl Op for UpsampleNearest2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let (input, by) = (single(inputs)?, self.scale_factor);
        in_range("scale_factor", by.h, 1, EXTENT_LIMIT)?;
        in_range("scale_factor", by.w, 1, EXTENT_LIMIT)?;
        // What becomes too large saturates, and is refused for its size.
        let output = Shape::new(input.ch, input.h.saturating_mul(by.h), input.w.saturating_mul(by.w));
        let window = Window::Scale { step: Pair::one(), first: [0, 0], width: Pair::one(), of: by };
        Ok(Inferred { output, params: vec![], saved: (0, 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: at.output.w, table: vec![] }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (by, out_w) = (self.scale_factor, at.output.w);
        for (row, block) in io.inputs[0].chunks_exact(at.input.w).zip(io.output.chunks_exact_mut(by.h * out_w)) {
            let (first, copies) = block.split_at_mut(out_w);
            for (v, copies) in row.iter().zip(first.chunks_exact_mut(by.w)) {
                copies.fill(*v);
            }
            copies.chunks_exact_mut(out_w).for_each(|copy| copy.copy_from_slice(first));
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        let [d_input] = io.d_inputs else { return };
        let (by, out_w) = (self.scale_factor, at.output.w);
        let sums = &mut io.scratch[..out_w];
        for (row, block) in d_input.chunks_exact_mut(at.input.w).zip(io.d_output.chunks_exact(by.h * out_w)) {
            let (first, copies) = block.split_at(out_w);
            sums.copy_from_slice(first);
            for copy in copies.chunks_exact(out_w) {
                sums.iter_mut().zip(copy).for_each(|(sum, d)| *sum += d);
            }
            for (v, copies) in row.iter_mut().zip(sums.chunks_exact(by.w)) {
                *v = copies.iter().sum();
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let mut r = Reference { d_input: vec![0.0; input.len()], ..Reference::default() };
        for plane in 0..at.batch * at.input.ch {
            for y in 0..at.output.h {
                for x in 0..at.output.w {
                    let from = (plane * at.input.h + y / self.scale_factor.h) * at.input.w + x / self.scale_factor.w;
                    r.d_input[from] += d_output.get(r.output.len()).copied().unwrap_or(0.0);
                    r.output.push(input[from]);
                }
            }
        }
        r
    }
}
