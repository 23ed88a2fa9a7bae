//! Fast kernels. Forward, eight images are interleaved and computed together. Backward, eight
//! neighbouring inputs are: rows of the weights and of the images are read as they stand.

use crate::{
    backend::cpu::{
        product::{pack, packed_len, spread},
        simd::LANES,
    },
    ops::{Activation, Backward, Forward, Placement, Working},
};

#[derive(Clone, Copy)]
pub(super) struct Layout {
    batch: usize,
    wide: usize,
    out: usize,
}

impl Layout {
    pub fn of(at: &Placement) -> Self {
        Self { batch: at.batch, wide: at.input.ch, out: at.output.ch }
    }

    /// Images, rounded up to whole vectors.
    fn images(&self) -> usize {
        self.batch.next_multiple_of(LANES)
    }

    /// Inputs, rounded up to whole vectors.
    fn row(&self) -> usize {
        self.wide.next_multiple_of(LANES)
    }

    /// Rows of eight whole inputs need no copy.
    fn is_whole(&self) -> bool {
        self.row() == self.wide
    }

    fn packed_len(&self) -> usize {
        packed_len(self.out, self.wide).max(packed_len(self.out, self.batch)).max(packed_len(self.batch, self.out))
    }

    pub fn working(&self) -> Working {
        Working { scratch_len: self.scratch_len(), table: self.table() }
    }

    fn scratch_len(&self) -> usize {
        let forward = self.wide.saturating_add(self.out).saturating_mul(self.images());
        // A padded copy of what is multiplied, and of the result.
        let rows = self.batch.saturating_add(self.out);
        let back = if self.is_whole() { 0 } else { rows.saturating_mul(self.row()) };
        self.packed_len().saturating_add(forward.max(back))
    }

    fn table(&self) -> Vec<u32> {
        let steps = |count: usize, step: usize| (0..count).map(move |i| (i * step) as u32);
        let forward = steps(self.wide, self.images()).chain(steps(self.images() / LANES, LANES));
        forward.chain(steps(self.batch.max(self.out), self.row())).chain(steps(self.row() / LANES, LANES)).collect()
    }

    fn split<'t>(&self, table: &'t [u32]) -> [&'t [u32]; 4] {
        let (offsets, rest) = table.split_at(self.wide);
        let (bases, rest) = rest.split_at(self.images() / LANES);
        let (rows, columns) = rest.split_at(self.batch.max(self.out));
        [offsets, bases, rows, columns]
    }
}

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    let layout = Layout::of(at);
    let (wide, out, images) = (layout.wide, layout.out, layout.images());
    let [offsets, bases, ..] = layout.split(io.table);
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let (x, rest) = rest.split_at_mut(wide * images);
    let y = &mut rest[..out * images];
    let (weight, bias) = io.params.split_at(out * wide);
    pack(packed, out, wide, |o, i| weight[o * wide + i]);
    interleave(io.inputs[0], wide, x, images);
    spread(packed, out, x, offsets, bases, y, images);
    let relu = at.activation == Some(Activation::Relu);
    for (n, row) in io.output.chunks_exact_mut(out).enumerate() {
        for (o, value) in row.iter_mut().enumerate() {
            let v = y[o * images + n] + bias.get(o).copied().unwrap_or(0.0);
            *value = if relu && v <= 0.0 { 0.0 } else { v };
        }
    }
}

pub(super) fn backward(at: &Placement, io: Backward<'_>) {
    let layout = Layout::of(at);
    let (batch, wide, out) = (layout.batch, layout.wide, layout.out);
    let [_, _, rows, columns] = layout.split(io.table);
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let relu = at.activation == Some(Activation::Relu);
    let dy = |n: usize, o: usize| if relu && io.output[n * out + o] <= 0.0 { 0.0 } else { io.d_output[n * out + o] };
    let (d_weight, d_bias) = io.d_params.split_at_mut(out * wide);
    for (o, b) in d_bias.iter_mut().enumerate() {
        *b = (0..batch).map(|n| dy(n, o)).sum();
    }
    let mut multiply = |packed: &[f32], count: usize, source: &[f32], depth: usize, to: &mut [f32]| {
        let (row, rows) = (layout.row(), &rows[..depth]);
        if layout.is_whole() {
            return spread(packed, count, source, rows, columns, to, row);
        }
        let (copy, result) = rest.split_at_mut(depth * row);
        for (to, from) in copy.chunks_exact_mut(row).zip(source.chunks_exact(wide)) {
            to[..wide].copy_from_slice(from);
            to[wide..].fill(0.0);
        }
        spread(packed, count, copy, rows, columns, result, row);
        for (to, from) in to.chunks_exact_mut(wide).zip(result.chunks_exact(row)) {
            to.copy_from_slice(&from[..wide]);
        }
    };
    // d_weight[o, i] = Σₙ dy[n, o] · x[n, i]
    pack(packed, out, batch, |o, n| dy(n, o));
    multiply(packed, out, io.inputs[0], batch, d_weight);
    if let [d_input] = io.d_inputs {
        // d_input[n, i] = Σₒ dy[n, o] · weight[o, i]
        pack(packed, batch, out, dy);
        multiply(packed, batch, &io.params[..out * wide], out, d_input);
    }
}

/// (image, feature) to (feature, image), images up to `pitch`, the missing ones zero.
fn interleave(from: &[f32], features: usize, to: &mut [f32], pitch: usize) {
    let images = from.len() / features;
    for first in (0..pitch).step_by(LANES) {
        for k in 0..features {
            for (lane, v) in to[k * pitch + first..][..LANES].iter_mut().enumerate() {
                let n = first + lane;
                *v = if n < images { from[n * features + k] } else { 0.0 };
            }
        }
    }
}
