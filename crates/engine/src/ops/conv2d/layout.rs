//! How the working copies of the kernels over planes lie in memory.
//!
//! Images are taken in chunks that fit the cache. In a chunk the padded input is copied so that one
//! vector of eight numbers serves eight outputs, in one of two ways:
//!
//! * **rows**: the planes stand as they are and eight neighbours of a row are computed together.
//!   Outputs are computed for the whole width of the padded plane and the few that hang over its
//!   edge are dropped. Best for large maps with stride 1.
//! * **lanes**: eight images are interleaved and the same place of all eight is computed together.
//!   Nothing is dropped, and any stride works. Best for small maps.

use super::{Conv2d, frame::NOWHERE};
use crate::{
    Sides,
    backend::cpu::{product::packed_len, simd::LANES},
    ops::{Placement, Working},
};

/// A chunk's working copies stay below this many numbers (160 KiB), within the second-level cache.
const CHUNK_LEN: usize = 40 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Eight images interleaved.
    pub lanes: bool,
    /// Images in a full chunk.
    pub images: usize,
    /// The padded input.
    pub hp: usize,
    pub wp: usize,
    /// The output's gradient spread by the stride, with room for the kernel on every side.
    pub hd: usize,
    pub wd: usize,
    /// The part of the padded input whose gradient is worked out: all of it, or (zeros) the image.
    pub top: usize,
    pub left: usize,
    pub th: usize,
    pub tw: usize,
    /// Vectors of outputs, and of input gradients, per image (rows) or per eight images (lanes).
    pub vectors: usize,
    pub vectors_back: usize,
    /// Numbers of the copies, per image.
    pub x_image: usize,
    pub d_image: usize,
    in_ch: usize,
    out_ch: usize,
    groups: usize,
    in_ch_all: usize,
    out_ch_all: usize,
    area: usize,
    out_w: usize,
    batch: usize,
}

impl Layout {
    pub fn of(op: &Conv2d, at: &Placement) -> Self {
        let (i, o, pad) = (at.input, at.output, op.sides(at.input));
        let (hp, wp) = (i.h + pad.top + pad.bottom, i.w + pad.left + pad.right);
        let (hd, wd) = (hp + (op.kernel.h - 1) * op.dilation.h, wp + (op.kernel.w - 1) * op.dilation.w);
        let zeros = op.pad_mode == super::PadMode::Zeros;
        let (top, left, th, tw) = if zeros { (pad.top, pad.left, i.h, i.w) } else { (0, 0, hp, wp) };
        let by_rows = ((o.h - 1) * wp + o.w).div_ceil(LANES);
        // Below three quarters of useful outputs, interleaving costs less than it saves.
        let wasteful = o.plane() * 4 < by_rows * LANES * 3 && at.batch >= LANES / 2;
        let lanes = wasteful || op.stride.h != 1 || op.stride.w != 1;
        let (vectors, vectors_back) = if lanes { (o.plane(), th * tw) } else { (by_rows, ((th - 1) * wd + tw).div_ceil(LANES)) };
        let (x_image, d_image) = (i.ch * hp * wp, o.ch * hd * wd);
        let y_image = o.ch * if lanes { vectors } else { vectors * LANES };
        let unit = if lanes { LANES } else { 1 };
        let units = (CHUNK_LEN / ((x_image + y_image).max(1) * unit)).clamp(1, at.batch.div_ceil(unit));
        Self {
            lanes,
            images: units * unit,
            hp,
            wp,
            hd,
            wd,
            top,
            left,
            th,
            tw,
            vectors,
            vectors_back,
            x_image,
            d_image,
            in_ch: i.ch / op.groups,
            out_ch: o.ch / op.groups,
            groups: op.groups,
            in_ch_all: i.ch,
            out_ch_all: o.ch,
            area: op.kernel.h * op.kernel.w,
            out_w: o.w,
            batch: at.batch,
        }
    }

    /// Images that share a vector.
    pub fn unit(&self) -> usize {
        if self.lanes { LANES } else { 1 }
    }

    /// Terms of one output's sum.
    pub fn depth(&self) -> usize {
        self.in_ch * self.area
    }

    /// Terms of one input gradient's sum.
    pub fn depth_back(&self) -> usize {
        self.out_ch * self.area
    }

    /// Bases of a chunk of `count` images, out of the bases of a full chunk.
    pub fn bases_len(&self, count: usize) -> usize {
        count.div_ceil(self.unit()) * self.vectors
    }

    pub fn bases_back_len(&self, count: usize) -> usize {
        count.div_ceil(self.unit()) * self.vectors_back
    }

    pub fn pitch(&self) -> usize {
        self.bases_len(self.images) * LANES
    }

    pub fn pitch_back(&self) -> usize {
        self.bases_back_len(self.images) * LANES
    }

    /// Place of image `i`'s number (y, x) in a row of outputs.
    pub fn place(&self, i: usize, y: usize, x: usize) -> usize {
        if self.lanes {
            ((i / LANES * self.vectors) + y * self.out_w + x) * LANES + i % LANES
        } else {
            i * self.vectors * LANES + y * self.wp + x
        }
    }

    /// Place of image `i`'s number (y, x) in a row of input gradients.
    pub fn place_back(&self, i: usize, y: usize, x: usize) -> usize {
        if self.lanes {
            ((i / LANES * self.vectors_back) + y * self.tw + x) * LANES + i % LANES
        } else {
            i * self.vectors_back * LANES + y * self.wd + x
        }
    }

    pub fn packed_len(&self) -> usize {
        self.groups * packed_len(self.out_ch, self.depth()).max(packed_len(self.in_ch, self.depth_back()))
    }

    /// Padded inputs of a chunk, with room for the last vector to run over.
    pub fn x_len(&self) -> usize {
        self.images * self.x_image + LANES
    }

    pub fn d_len(&self) -> usize {
        self.images * self.d_image + LANES
    }

    pub fn y_len(&self) -> usize {
        self.out_ch_all * self.pitch()
    }

    pub fn working(&self, op: &Conv2d, at: &Placement) -> Working {
        Working { scratch_len: self.scratch_len(), table: self.table(op, op.sides(at.input)) }
    }

    fn scratch_len(&self) -> usize {
        let back = self.d_len() + self.in_ch_all * self.pitch_back();
        [self.packed_len(), self.x_len(), self.y_len(), back, self.in_ch_all].iter().fold(0usize, |sum, n| sum.saturating_add(*n))
    }

    /// Offsets and bases of both products, then the source row and column of every padded place.
    fn table(&self, op: &Conv2d, pad: Sides) -> Vec<u32> {
        let (k, d, s, unit) = (op.kernel, op.dilation, op.stride, self.unit());
        let mut table = Vec::new();
        for c in 0..self.in_ch {
            table.extend(op.taps().map(|(y, x)| (((c * self.hp + y) * self.wp + x) * unit) as u32));
        }
        // What a weight looked at from above and to the left lies below and to the right of it.
        let margin = ((k.h - 1) * d.h, (k.w - 1) * d.w);
        for o in 0..self.out_ch {
            let back = |(y, x): (usize, usize)| (((o * self.hd + margin.0 - y) * self.wd + margin.1 - x) * unit) as u32;
            table.extend(op.taps().map(back));
        }
        for (image_len, vectors, w, step, origin, width) in [
            (self.x_image, self.vectors, self.wp, s, 0, self.out_w),
            (self.d_image, self.vectors_back, self.wd, crate::Pair::one(), self.top * self.wd + self.left, self.tw),
        ] {
            for i in 0..self.images / unit {
                for j in 0..vectors {
                    let place =
                        if self.lanes { (j / width * step.h * w + j % width * step.w + origin) * LANES } else { j * LANES + origin };
                    table.push((i * unit * image_len + place) as u32);
                }
            }
        }
        table.extend((0..self.bases_len(self.images).max(self.bases_back_len(self.images))).map(|j| (j * LANES) as u32));
        for (len, before, pads) in [(self.hp, pad.top, pad.top + pad.bottom), (self.wp, pad.left, pad.left + pad.right)] {
            let source = |p: usize| op.pad_mode.source(p as isize - before as isize, len - pads);
            table.extend((0..len).map(|p| source(p).map_or(NOWHERE, |s| s as u32)));
        }
        table
    }

    /// The parts of what [`Layout::table`] made.
    pub fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (offsets, rest) = table.split_at(self.depth());
        let (offsets_back, rest) = rest.split_at(self.depth_back());
        let (bases, rest) = rest.split_at(self.bases_len(self.images));
        let (bases_back, rest) = rest.split_at(self.bases_back_len(self.images));
        let (places, rest) = rest.split_at(bases.len().max(bases_back.len()));
        let (rows, columns) = rest.split_at(self.hp);
        Tables { offsets, offsets_back, bases, bases_back, places, rows, columns }
    }

    /// First image and number of images of each chunk.
    pub fn chunks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (batch, images) = (self.batch, self.images);
        (0..batch).step_by(images).map(move |first| (first, images.min(batch - first)))
    }

    pub fn channels(&self) -> (usize, usize) {
        (self.in_ch, self.out_ch)
    }
}

pub(super) struct Tables<'t> {
    pub offsets: &'t [u32],
    pub offsets_back: &'t [u32],
    pub bases: &'t [u32],
    pub bases_back: &'t [u32],
    /// Where the vectors of a row of results lie.
    pub places: &'t [u32],
    pub rows: &'t [u32],
    pub columns: &'t [u32],
}
