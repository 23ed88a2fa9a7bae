//! Convolution (what frameworks call so: cross-correlation, the kernel is not flipped). The true one, whose
//! kernel is, is the setting `flipped`.
//!
//! # Shapes
//! | tensor | extents |
//! |---|---|
//! | input | batch, in_ch, in_h, in_w |
//! | weight | out_ch, in_ch / groups, k_h, k_w |
//! | bias | out_ch |
//! | output | batch, out_ch, out_h, out_w with `out_h = ⌊(in_h + top + bottom − dilation·(k_h − 1) − 1) / stride⌋ + 1` |
//!
//! `pad` may be "valid" (none) or "same", which makes `out_h = ⌈in_h / stride⌉` by TensorFlow's rule: see
//! [`Padding`].
//!
//! # Formula
//! `output[n,o,y,x] = bias[o] + Σ_{i,ky,kx} weight[o,i,ky,kx] · padded[n, i, y·stride + ky·dilation, x·stride + kx·dilation]`
//!
//! Where `flipped`, the weight at `(ky, kx)` is multiplied with what the one at `(k_h − 1 − ky, k_w − 1 − kx)`
//! otherwise is. The tensor is stored as it is trained, not turned.
//!
//! # Gradient
//! Weight: the output's gradient correlated with the padded input. Input: the output's gradient,
//! spread out by the stride, correlated with the flipped kernel; what falls on the padding returns
//! to the pixel it was copied from.
//!
//! # Cost
//! `out_ch · out_h · out_w · in_ch / groups · k_h · k_w` multiply-adds.
//!
//! # Errors
//! Zero extents, a window larger than the padded input, groups that do not divide, a padding mode
//! that needs a larger input.

mod cases;
mod channels;
mod cpu;
mod depthwise;
mod frame;
mod gpu;
mod layout;
mod plain;
mod planes;
mod quads;
mod reference;
mod strips;
mod windows;
mod winners;

use serde::Serialize;

use super::{
    Activation, Backward, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference, Signs,
    Window, Working, in_range, single,
};
use crate::{
    Padding, Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    graph::{EXTENT_LIMIT, limit},
    json::Read,
};

/// What stands beyond the edge of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum PadMode {
    #[default]
    Zeros,
    /// Mirrored at the edge pixel, which is not repeated: `c b | a b c | b a`.
    Reflect,
    /// Mirrored at the edge, the edge pixel is repeated: `b a | a b c | c b`.
    Symmetric,
    /// The edge pixel again and again: `a a | a b c | c c`.
    Replicate,
    /// From the other side: `b c | a b c | a b`.
    Circular,
}

impl PadMode {
    pub const ALL: [Self; 5] = [Self::Zeros, Self::Reflect, Self::Symmetric, Self::Replicate, Self::Circular];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Zeros => "zeros",
            Self::Reflect => "reflect",
            Self::Symmetric => "symmetric",
            Self::Replicate => "replicate",
            Self::Circular => "circular",
        }
    }

    /// Smallest extent on which `pad` pixels can be made.
    pub const fn needed_extent(self, pad: usize) -> usize {
        match self {
            Self::Zeros | Self::Replicate => 1,
            Self::Reflect => pad + 1,
            Self::Symmetric | Self::Circular => pad,
        }
    }

    /// The pixel of `0..extent` that stands at `place` (negative before the first); `None` is zero.
    pub fn source(self, place: isize, extent: usize) -> Option<usize> {
        let n = extent as isize;
        let inside = (0..n).contains(&place);
        let from = match self {
            _ if inside => place,
            Self::Zeros => return None,
            Self::Reflect if place < 0 => -place,
            Self::Reflect => 2 * (n - 1) - place,
            Self::Symmetric if place < 0 => -1 - place,
            Self::Symmetric => 2 * n - 1 - place,
            Self::Replicate => place.clamp(0, n - 1),
            Self::Circular => place.rem_euclid(n),
        };
        (0..n).contains(&from).then_some(from as usize)
    }
}

/// Two-dimensional convolution, `torch.nn.Conv2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Conv2d {
    pub out_ch: usize,
    pub kernel: Pair,
    pub stride: Pair,
    pub pad: Padding,
    pub pad_mode: PadMode,
    pub dilation: Pair,
    pub groups: usize,
    pub bias: bool,
    /// The true convolution: the kernel turned by half a turn. Left out where it is written down, unless set.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flipped: bool,
}

impl Default for Conv2d {
    fn default() -> Self {
        Self {
            out_ch: 8,
            kernel: Pair::square(3),
            stride: Pair::one(),
            pad: Padding::default(),
            pad_mode: PadMode::Zeros,
            dilation: Pair::one(),
            groups: 1,
            bias: true,
            flipped: false,
        }
    }
}

pub const KIND: Kind = Kind {
    name: "conv2d",
    short: "conv",
    title: "Convolution",
    family: super::Family::Convolution,
    knobs: &[
        Knob { key: "out_ch", label: "Kernels", control: Control::Count { least: 1, most: 512 } },
        Knob { key: "kernel", label: "Kernel size", control: Control::Count { least: 1, most: 11 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 4 } },
        Knob { key: "pad", label: "Padding", control: Control::Padding { most: 5 } },
        Knob {
            key: "pad_mode",
            label: "Padding mode",
            control: Control::Choice(&["zeros", "reflect", "symmetric", "replicate", "circular"]),
        },
        Knob { key: "dilation", label: "Dilation", control: Control::Count { least: 1, most: 4 } },
        Knob { key: "groups", label: "Groups", control: Control::Count { least: 1, most: 64 } },
        Knob { key: "bias", label: "Bias", control: Control::Switch },
        Knob { key: "flipped", label: "Flipped kernel", control: Control::Switch },
    ],
    signs: Signs::Both,
    mixes: true,
    identity_in: &[],
    absorbs: &[Activation::Relu],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases: cases::cases, shaders: gpu::SHADERS };

impl Conv2d {
    /// The padding on an input of this shape.
    fn sides(&self, input: Shape) -> Sides {
        self.pad.sides(Pair::new(input.h, input.w), self.kernel, self.stride, self.dilation)
    }

    /// How far from the window's first pixel, down and to the right, each weight of a kernel looks, row by row.
    fn taps(&self) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let (k, d, flipped) = (self.kernel, self.dilation, self.flipped);
        let turned = move |i: usize, extent: usize| if flipped { extent - 1 - i } else { i };
        (0..k.h).flat_map(move |ky| (0..k.w).map(move |kx| (turned(ky, k.h) * d.h, turned(kx, k.w) * d.w)))
    }

    /// Whether the kernels can pool what they write: see [`Placement::pooled`]. `first`: nobody asks for the input's
    /// gradient.
    pub(crate) fn takes_pooling(&self, input: Shape, output: Shape, first: bool) -> bool {
        cpu::takes_pooling(self, input, output, first)
    }

    fn check_axis(
        &self,
        axis: &str,
        extent: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        pads: [usize; 2],
    ) -> Result<usize, ShapeError> {
        in_range("kernel", kernel, 1, EXTENT_LIMIT)?;
        in_range("stride", stride, 1, EXTENT_LIMIT)?;
        in_range("dilation", dilation, 1, EXTENT_LIMIT)?;
        for pad in pads {
            in_range("pad", pad, 0, EXTENT_LIMIT)?;
            let needed = self.pad_mode.needed_extent(pad);
            if extent < needed {
                return Err(ShapeError::PadTooLarge {
                    axis: axis.to_owned(),
                    pad_mode: self.pad_mode.name().to_owned(),
                    pad,
                    extent,
                    needed,
                });
            }
        }
        let (padded, window) = (extent + pads[0] + pads[1], (kernel - 1) * dilation + 1);
        if window > padded {
            let largest = (padded - 1) / dilation + 1;
            return Err(ShapeError::WindowTooLarge { axis: axis.to_owned(), kernel, dilation, window, padded, largest });
        }
        Ok((padded - window) / stride + 1)
    }
}

impl Op for Conv2d {
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
        let (k, s, d, p) = (self.kernel, self.stride, self.dilation, self.sides(input));
        let out_h = self.check_axis("height", input.h, k.h, s.h, d.h, [p.top, p.bottom])?;
        let out_w = self.check_axis("width", input.w, k.w, s.w, d.w, [p.left, p.right])?;
        let output = Shape::new(self.out_ch, out_h, out_w);
        let in_ch = input.ch / self.groups;
        // The working copies of one image: the padded input, and the gradient with room for the kernel.
        let padded = Shape::new(input.ch, input.h + p.top + p.bottom, input.w + p.left + p.right);
        let roomy = Shape::new(self.out_ch, padded.h + (k.h - 1) * d.h, padded.w + (k.w - 1) * d.w);
        limit("the padded input", padded.len())?;
        limit("the padded gradient", roomy.len())?;
        let area = k.h.saturating_mul(k.w);
        let fan_in = in_ch.saturating_mul(area);
        let weight = ParamSpec {
            name: "weight",
            role: ParamRole::Weight,
            dims: vec![self.out_ch, in_ch, k.h, k.w],
            fan_in,
            fan_out: (self.out_ch / self.groups).saturating_mul(area),
        };
        let bias = ParamSpec { name: "bias", role: ParamRole::Bias, dims: vec![self.out_ch], fan_in, fan_out: 1 };
        Ok(Inferred {
            output,
            params: if self.bias { vec![weight, bias] } else { vec![weight] },
            saved: (0, 0),
            window: Window::Slide { kernel: k, stride: s, dilation: d, pad: p },
            cost: Cost { multiply_adds: (output.len() as u64).saturating_mul(fan_in as u64) },
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
