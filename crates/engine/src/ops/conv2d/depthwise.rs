//! Kernels for depthwise convolutions with strides or on small maps, eight channels together: planes are transposed so
//! that the same place of eight channels is one vector, whatever stride, padding and size. Working copies are those of
//! eight planes, and stay in the cache. Where eight neighbours of a row can be taken as they lie, that is faster.

use super::{
    Conv2d,
    channels::add_columns,
    cpu::Incoming,
    frame::{Frame, NOWHERE},
};
use crate::{
    Shape,
    backend::cpu::{
        lanes,
        panels::{Gate, add_rows, enter, leave, panels_len},
        pools,
        simd::LANES,
    },
    ops::{Backward, Forward, Placement, Working},
};

/// Fewest channels that pay for computing eight.
const LEAST_CHANNELS: usize = 5;

/// Whether every channel has one kernel of its own.
pub(super) fn fits(op: &Conv2d, at: &Placement) -> bool {
    op.groups == at.input.ch && op.groups == at.output.ch && op.groups >= LEAST_CHANNELS
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    frame: Frame,
    channels: usize,
    area: usize,
    pixels: usize,
    places: usize,
}

struct Tables<'t> {
    /// Where weights look, from where the first one does, in numbers.
    offsets: &'t [u32],
    bases: &'t [u32],
    /// The pixel of each padded place, or one past the last; none where there is no padding.
    sources: &'t [u32],
}

impl Layout {
    fn of(op: &Conv2d, at: &Placement) -> Self {
        Self {
            frame: Frame::of(op, at),
            channels: op.groups,
            area: op.kernel.h * op.kernel.w,
            pixels: at.input.plane(),
            places: at.output.plane(),
        }
    }

    /// First channel of each panel, and how many there are.
    fn parts(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let channels = self.channels;
        (0..channels).step_by(LANES).map(move |first| (first, LANES.min(channels - first)))
    }

    fn weights_len(&self) -> usize {
        panels_len(self.channels, self.area)
    }

    /// Pixels, and a row of zeros (or for what falls on none).
    fn x_len(&self) -> usize {
        (self.pixels + 1) * LANES
    }

    fn padded_len(&self) -> usize {
        if self.frame.is_bare() { 0 } else { self.frame.len() * LANES }
    }

    fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (offsets, rest) = table.split_at(self.area);
        let (bases, sources) = rest.split_at(self.places);
        Tables { offsets, bases, sources }
    }

    /// Eight planes of an image, padded.
    fn fill<'a>(&self, tables: &Tables<'_>, planes: &[f32], there: usize, x: &'a mut [f32], padded: &'a mut [f32]) -> &'a [f32] {
        enter(planes, Gate::Open, self.pixels, there, self.pixels, x, self.pixels * LANES);
        if self.frame.is_bare() {
            return x;
        }
        x[self.pixels * LANES..].fill(0.0);
        lanes::gather(x, tables.sources, padded);
        padded
    }

    /// The gradient of eight channels of image `n`.
    fn gradient(&self, at: &Placement, incoming: Incoming<'_>, n: usize, (first, there): (usize, usize), dy: &mut [f32]) {
        let from = (n * self.channels + first) * at.given().plane();
        match incoming {
            Incoming::Whole(d, gate) => {
                enter(&d[from..], gate.from(from), self.places, there, self.places, dy, self.places * LANES);
            }
            Incoming::Pooled(pooled) => {
                pools::enter(pooled.from(from), Shape { ch: there, ..at.output }, dy, self.places * LANES);
            }
        }
    }
}

pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let (l, s) = (Layout::of(op, at), op.stride);
    let wp = l.frame.wp();
    let mut table: Vec<u32> = op.taps().map(|(y, x)| ((y * wp + x) * LANES) as u32).collect();
    table.extend((0..l.places).map(|p| ((p / at.output.w * s.h * wp + p % at.output.w * s.w) * LANES) as u32));
    if !l.frame.is_bare() {
        let [rows, columns] = l.frame.sources();
        let pixel = |y: u32, x: u32| if y == NOWHERE || x == NOWHERE { l.pixels as u32 } else { y * at.input.w as u32 + x };
        table.extend(rows.iter().flat_map(|y| columns.iter().map(move |x| pixel(*y, *x))));
    }
    // Weights and their gradient, a plane of the input as it is and padded, and one of the output.
    let parts = [2 * l.weights_len(), l.x_len(), l.padded_len(), l.places * LANES];
    Working { scratch_len: parts.into_iter().fold(0usize, usize::saturating_add), table }
}

/// The weights in panels, and what is left of the working space.
fn packed<'a>(l: &Layout, weight: &[f32], scratch: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
    let (packed, rest) = scratch.split_at_mut(l.weights_len());
    enter(weight, Gate::Open, l.area, l.channels, l.area, packed, l.area * LANES);
    (packed, rest)
}

pub(super) fn forward(op: &Conv2d, at: &Placement, table: &[u32], io: Forward<'_>) {
    let l = Layout::of(op, at);
    let (tables, size, relu) = (l.split(table), at.given().plane(), at.activation.is_some());
    let (weight, bias) = io.params.split_at(l.channels * l.area);
    let (packed, rest) = packed(&l, weight, io.scratch);
    let (x, rest) = rest.split_at_mut(l.x_len());
    let (padded, rest) = rest.split_at_mut(l.padded_len());
    let y = &mut rest[..l.places * LANES];
    for n in 0..at.batch {
        for (packed, (first, there)) in packed.chunks_exact(l.area * LANES).zip(l.parts()) {
            let source = l.fill(&tables, &io.inputs[0][(n * l.channels + first) * l.pixels..], there, x, padded);
            lanes::weigh(packed, source, tables.bases, tables.offsets, y);
            let bias = bias.get(first..first + there).unwrap_or(&[]);
            let to = (n * l.channels + first) * size;
            let to = to..to + there * size;
            if at.pooled.is_some() {
                let winners = if io.saved.is_empty() { &mut [] } else { &mut io.saved[to.clone()] };
                pools::leave(y, l.places * LANES, bias, relu, Shape { ch: there, ..at.output }, &mut io.output[to], winners);
            } else {
                leave(y, l.places * LANES, bias, relu, &mut io.output[to], size, there, size);
            }
        }
    }
}

/// Gradients of the weights and the biases.
pub(super) fn backward_weight(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let l = Layout::of(op, at);
    let tables = l.split(table);
    let incoming = Incoming::of(at, io.d_output, io.output, io.saved);
    let (dw, rest) = io.scratch.split_at_mut(l.weights_len());
    let (x, rest) = rest.split_at_mut(l.x_len());
    let (padded, rest) = rest.split_at_mut(l.padded_len());
    let dy = &mut rest[..l.places * LANES];
    let (d_weight, d_bias) = io.d_params.split_at_mut(l.channels * l.area);
    d_bias.fill(0.0);
    dw.fill(0.0);
    for n in 0..at.batch {
        for (dw, (first, there)) in dw.chunks_exact_mut(l.area * LANES).zip(l.parts()) {
            let source = l.fill(&tables, &io.inputs[0][(n * l.channels + first) * l.pixels..], there, x, padded);
            l.gradient(at, incoming, n, (first, there), dy);
            lanes::correlate(dy, source, tables.bases, tables.offsets, dw);
            if let Some(d_bias) = d_bias.get_mut(first..first + there) {
                add_columns(dy, l.places, d_bias);
            }
        }
    }
    leave(dw, l.area * LANES, &[], false, d_weight, l.area, l.channels, l.area);
}

/// Gradient of the input, where somebody asks for it.
pub(super) fn backward_input(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let [d_input] = &mut *io.d_inputs else { return };
    let l = Layout::of(op, at);
    let tables = l.split(table);
    let incoming = Incoming::of(at, io.d_output, io.output, io.saved);
    let (packed, rest) = packed(&l, &io.params[..l.channels * l.area], io.scratch);
    let (dx, rest) = rest.split_at_mut(l.x_len());
    let (padded, rest) = rest.split_at_mut(l.padded_len());
    let dy = &mut rest[..l.places * LANES];
    for n in 0..at.batch {
        for (packed, (first, there)) in packed.chunks_exact(l.area * LANES).zip(l.parts()) {
            l.gradient(at, incoming, n, (first, there), dy);
            dx.fill(0.0);
            if l.frame.is_bare() {
                lanes::scatter(packed, dy, tables.bases, tables.offsets, dx);
            } else {
                padded.fill(0.0);
                lanes::scatter(packed, dy, tables.bases, tables.offsets, padded);
                add_rows(padded, tables.sources, dx);
            }
            let to = &mut d_input[(n * l.channels + first) * l.pixels..][..there * l.pixels];
            leave(dx, l.pixels * LANES, &[], false, to, l.pixels, there, l.pixels);
        }
    }
}
