//! The padded input.

use super::{Conv2d, PadMode};
use crate::{
    Sides,
    backend::cpu::{panels::Gate, rows},
    ops::Placement,
};

/// A padded place that holds zero.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A plane of the image within its padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub h: usize,
    pub w: usize,
    pub pad: Sides,
    mode: PadMode,
}

impl Frame {
    pub fn of(op: &Conv2d, at: &Placement) -> Self {
        Self { h: at.input.h, w: at.input.w, pad: op.sides(at.input), mode: op.pad_mode }
    }

    /// Extents with the padding.
    pub fn hp(&self) -> usize {
        self.pad.top + self.h + self.pad.bottom
    }

    pub fn wp(&self) -> usize {
        self.pad.left + self.w + self.pad.right
    }

    pub fn len(&self) -> usize {
        self.hp() * self.wp()
    }

    /// Whether the images can be read where they lie.
    pub fn is_bare(&self) -> bool {
        self.pad == Sides::default()
    }

    /// The rows of the image for those of the padded input, or [`NOWHERE`]; then the columns.
    pub fn sources(&self) -> [Vec<u32>; 2] {
        let of = |before: usize, inner: usize, after: usize| {
            let source = |p: usize| self.mode.source(p as isize - before as isize, inner).map_or(NOWHERE, |s| s as u32);
            (0..before + inner + after).map(source).collect()
        };
        [of(self.pad.top, self.h, self.pad.bottom), of(self.pad.left, self.w, self.pad.right)]
    }

    /// `input` (whole planes) with padding, in `x` where there is any. `sources` is what [`Frame::sources`] gave,
    /// joined. Edges of zeros are written where `fresh`, and must be left alone until the next call.
    pub fn fill<'a>(&self, sources: &[u32], input: &'a [f32], x: &'a mut [f32], fresh: bool) -> &'a [f32] {
        if self.is_bare() {
            return input;
        }
        let (h, w, top, left, wp) = (self.h, self.w, self.pad.top, self.pad.left, self.wp());
        let (rows, columns) = sources.split_at(self.hp());
        let zeros = self.mode == PadMode::Zeros;
        if zeros && fresh {
            x.fill(0.0);
        }
        for (from, to) in input.chunks_exact(h * w).zip(x.chunks_exact_mut(self.len())) {
            rows::copy(from, Gate::Open, w, h, &mut to[top * wp + left..], wp);
            if zeros {
                continue;
            }
            for (y, to) in to.chunks_exact_mut(wp).enumerate() {
                let row = &from[rows[y] as usize * w..][..w];
                let inner = (top..top + h).contains(&y);
                for (x, v) in to.iter_mut().enumerate() {
                    if !inner || !(left..left + w).contains(&x) {
                        *v = row[columns[x] as usize];
                    }
                }
            }
        }
        x
    }
}
