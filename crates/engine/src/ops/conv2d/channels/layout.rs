//! Sizes, places and tables of the kernels over channels.

use super::super::{Conv2d, frame::Frame};
use crate::{
    backend::cpu::panels::panels_len,
    ops::{Placement, Working},
};

/// A chunk's working copies stay below this many numbers (160 KiB), within the second-level cache.
const CHUNK_LEN: usize = 40 * 1024;

#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Channels of a group.
    pub in_ch: usize,
    pub out_ch: usize,
    pub groups: usize,
    pub batch: usize,
    /// Images in a full chunk.
    pub images: usize,
    /// Outputs of a channel.
    pub plane: usize,
    pub frame: Frame,
    pub out_w: usize,
    /// Weights of a kernel for one input channel.
    pub area: usize,
}

impl Layout {
    pub fn of(op: &Conv2d, at: &Placement) -> Self {
        let (i, o) = (at.input, at.output);
        let layout = Self {
            in_ch: i.ch / op.groups,
            out_ch: o.ch / op.groups,
            groups: op.groups,
            batch: at.batch,
            images: 1,
            plane: o.plane(),
            frame: Frame::of(op, at),
            out_w: o.w,
            area: op.kernel.h * op.kernel.w,
        };
        let image = layout.x_image().saturating_add(layout.y_len());
        Self { images: (CHUNK_LEN / image.max(1)).clamp(1, at.batch), ..layout }
    }

    /// Terms of one output's sum.
    pub fn depth(&self) -> usize {
        self.in_ch * self.area
    }

    /// Numbers of one image's (padded) input.
    pub fn x_image(&self) -> usize {
        self.groups * self.in_ch * self.frame.len()
    }

    pub fn packed_len(&self) -> usize {
        panels_len(self.out_ch, self.depth())
    }

    pub fn x_len(&self) -> usize {
        if self.frame.is_bare() { 0 } else { self.images * self.x_image() }
    }

    /// Outputs of a chunk, or their gradients, in panels.
    pub fn y_len(&self) -> usize {
        self.groups.saturating_mul(panels_len(self.out_ch, self.images * self.plane))
    }

    /// Gradients of the weights, in panels.
    pub fn dw_len(&self) -> usize {
        self.groups.saturating_mul(self.packed_len())
    }

    fn scratch_len(&self) -> usize {
        let forward = self.dw_len().saturating_add(self.x_len()).saturating_add(self.y_len());
        let weight = self.x_len().saturating_add(self.y_len()).saturating_add(self.dw_len());
        forward.max(weight)
    }

    pub fn working(&self, op: &Conv2d) -> Working {
        Working { scratch_len: self.scratch_len(), table: self.table(op) }
    }

    /// See [`Tables`].
    fn table(&self, op: &Conv2d) -> Vec<u32> {
        let s = op.stride;
        let mut table: Vec<u32> = Vec::new();
        for c in 0..self.in_ch {
            table.extend(op.taps().map(|(y, x)| (c * self.frame.len() + y * self.frame.wp() + x) as u32));
        }
        for i in 0..self.images {
            let place = |p: usize| i * self.x_image() + p / self.out_w * s.h * self.frame.wp() + p % self.out_w * s.w;
            table.extend((0..self.plane).map(|p| place(p) as u32));
        }
        table.extend(self.frame.sources().into_iter().flatten());
        table
    }

    /// The parts of what [`Layout::table`] made.
    pub fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (offsets, rest) = table.split_at(self.depth());
        let (bases, sources) = rest.split_at(self.images * self.plane);
        Tables { offsets, bases, sources }
    }

    /// First image and number of images of each chunk.
    pub fn chunks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (batch, images) = (self.batch, self.images);
        (0..batch).step_by(images).map(move |first| (first, images.min(batch - first)))
    }
}

/// Whole numbers of the kernels.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'t> {
    /// Where each weight of a kernel looks, from where the first one does.
    pub offsets: &'t [u32],
    /// Where the first weight looks for each output of a chunk.
    pub bases: &'t [u32],
    /// What [`Frame::sources`] gave.
    pub sources: &'t [u32],
}
