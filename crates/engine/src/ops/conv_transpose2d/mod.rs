//! Transposed convolution: the input's gradient of a convolution, as a layer.
//!
//! # Shapes
//! | tensor | extents |
//! |---|---|
//! | input | batch, in_ch, in_h, in_w |
//! | weight | in_ch, out_ch / groups, k_h, k_w |
//! | bias | out_ch |
//! | output | batch, out_ch, out_h, out_w with `out_h = (in_h − 1)·stride + dilation·(k_h − 1) + 1 − top − bottom + output_padding` |
//!
//! # Formula
//! `output[n,o,Y,X] = bias[o] + Σ weight[i,o,ky,kx] · input[n,i,y,x]` over all i of o's group and all y, x, ky, kx with
//! `Y = y·stride + ky·dilation − top` and `X = x·stride + kx·dilation − left`.
//!
//! # Gradient
//! Input: the convolution of the output's gradient with the weight, with these settings. Weight: that convolution's
//! weight gradient, its output's gradient being this layer's input. Bias: the sum of the output's gradient.
//!
//! # Cost
//! `in_ch · in_h · in_w · out_ch / groups · k_h · k_w` multiply-adds.
//!
//! # Errors
//! Zero extents, groups that do not divide, padding that cuts off the whole output, an `output_padding`
//! that is smaller than neither stride nor dilation.

mod cases;
mod cpu;
mod gpu;
mod reference;

use serde::Serialize;

use super::{
    Backward, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference, Signs, Window,
    Working, in_range, single,
};
use crate::{
    Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    graph::{EXTENT_LIMIT, limit},
    json::Read,
};

/// `torch.nn.ConvTranspose2d`; `pad` may differ from side to side.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct ConvTranspose2d {
    pub out_ch: usize,
    pub kernel: Pair,
    pub stride: Pair,
    /// Pixels cut off the output.
    pub pad: Sides,
    /// Pixels added to the output at the bottom and at the right.
    pub output_padding: Pair,
    pub dilation: Pair,
    pub groups: usize,
    pub bias: bool,
}

impl Default for ConvTranspose2d {
    /// Doubles the extents.
    fn default() -> Self {
        Self {
            out_ch: 8,
            kernel: Pair::square(2),
            stride: Pair::square(2),
            pad: Sides::default(),
            output_padding: Pair::square(0),
            dilation: Pair::one(),
            groups: 1,
            bias: true,
        }
    }
}

pub const KIND: Kind = Kind {
    name: "conv_transpose2d",
    short: "deconv",
    title: "Transposed convolution",
    family: super::Family::Convolution,
    knobs: &[
        Knob { key: "out_ch", label: "Kernels", control: Control::Count { least: 1, most: 512 } },
        Knob { key: "kernel", label: "Kernel size", control: Control::Count { least: 1, most: 11 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 4 } },
        Knob { key: "pad", label: "Padding", control: Control::Count { least: 0, most: 5 } },
        Knob { key: "output_padding", label: "Output padding", control: Control::Count { least: 0, most: 3 } },
        Knob { key: "dilation", label: "Dilation", control: Control::Count { least: 1, most: 4 } },
        Knob { key: "groups", label: "Groups", control: Control::Count { least: 1, most: 64 } },
        Knob { key: "bias", label: "Bias", control: Control::Switch },
    ],
    signs: Signs::Both,
    mixes: true,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases: cases::cases, shaders: gpu::SHADERS };

/// One axis of the settings.
struct Axis {
    name: &'static str,
    kernel: usize,
    stride: usize,
    dilation: usize,
    pads: [usize; 2],
    output_padding: usize,
}

impl Axis {
    /// The extent of the output.
    fn output(&self, extent: usize) -> Result<usize, ShapeError> {
        in_range("kernel", self.kernel, 1, EXTENT_LIMIT)?;
        in_range("stride", self.stride, 1, EXTENT_LIMIT)?;
        in_range("dilation", self.dilation, 1, EXTENT_LIMIT)?;
        in_range("output_padding", self.output_padding, 0, self.stride.max(self.dilation) - 1)?;
        for pad in self.pads {
            in_range("pad", pad, 0, EXTENT_LIMIT)?;
        }
        let full = (extent - 1) * self.stride + (self.kernel - 1) * self.dilation + 1 + self.output_padding;
        let cut = self.pads[0] + self.pads[1];
        if cut >= full {
            return Err(ShapeError::PadCutsAll { axis: self.name.to_owned(), cut, full, most: full - 1 });
        }
        Ok(full - cut)
    }

    /// What an output sees: exact for a stride of 1, where this is a convolution with the kernel turned round.
    fn slides(&self) -> Option<[usize; 2]> {
        let room = (self.kernel - 1) * self.dilation;
        if self.stride > 1 || self.pads[0].max(self.pads[1]) > room {
            return None;
        }
        Some([room - self.pads[0], room - self.pads[1] + self.output_padding])
    }
}

impl ConvTranspose2d {
    fn axes(&self) -> [Axis; 2] {
        let axis = |name, of: fn(Pair) -> usize, pads| Axis {
            name,
            kernel: of(self.kernel),
            stride: of(self.stride),
            dilation: of(self.dilation),
            pads,
            output_padding: of(self.output_padding),
        };
        let p = self.pad;
        [axis("height", |pair| pair.h, [p.top, p.bottom]), axis("width", |pair| pair.w, [p.left, p.right])]
    }

    /// Numbers of the weight.
    fn weights(&self, at: &Placement) -> usize {
        at.input.ch * (self.out_ch / self.groups) * self.kernel.h * self.kernel.w
    }
}

impl Op for ConvTranspose2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let input = single(inputs)?;
        in_range("out_ch", self.out_ch, 1, EXTENT_LIMIT)?;
        in_range("groups", self.groups, 1, EXTENT_LIMIT)?;
        for (channels, side) in [(input.ch, "input"), (self.out_ch, "output")] {
            if !channels.is_multiple_of(self.groups) {
                let divides = |g: &usize| input.ch.is_multiple_of(*g) && self.out_ch.is_multiple_of(*g);
                let legal = (1..self.groups).rev().find(divides).unwrap_or(1);
                return Err(ShapeError::GroupsDoNotDivide { groups: self.groups, channels, side: side.to_owned(), legal });
            }
        }
        let [rows, columns] = self.axes();
        let output = Shape::new(self.out_ch, rows.output(input.h)?, columns.output(input.w)?);
        let out_ch = self.out_ch / self.groups;
        let area = self.kernel.h.saturating_mul(self.kernel.w);
        // What each pixel stamps, for one image; and the working copies of the convolution that is the way back.
        limit("what the kernels stamp", out_ch.saturating_mul(area).saturating_mul(input.plane()))?;
        let (p, k, d) = (self.pad, self.kernel, self.dilation);
        let roomy = |ch: usize| {
            let h = output.h + p.top + p.bottom + (k.h - 1) * d.h;
            Shape::new(ch, h, output.w + p.left + p.right + (k.w - 1) * d.w).len()
        };
        limit("the padded gradient", roomy(self.out_ch).max(roomy(input.ch)))?;
        // An output's sum has as many terms as stamps overlap.
        let overlap = |k: usize, s: usize| k.div_ceil(s);
        let fan_in = (input.ch / self.groups).saturating_mul(overlap(k.h, self.stride.h)).saturating_mul(overlap(k.w, self.stride.w));
        let fan_out = out_ch.saturating_mul(area);
        let weight = ParamSpec { name: "weight", role: ParamRole::Weight, dims: vec![input.ch, out_ch, k.h, k.w], fan_in, fan_out };
        let bias = ParamSpec { name: "bias", role: ParamRole::Bias, dims: vec![self.out_ch], fan_in, fan_out: 1 };
        let window = match (rows.slides(), columns.slides()) {
            (Some([top, bottom]), Some([left, right])) => {
                Window::Slide { kernel: k, stride: Pair::one(), dilation: d, pad: Sides::new(top, bottom, left, right) }
            }
            // No other window enlarges: at least nothing is left out.
            _ => Window::Whole,
        };
        Ok(Inferred {
            output,
            params: if self.bias { vec![weight, bias] } else { vec![weight] },
            saved: (0, 0),
            window,
            cost: Cost { multiply_adds: (input.len() as u64).saturating_mul(fan_out as u64) },
        })
    }

    fn working(&self, at: &Placement) -> Working {
        cpu::working(self, at)
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        cpu::forward(self, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        cpu::backward(self, at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        reference::run(self, at, input, params, d_output)
    }
}
