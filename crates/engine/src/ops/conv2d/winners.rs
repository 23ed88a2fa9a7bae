//! The way back of a convolution whose maps are pooled by 2×2: only winners are multiplied (`backend/cpu/winners.rs`). The
//! other ways spread the pooled gradient over whole maps first, and multiply at least three zeros for each number.
//!
//! Of few input channels, eight neighbours of a row of the kernel lie side by side; of many, eight channels.

use super::{Conv2d, PadMode, cpu::Incoming, frame::Frame};
use crate::{
    backend::cpu::{
        panels::{Gate, enter, leave},
        pools::Pooled,
        simd::LANES,
        winners::{PAIR, PLACES, collect, gather, mark, scatter, span},
    },
    ops::{Backward, Placement, Working},
};

/// Fewest weights of a kernel's plane that pay for a list.
const LEAST_AREA: usize = 4;
/// Numbers of a panel that stay in the nearest cache (32 KiB).
const PANEL_LEN: usize = 8 * 1024;

#[derive(Clone, Copy, Debug)]
struct Layout {
    frame: Frame,
    in_ch: usize,
    out_ch: usize,
    area: usize,
    /// Rows of a kernel side by side, else channels.
    by_rows: bool,
    /// Images that are worked on together.
    images: usize,
    /// Windows of a map.
    windows: usize,
    /// Vectors of a kernel's panel.
    taps: usize,
    /// Numbers of a vector that count.
    lanes: usize,
    /// Where in a window each of the four begins.
    steps: [f32; 4],
}

struct Tables<'t> {
    offsets: &'t [u32],
    /// Where windows begin.
    bases: &'t [u32],
    /// What [`Frame::sources`] gave.
    sources: &'t [u32],
}

/// Whether the gradient of the weights can go this way.
pub(super) fn fits(op: &Conv2d, at: &Placement) -> bool {
    let is_usual = at.pooled.is_some() && op.groups == 1 && op.kernel.h * op.kernel.w >= LEAST_AREA;
    is_usual && Layout::of(op, at).panel_len() < PLACES
}

/// Whether the gradient of the input can.
pub(super) fn fits_input(op: &Conv2d, at: &Placement) -> bool {
    fits(op, at) && op.pad_mode == PadMode::Zeros && !Layout::of(op, at).by_rows
}

impl Layout {
    fn of(op: &Conv2d, at: &Placement) -> Self {
        let (frame, in_ch, kernel) = (Frame::of(op, at), at.input.ch, op.kernel);
        let area = kernel.h * kernel.w;
        // By the halves of eight that a sum then takes.
        let [rows, channels] = [in_ch * kernel.h * kernel.w.div_ceil(LANES / 2), in_ch.div_ceil(LANES) * area * 2];
        let by_rows = op.dilation.w == 1 && kernel.w <= LANES && !op.flipped && rows < channels;
        let unit = if by_rows { 1 } else { LANES };
        let (down, right) = (op.stride.h * frame.wp() * unit, op.stride.w * unit);
        let len = if by_rows { in_ch * frame.len() } else { frame.len() * LANES };
        Self {
            frame,
            in_ch,
            out_ch: at.output.ch,
            area,
            by_rows,
            images: (PANEL_LEN / len.max(1)).clamp(1, at.batch),
            windows: at.given().plane(),
            taps: if by_rows { in_ch * kernel.h } else { area },
            lanes: if by_rows { kernel.w } else { LANES },
            steps: [0, right, down, down + right].map(|step| step as f32),
        }
    }

    /// Panels of the input's channels.
    fn panels(&self) -> usize {
        if self.by_rows { 1 } else { self.in_ch.div_ceil(LANES) }
    }

    /// Numbers of an image in a panel.
    fn image_len(&self) -> usize {
        if self.by_rows { self.in_ch * self.frame.len() } else { self.frame.len() * LANES }
    }

    /// Numbers of a panel. Rows are read beyond their end.
    fn panel_len(&self) -> usize {
        self.images * self.image_len() + if self.by_rows { LANES } else { 0 }
    }

    fn padded_len(&self) -> usize {
        if self.frame.is_bare() { 0 } else { self.in_ch * self.frame.len() }
    }

    /// Numbers of all kernels in panels.
    fn weights_len(&self) -> usize {
        (self.out_ch * self.panels() * LANES).saturating_mul(self.taps)
    }

    fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (offsets, rest) = table.split_at(self.taps);
        let (bases, sources) = rest.split_at(self.windows);
        Tables { offsets, bases, sources }
    }

    /// The place in the panels of weights, and the weight, of each.
    fn each_weight(&self, mut visit: impl FnMut(usize, usize)) {
        let (panels, depth) = (self.panels(), self.in_ch * self.area);
        for o in 0..self.out_ch {
            if self.by_rows {
                for tap in 0..self.taps {
                    let (place, weight) = ((o * self.taps + tap) * LANES, o * depth + tap * self.lanes);
                    (0..self.lanes).for_each(|lane| visit(place + lane, weight + lane));
                }
                continue;
            }
            for c in 0..self.in_ch {
                let place = (o * panels + c / LANES) * self.taps * LANES + c % LANES;
                (0..self.taps).for_each(|tap| visit(place + tap * LANES, o * depth + c * self.area + tap));
            }
        }
    }
}

pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let l = Layout::of(op, at);
    let (wp, plane, unit) = (l.frame.wp(), l.frame.len(), if l.by_rows { 1 } else { LANES });
    let mut table: Vec<u32> = Vec::new();
    if l.by_rows {
        let rows = (0..l.in_ch).flat_map(|c| (0..op.kernel.h).map(move |y| (c, y)));
        table.extend(rows.map(|(c, y)| (c * plane + y * op.dilation.h * wp) as u32));
    } else {
        table.extend(op.taps().map(|(y, x)| ((y * wp + x) * LANES) as u32));
    }
    let given = at.given();
    let windows = (0..given.h).flat_map(|y| (0..given.w).map(move |x| (y, x)));
    table.extend(windows.map(|(y, x)| mark(2 * (y * op.stride.h * wp + x * op.stride.w) * unit).to_bits()));
    table.extend(l.frame.sources().into_iter().flatten());
    let weights = l.padded_len() + l.panels() * l.panel_len() + PAIR * l.images * l.windows;
    let input = l.panels() * l.image_len() + PAIR * l.windows;
    let scratch_len = if fits_input(op, at) { weights.max(input) } else { weights }.saturating_add(l.weights_len());
    Working { scratch_len, table }
}

fn incoming<'a>(at: &Placement, d: &'a [f32], output: &'a [f32], winners: &'a [f32]) -> Option<Pooled<'a>> {
    if let Incoming::Pooled(pooled) = Incoming::of(at, d, output, winners) { Some(pooled) } else { None }
}

/// Gradients of the weights and the biases.
pub(super) fn backward_weight(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let l = Layout::of(op, at);
    let tables = l.split(table);
    let Some(pooled) = incoming(at, io.d_output, io.output, io.saved) else { return };
    let (padded, rest) = io.scratch.split_at_mut(l.padded_len());
    let (source, rest) = rest.split_at_mut(l.panels() * l.panel_len());
    let (pairs, rest) = rest.split_at_mut(PAIR * l.images * l.windows);
    let dw = &mut rest[..l.weights_len()];
    let (d_weight, d_bias) = io.d_params.split_at_mut(l.out_ch * l.in_ch * l.area);
    dw.fill(0.0);
    d_bias.fill(0.0);
    if l.by_rows {
        // What is read beyond the end.
        source[l.images * l.image_len()..].fill(0.0);
    }
    for first in (0..at.batch).step_by(l.images) {
        let count = l.images.min(at.batch - first);
        let images = io.inputs[0][first * at.input.len()..].chunks_exact(at.input.len());
        for (i, image) in images.take(count).enumerate() {
            let image = l.frame.fill(tables.sources, image, padded, first + i == 0);
            let to = &mut source[i * l.image_len()..];
            if l.by_rows {
                to[..image.len()].copy_from_slice(image);
            } else {
                enter(image, Gate::Open, l.frame.len(), l.in_ch, l.frame.len(), to, l.panel_len());
            }
        }
        for (o, dw) in dw.chunks_exact_mut(l.panels() * l.taps * LANES).enumerate() {
            let mut listed = 0;
            for i in 0..count {
                let from = pooled.from(((first + i) * l.out_ch + o) * l.windows);
                let (own, sum) = collect(from, tables.bases, l.steps, i * l.image_len(), &mut pairs[PAIR * listed..]);
                listed += own;
                if let Some(bias) = d_bias.get_mut(o) {
                    *bias += sum;
                }
            }
            for (dw, source) in dw.chunks_exact_mut(l.taps * LANES).zip(source.chunks_exact(l.panel_len())) {
                gather(&pairs[..PAIR * listed], source, tables.offsets, l.lanes, dw);
            }
        }
    }
    l.each_weight(|place, weight| d_weight[weight] = dw[place]);
}

/// Gradient of the input, where somebody asks for it.
pub(super) fn backward_input(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let [d_input] = &mut *io.d_inputs else { return };
    let l = Layout::of(op, at);
    let tables = l.split(table);
    let Some(pooled) = incoming(at, io.d_output, io.output, io.saved) else { return };
    let (packed, rest) = io.scratch.split_at_mut(l.weights_len());
    let (dx, rest) = rest.split_at_mut(l.panels() * l.image_len());
    let pairs = &mut rest[..PAIR * l.windows];
    packed.fill(0.0);
    l.each_weight(|place, weight| packed[place] = io.params[weight]);
    debug_assert!(span(tables.offsets) <= l.image_len());
    let (h, w, wp) = (at.input.h, at.input.w, l.frame.wp());
    for (n, d_input) in d_input.chunks_exact_mut(at.input.len()).enumerate() {
        dx.fill(0.0);
        for (o, packed) in packed.chunks_exact(l.panels() * l.taps * LANES).enumerate() {
            let (listed, _) = collect(pooled.from((n * l.out_ch + o) * l.windows), tables.bases, l.steps, 0, pairs);
            for (packed, dx) in packed.chunks_exact(l.taps * LANES).zip(dx.chunks_exact_mut(l.image_len())) {
                scatter(&pairs[..PAIR * listed], packed, tables.offsets, dx);
            }
        }
        if l.frame.is_bare() {
            leave(dx, l.image_len(), &[], false, d_input, h * w, l.in_ch, h * w);
            continue;
        }
        for y in 0..h {
            let from = &dx[((l.frame.pad.top + y) * wp + l.frame.pad.left) * LANES..];
            leave(from, l.image_len(), &[], false, &mut d_input[y * w..], h * w, l.in_ch, w);
        }
    }
}
