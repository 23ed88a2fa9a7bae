//! Kernels for wide maps of few channels: eight neighbours of a row together, four channels at a time, read
//! where they lie (or from one padded image) and written where they belong.
//!
//! A row is cut into strips of eight from the left; the last one ends with the row and overlaps the one before.

use super::{Conv2d, PadMode, cpu::Incoming, frame::Frame};
use crate::{
    Pair,
    backend::cpu::{
        panels::Gate,
        pools,
        product::{PANEL, correlate, pack, packed_len, spread},
        rows,
        simd::LANES,
    },
    ops::{Activation, Backward, Forward, Placement, Working},
};

/// Whether outputs, and gradients of the weights, can be computed so.
pub(super) fn fits(op: &Conv2d, at: &Placement) -> bool {
    op.stride.w == 1 && at.output.w >= LANES
}

/// Whether gradients of the input can.
pub(super) fn fits_input(op: &Conv2d, at: &Placement) -> bool {
    op.stride == Pair::one() && op.pad_mode == PadMode::Zeros && at.input.w >= LANES
}

/// First columns of the strips of a row.
fn starts(w: usize) -> impl Iterator<Item = usize> + Clone {
    (0..w.div_ceil(LANES)).map(move |i| (i * LANES).min(w - LANES))
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    frame: Frame,
    in_ch: usize,
    out_ch: usize,
    groups: usize,
    area: usize,
    /// Strips of an output plane; none where [`fits`] says no.
    strips: usize,
    /// Strips of an input plane; none where [`fits_input`] says no.
    strips_back: usize,
    /// The output's gradient with a margin for the kernel.
    hd: usize,
    wd: usize,
    margin: Pair,
}

struct Tables<'t> {
    /// Outputs: where weights look, from where strips begin, and where their results lie.
    offsets: &'t [u32],
    bases: &'t [u32],
    places: &'t [u32],
    /// The same for gradients of the input.
    offsets_back: &'t [u32],
    bases_back: &'t [u32],
    places_back: &'t [u32],
    /// What [`Frame::sources`] gave.
    sources: &'t [u32],
}

impl Layout {
    fn of(op: &Conv2d, at: &Placement) -> Self {
        let (i, o, frame) = (at.input, at.output, Frame::of(op, at));
        let margin = Pair::new((op.kernel.h - 1) * op.dilation.h, (op.kernel.w - 1) * op.dilation.w);
        Self {
            frame,
            in_ch: i.ch / op.groups,
            out_ch: o.ch / op.groups,
            groups: op.groups,
            area: op.kernel.h * op.kernel.w,
            strips: if fits(op, at) { o.h * o.w.div_ceil(LANES) } else { 0 },
            strips_back: if fits_input(op, at) { i.h * i.w.div_ceil(LANES) } else { 0 },
            hd: frame.hp() + margin.h,
            wd: frame.wp() + margin.w,
            margin,
        }
    }

    fn depth(&self) -> usize {
        self.in_ch * self.area
    }

    fn depth_back(&self) -> usize {
        self.out_ch * self.area
    }

    fn x_len(&self) -> usize {
        if self.frame.is_bare() { 0 } else { self.groups * self.in_ch * self.frame.len() }
    }

    fn d_len(&self) -> usize {
        self.groups * self.out_ch * self.hd * self.wd
    }

    fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (offsets, rest) = table.split_at(self.depth());
        let (bases, rest) = rest.split_at(self.strips);
        let (places, rest) = rest.split_at(self.strips);
        let (offsets_back, rest) = rest.split_at(self.depth_back());
        let (bases_back, rest) = rest.split_at(self.strips_back);
        let (places_back, sources) = rest.split_at(self.strips_back);
        Tables { offsets, bases, places, offsets_back, bases_back, places_back, sources }
    }
}

pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let l = Layout::of(op, at);
    let (hp, wp) = (l.frame.hp(), l.frame.wp());
    let mut table: Vec<u32> = Vec::new();
    let weights = |channels: usize| (0..channels).flat_map(move |c| op.taps().map(move |(y, x)| (c, y, x)));
    table.extend(weights(l.in_ch).map(|(c, y, x)| ((c * hp + y) * wp + x) as u32));
    if l.strips > 0 {
        let strips = || (0..at.output.h).flat_map(|y| starts(at.output.w).map(move |x| (y, x)));
        table.extend(strips().map(|(y, x)| (y * op.stride.h * wp + x) as u32));
        table.extend(strips().map(|(y, x)| (y * at.output.w + x) as u32));
    }
    // What a weight looked at from above and to the left lies below and to the right of it.
    let back = |(o, y, x): (usize, usize, usize)| ((o * l.hd + l.margin.h - y) * l.wd + l.margin.w - x) as u32;
    table.extend(weights(l.out_ch).map(back));
    if l.strips_back > 0 {
        let pad = l.frame.pad;
        let strips = || (0..at.input.h).flat_map(|y| starts(at.input.w).map(move |x| (y, x)));
        table.extend(strips().map(|(y, x)| ((pad.top + y) * l.wd + pad.left + x) as u32));
        table.extend(strips().map(|(y, x)| (y * at.input.w + x) as u32));
    }
    table.extend(l.frame.sources().into_iter().flatten());
    // Where maps are pooled, the gradient of one.
    let d_map = if at.pooled.is_some() { at.output.plane() } else { 0 };
    let parts = [
        (l.groups * packed_len(l.out_ch, l.depth())).saturating_add(l.x_len()),
        l.x_len().saturating_add(PANEL * l.strips * LANES).saturating_add(d_map),
        (l.groups * packed_len(l.in_ch, l.depth_back())).saturating_add(l.d_len()),
    ];
    Working { scratch_len: parts.into_iter().max().unwrap_or(0), table }
}

pub(super) fn forward(op: &Conv2d, at: &Placement, table: &[u32], io: Forward<'_>) {
    let l = Layout::of(op, at);
    let (tables, depth, plane) = (l.split(table), l.depth(), at.output.plane());
    let panel = packed_len(l.out_ch, depth);
    let (packed, rest) = io.scratch.split_at_mut(l.groups * panel);
    let x = &mut rest[..l.x_len()];
    let (weight, bias) = io.params.split_at(at.output.ch * depth);
    for (weight, packed) in weight.chunks_exact(l.out_ch * depth).zip(packed.chunks_exact_mut(panel)) {
        pack(packed, l.out_ch, depth, |r, k| weight[r * depth + k]);
    }
    let relu = at.activation == Some(Activation::Relu);
    let images = io.inputs[0].chunks_exact(at.input.len()).zip(io.output.chunks_exact_mut(at.output.len()));
    for (i, (input, output)) in images.enumerate() {
        let source = l.frame.fill(tables.sources, input, x, i == 0);
        let groups = packed.chunks_exact(panel).zip(output.chunks_exact_mut(l.out_ch * plane));
        for (g, (packed, output)) in groups.enumerate() {
            let source = &source[g * l.in_ch * l.frame.len()..];
            let bias = bias.get(g * l.out_ch..(g + 1) * l.out_ch).unwrap_or(&[]);
            spread(packed, l.out_ch, source, tables.offsets, tables.bases, output, tables.places, plane, bias, relu);
        }
    }
}

/// Gradients of the weights and the biases.
pub(super) fn backward_weight(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let l = Layout::of(op, at);
    let (tables, depth, plane) = (l.split(table), l.depth(), at.output.plane());
    let (x, rest) = io.scratch.split_at_mut(l.x_len());
    let (dy, map) = rest.split_at_mut(PANEL * l.strips * LANES);
    let (d_weight, d_bias) = io.d_params.split_at_mut(at.output.ch * depth);
    d_bias.fill(0.0);
    let (incoming, size) = (Incoming::of(at, io.d_output, io.output, io.saved), at.given().plane());
    for (n, input) in io.inputs[0].chunks_exact(at.input.len()).enumerate() {
        let source = l.frame.fill(tables.sources, input, x, n == 0);
        for first in (0..at.output.ch).step_by(l.out_ch).flat_map(|g| (g..g + l.out_ch).step_by(PANEL)) {
            let g = first / l.out_ch;
            let count = ((g + 1) * l.out_ch - first).min(PANEL);
            for (i, dy) in dy.chunks_exact_mut(l.strips * LANES).take(count).enumerate() {
                let from = (n * at.output.ch + first + i) * size;
                let sum = match incoming {
                    Incoming::Whole(d, gate) => rows::strips(&d[from..from + plane], gate.from(from), at.output.w, dy),
                    Incoming::Pooled(pooled) => {
                        pools::spread(pooled.from(from), at.output.h, at.output.w, map, at.output.w);
                        rows::strips(&map[..plane], Gate::Open, at.output.w, dy)
                    }
                };
                if let Some(b) = d_bias.get_mut(first + i) {
                    *b += sum;
                }
            }
            let source = &source[g * l.in_ch * l.frame.len()..];
            let into = &mut d_weight[first * depth..(first + count) * depth];
            correlate(dy, count, l.strips * LANES, source, tables.offsets, tables.bases, into, n > 0);
        }
    }
}

/// Gradient of the input, where somebody asks for it.
pub(super) fn backward_input(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let [d_input] = &mut *io.d_inputs else { return };
    let l = Layout::of(op, at);
    let (tables, depth, plane) = (l.split(table), l.depth_back(), at.input.plane());
    let panel = packed_len(l.in_ch, depth);
    let (packed, d) = io.scratch.split_at_mut(l.groups * panel);
    let d = &mut d[..l.d_len()];
    let (len, area) = (l.in_ch * l.area, l.area);
    for (weight, packed) in io.params.chunks_exact(l.out_ch * len).zip(packed.chunks_exact_mut(panel)) {
        // Row: input channel; column: (output channel, ky, kx).
        pack(packed, l.in_ch, depth, |c, k| weight[k / area * len + c * area + k % area]);
    }
    let (incoming, size) = (Incoming::of(at, io.d_output, io.output, io.saved), at.given().plane());
    // The margins stay zero.
    d.fill(0.0);
    for (n, d_input) in d_input.chunks_exact_mut(at.input.len()).enumerate() {
        for (c, to) in d.chunks_exact_mut(l.hd * l.wd).enumerate() {
            let (from, to) = ((n * at.output.ch + c) * size, &mut to[l.margin.h * l.wd + l.margin.w..]);
            match incoming {
                Incoming::Whole(d, gate) => rows::copy(&d[from..from + size], gate.from(from), at.output.w, at.output.h, to, l.wd),
                Incoming::Pooled(pooled) => pools::spread(pooled.from(from), at.output.h, at.output.w, to, l.wd),
            }
        }
        for (g, (packed, d_input)) in packed.chunks_exact(panel).zip(d_input.chunks_exact_mut(l.in_ch * plane)).enumerate() {
            let source = &d[g * l.out_ch * l.hd * l.wd..];
            let (bases, places) = (tables.bases_back, tables.places_back);
            spread(packed, l.in_ch, source, tables.offsets_back, bases, d_input, places, plane, &[], false);
        }
    }
}
