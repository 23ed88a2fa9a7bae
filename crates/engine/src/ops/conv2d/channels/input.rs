//! Gradient of the input, for eight input channels together, in one of two ways:
//!
//! * **gather**: each pixel collects from all outputs that looked at it. A row of the product is a pixel, a
//!   term is one weight of one output channel. At the edges, and between outputs that a stride sets apart, it
//!   collects zeros.
//! * **scatter**: each output's gradient times the weights (a row is a place, a term is an output channel, a
//!   column one weight of one input channel), and the products are then added to the pixels they belong to.
//!   No zeros, but one more sum for each product.

use super::{
    super::{cpu::Incoming, frame::NOWHERE},
    layout::Layout,
};
use crate::{
    Pair,
    backend::cpu::{
        panels::{Gate, Pitch, add_rows, leave, multiply, panels_len},
        pools, rows,
        simd::LANES,
    },
    ops::{
        Backward, Placement, Working,
        conv2d::{Conv2d, PadMode},
    },
};

/// A chunk's working copies stay below this many numbers (160 KiB), within the second-level cache.
const CHUNK_LEN: usize = 40 * 1024;
/// Most numbers of one image's products that are scattered (16 MiB).
const IMAGE_LEN: usize = 4 * 1024 * 1024;
/// What the further sums of the scatter cost, in terms of the product.
const SCATTER_TERMS: usize = 5;

/// Sizes and places.
#[derive(Clone, Copy, Debug)]
pub struct Return {
    layout: Layout,
    gathers: bool,
    /// Images in a full chunk.
    images: usize,
    /// Padded pixels whose gradient is worked out, first and number along each axis: all, or (zeros) the image.
    wanted: [(usize, usize); 2],
    /// Of the gather: the output's gradient with a margin for the kernel.
    hd: usize,
    wd: usize,
    margin: Pair,
    /// Pixels of the image.
    pixels: usize,
}

impl Return {
    pub fn of(op: &Conv2d, at: &Placement) -> Self {
        let layout = Layout::of(op, at);
        let (i, o) = (at.input, at.output);
        let zeros = op.pad_mode == PadMode::Zeros;
        let wanted = if zeros {
            [(layout.frame.pad.top, i.h), (layout.frame.pad.left, i.w)]
        } else {
            [(0, layout.frame.hp()), (0, layout.frame.wp())]
        };
        let margin = Pair::new((op.kernel.h - 1) * op.dilation.h, (op.kernel.w - 1) * op.dilation.w);
        let zeros_cost = (wanted[0].1 * wanted[1].1).saturating_mul(layout.out_ch);
        let gathers = op.stride == Pair::one() && zeros_cost <= o.plane().saturating_mul(layout.out_ch + SCATTER_TERMS);
        let whole = Self {
            layout,
            gathers,
            images: 1,
            wanted,
            hd: layout.frame.hp() + margin.h,
            wd: layout.frame.wp() + margin.w,
            margin,
            pixels: i.plane(),
        };
        let image = whole.d_len().saturating_add(whole.dx_len());
        Self { images: (CHUNK_LEN / image.max(1)).clamp(1, at.batch), ..whole }
    }

    /// Whether the copies of one image are of a reasonable size; with large kernels those of the scatter are not.
    pub fn fits(&self) -> bool {
        self.gathers || self.dx_len() <= self.images * IMAGE_LEN
    }

    fn wanted_len(&self) -> usize {
        self.wanted[0].1 * self.wanted[1].1
    }

    /// Terms of the product.
    fn terms(&self) -> usize {
        if self.gathers { self.layout.out_ch * self.layout.area } else { self.layout.out_ch }
    }

    /// Columns of the product, in whole panels.
    fn columns(&self) -> usize {
        self.layout.in_ch.next_multiple_of(LANES) * if self.gathers { 1 } else { self.layout.area }
    }

    /// Rows of the product, for each image.
    fn rows(&self) -> usize {
        if self.gathers { self.wanted_len() } else { self.layout.plane }
    }

    fn packed_len(&self) -> usize {
        self.columns().saturating_mul(self.terms())
    }

    /// The output's gradients of a chunk.
    fn d_len(&self) -> usize {
        let l = &self.layout;
        let plane = if self.gathers { self.hd * self.wd } else { l.plane };
        (self.images * l.groups * l.out_ch).saturating_mul(plane)
    }

    /// The product of one group for a chunk.
    fn dx_len(&self) -> usize {
        self.columns().saturating_mul(self.images * self.rows())
    }

    /// Sums of one image: channel by channel (gather), or in panels, with a row for what falls on no pixel.
    fn sums_len(&self) -> usize {
        if self.gathers { self.layout.in_ch * self.wanted_len() } else { panels_len(self.layout.in_ch, self.pixels + 1) }
    }

    pub fn working(&self, op: &Conv2d) -> Working {
        let parts = [self.layout.groups.saturating_mul(self.packed_len()), self.d_len(), self.dx_len(), self.sums_len()];
        Working { scratch_len: parts.iter().fold(0usize, |sum, n| sum.saturating_add(*n)), table: self.table(op) }
    }

    /// Terms and rows of the product, then, for each wanted pixel (gather), or for each weight and place
    /// (scatter), the pixel of the image, or [`NOWHERE`] and one past the last pixel.
    fn table(&self, op: &Conv2d) -> Vec<u32> {
        let l = &self.layout;
        let [rows, columns] = l.frame.sources();
        let pixel = |y: usize, x: usize| match (rows[y], columns[x]) {
            (NOWHERE, _) | (_, NOWHERE) => None,
            (y, x) => Some(y * l.frame.w as u32 + x),
        };
        let mut table = Vec::new();
        let plane = if self.gathers { self.hd * self.wd } else { l.plane };
        let image = l.groups * l.out_ch * plane;
        if self.gathers {
            for o in 0..l.out_ch {
                // What weight (y, x) looked at from above and to the left lies below and to the right of it.
                table.extend(op.taps().map(|(y, x)| (o * plane + (self.margin.h - y) * self.wd + self.margin.w - x) as u32));
            }
            let [(top, h), (left, w)] = self.wanted;
            let wanted = || (top..top + h).flat_map(|y| (left..left + w).map(move |x| (y, x)));
            for i in 0..self.images {
                table.extend(wanted().map(|(y, x)| (i * image + y * self.wd + x) as u32));
            }
            table.extend(wanted().map(|(y, x)| pixel(y, x).unwrap_or(NOWHERE)));
        } else {
            table.extend((0..l.out_ch).map(|o| (o * plane) as u32));
            for i in 0..self.images {
                table.extend((0..plane).map(|p| (i * image + p) as u32));
            }
            for (y, x) in op.taps() {
                let place = |p: usize| (p / l.out_w * op.stride.h + y, p % l.out_w * op.stride.w + x);
                table.extend((0..plane).map(place).map(|(y, x)| pixel(y, x).unwrap_or(self.pixels as u32)));
            }
        }
        table
    }

    /// Weights of a group (out_ch, in_ch, area) in panels of input channels.
    fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        let (in_ch, area, terms) = (self.layout.in_ch, self.layout.area, self.terms());
        for (panel, block) in packed.chunks_exact_mut(terms * LANES).enumerate() {
            // A panel belongs to eight channels and (scatter) to one weight of the kernel.
            let across = in_ch.div_ceil(LANES);
            let (first, own) = (panel % across * LANES, panel / across);
            let there = (in_ch - first).min(LANES);
            for (term, row) in block.chunks_exact_mut(LANES).enumerate() {
                let (o, w) = if self.gathers { (term / area, term % area) } else { (term, own) };
                let from = &weight[(o * in_ch + first) * area + w..];
                row[there..].fill(0.0);
                for (to, value) in row.iter_mut().zip(from.iter().step_by(area)).take(there) {
                    *to = *value;
                }
            }
        }
    }

    /// The output's gradients of `count` images (through what was fused), with their margins.
    fn copy<'a>(&self, at: &Placement, incoming: Incoming<'a>, first: usize, count: usize, d: &'a mut [f32]) -> &'a [f32] {
        let (o, given) = (at.output, at.given());
        let (plane, pitch, origin) =
            if self.gathers { (self.hd * self.wd, self.wd, self.margin.h * self.wd + self.margin.w) } else { (o.plane(), o.w, 0) };
        let image = first * given.len();
        match incoming {
            Incoming::Whole(from, Gate::Open) if !self.gathers => return &from[image..][..count * o.len()],
            Incoming::Whole(from, gate) if !self.gathers => {
                let len = count * o.len();
                rows::copy(&from[image..][..len], gate.from(image), len, 1, d, len);
            }
            Incoming::Whole(from, gate) => {
                for (i, to) in d.chunks_exact_mut(plane).take(count * o.ch).enumerate() {
                    let place = image + i * o.plane();
                    rows::copy(&from[place..][..o.plane()], gate.from(place), o.w, o.h, &mut to[origin..], pitch);
                }
            }
            Incoming::Pooled(pooled) => {
                for (i, to) in d.chunks_exact_mut(plane).take(count * o.ch).enumerate() {
                    pools::spread(pooled.from(image + i * given.plane()), o.h, o.w, &mut to[origin..], pitch);
                }
            }
        }
        d
    }
}

/// Gradient of the input, where somebody asks for it.
pub fn backward_input(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let [d_input] = &mut *io.d_inputs else { return };
    let back = Return::of(op, at);
    let l = back.layout;
    let (in_ch, out_ch, pixels, rows) = (l.in_ch, l.out_ch, back.pixels, back.rows());
    let (terms, rest) = table.split_at(back.terms());
    let (bases, targets) = rest.split_at(back.images * rows);
    let (packed, rest) = io.scratch.split_at_mut(l.groups * back.packed_len());
    let (d, rest) = rest.split_at_mut(back.d_len());
    let (dx, rest) = rest.split_at_mut(back.dx_len());
    let sums = &mut rest[..back.sums_len()];
    let weight = io.params.chunks_exact(out_ch * in_ch * l.area);
    for (packed, weight) in packed.chunks_exact_mut(back.packed_len()).zip(weight) {
        back.pack(weight, packed);
    }
    let direct = back.gathers && op.pad_mode == PadMode::Zeros;
    if back.gathers {
        // The margins stay zero.
        d.fill(0.0);
    }
    let panels = back.columns() / LANES;
    let incoming = Incoming::of(at, io.d_output, io.output, io.saved);
    for first in (0..l.batch).step_by(back.images) {
        let count = back.images.min(l.batch - first);
        let source = back.copy(at, incoming, first, count, d);
        let places = count * rows;
        for (g, packed) in packed.chunks_exact(back.packed_len()).enumerate() {
            let from = &source[g * out_ch * if back.gathers { back.hd * back.wd } else { l.plane }..];
            let dx = &mut dx[..panels * places * LANES];
            multiply(packed, panels, from, &bases[..places], terms, dx, Pitch::panels(places), false);
            for i in 0..count {
                let to = &mut d_input[((first + i) * at.input.ch + g * in_ch) * pixels..][..in_ch * pixels];
                let from = &dx[i * rows * LANES..];
                if direct {
                    leave(from, places * LANES, &[], false, to, pixels, in_ch, pixels);
                } else if back.gathers {
                    leave(from, places * LANES, &[], false, sums, rows, in_ch, rows);
                    to.fill(0.0);
                    for (to, from) in to.chunks_exact_mut(pixels).zip(sums.chunks_exact(rows)) {
                        for (v, pixel) in from.iter().zip(targets).filter(|(_, pixel)| **pixel != NOWHERE) {
                            to[*pixel as usize] += v;
                        }
                    }
                } else {
                    let across = in_ch.div_ceil(LANES);
                    for (p, sums) in sums.chunks_exact_mut((pixels + 1) * LANES).enumerate() {
                        sums.fill(0.0);
                        for (w, targets) in targets.chunks_exact(rows).enumerate() {
                            add_rows(&from[(w * across + p) * places * LANES..], targets, sums);
                        }
                    }
                    leave(sums, (pixels + 1) * LANES, &[], false, to, pixels, in_ch, pixels);
                }
            }
        }
    }
}
