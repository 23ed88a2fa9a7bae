//! The sliding windows that poolings share.

use std::ops::Range;

use super::{
    boxes::{self, Span},
    in_range, single,
};
use crate::{Pair, Shape, ShapeError, Sides, graph::EXTENT_LIMIT};

/// Windows over one plane, clipped to the pixels that exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    kernel: Pair,
    stride: Pair,
    pad: Sides,
    input: Shape,
    output: Shape,
}

impl Windows {
    pub fn new(kernel: Pair, stride: Pair, pad: Sides, input: Shape, output: Shape) -> Self {
        Self { kernel, stride, pad, input, output }
    }

    /// Rows of the input under the windows of output row `y`.
    pub fn rows(&self, y: usize) -> Range<usize> {
        clip(y * self.stride.h, self.kernel.h, self.pad.top, self.input.h)
    }

    pub fn columns(&self, x: usize) -> Range<usize> {
        clip(x * self.stride.w, self.kernel.w, self.pad.left, self.input.w)
    }

    /// All windows for [`boxes`](super::boxes): of rows, of columns. A mean divides by the pixels that
    /// exist, or also by those of the padding.
    pub fn table(&self, count_include_pad: bool) -> Vec<u32> {
        let axis = |count: usize, k: usize, s: usize, before: usize, extent: usize| {
            (0..count).map(move |i| {
                let range = clip(i * s, k, before, extent);
                // No window sticks out of the padding: the last begins where it still fits.
                Span { count: if count_include_pad { k } else { range.len() }, range }
            })
        };
        boxes::table(
            axis(self.output.h, self.kernel.h, self.stride.h, self.pad.top, self.input.h),
            axis(self.output.w, self.kernel.w, self.stride.w, self.pad.left, self.input.w),
        )
    }
}

fn clip(start: usize, kernel: usize, pad: usize, extent: usize) -> Range<usize> {
    start.saturating_sub(pad)..(start + kernel).saturating_sub(pad).min(extent)
}

/// The shape rule of pooling.
pub(super) fn infer(inputs: &[Shape], kernel: Pair, stride: Pair, pad: Sides) -> Result<Shape, ShapeError> {
    let input = single(inputs)?;
    let axis = |name: &str, extent: usize, k: usize, s: usize, pads: [usize; 2]| {
        in_range("kernel", k, 1, EXTENT_LIMIT)?;
        in_range("stride", s, 1, EXTENT_LIMIT)?;
        for pad in pads {
            if pad >= k {
                return Err(ShapeError::PadHidesInput { pad, kernel: k });
            }
        }
        let padded = extent + pads[0] + pads[1];
        if k > padded {
            return Err(ShapeError::WindowTooLarge { axis: name.to_owned(), kernel: k, dilation: 1, window: k, padded, largest: padded });
        }
        Ok((padded - k) / s + 1)
    };
    let h = axis("height", input.h, kernel.h, stride.h, [pad.top, pad.bottom])?;
    let w = axis("width", input.w, kernel.w, stride.w, [pad.left, pad.right])?;
    // A window that lies in the padding alone has no pixel to choose from.
    for (k, s, before, extent, count) in [(kernel.h, stride.h, pad.top, input.h, h), (kernel.w, stride.w, pad.left, input.w, w)] {
        if (0..count).any(|i| clip(i * s, k, before, extent).is_empty()) {
            return Err(ShapeError::PadHidesInput { pad: before.max(pad.bottom).max(pad.right), kernel: k });
        }
    }
    Ok(Shape::new(input.ch, h, w))
}
