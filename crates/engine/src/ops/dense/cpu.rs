//! Fast kernels: rows of the weights, of the images and of their gradients are read as they stand,
//! eight neighbouring inputs together. Where a row is not a whole number of vectors, copies are.

use crate::{
    backend::cpu::{
        product::{correlate, pack, packed_len, spread},
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

    /// Inputs, rounded up to whole vectors.
    fn row(&self) -> usize {
        self.wide.next_multiple_of(LANES)
    }

    fn packed_len(&self) -> usize {
        packed_len(self.out, self.batch).max(packed_len(self.batch, self.out))
    }

    fn rows(&self) -> usize {
        self.batch.max(self.out)
    }

    pub fn working(&self) -> Working {
        let copies = if self.row() == self.wide { 0 } else { (self.batch + self.out).saturating_mul(self.row()) };
        let rows = (0..self.rows()).map(|r| (r * self.row()) as u32);
        let table = rows.chain((0..self.row()).step_by(LANES).map(|i| i as u32)).collect();
        Working { scratch_len: self.packed_len().saturating_add(copies), table }
    }
}

/// `values` as rows of whole vectors: as they are, or copied into `copy` and filled up with zeros.
fn whole_rows<'a>(layout: &Layout, values: &'a [f32], copy: &'a mut [f32]) -> &'a [f32] {
    let (wide, row) = (layout.wide, layout.row());
    if row == wide {
        return values;
    }
    for (to, from) in copy.chunks_exact_mut(row).zip(values.chunks_exact(wide)) {
        to[..wide].copy_from_slice(from);
        to[wide..].fill(0.0);
    }
    copy
}

/// Room for copies: `first` rows and the rest; nothing where no copies are needed.
fn rooms<'a>(layout: &Layout, scratch: &'a mut [f32], first: usize) -> (&'a mut [f32], &'a mut [f32]) {
    let len = if layout.row() == layout.wide { 0 } else { first * layout.row() };
    scratch.split_at_mut(len)
}

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    let layout = Layout::of(at);
    let (batch, wide, out) = (layout.batch, layout.wide, layout.out);
    let (rows, columns) = io.table.split_at(layout.rows());
    let (weight, bias) = io.params.split_at(out * wide);
    let (x_room, weight_room) = rooms(&layout, io.scratch, batch);
    let x = whole_rows(&layout, io.inputs[0], x_room);
    let weight = whole_rows(&layout, weight, weight_room);
    correlate(x, batch, layout.row(), weight, &rows[..out], columns, io.output, false);
    let relu = at.activation == Some(Activation::Relu);
    for row in io.output.chunks_exact_mut(out) {
        for (o, value) in row.iter_mut().enumerate() {
            let v = *value + bias.get(o).copied().unwrap_or(0.0);
            *value = if relu && v <= 0.0 { 0.0 } else { v };
        }
    }
}

pub(super) fn backward(at: &Placement, io: Backward<'_>) {
    let layout = Layout::of(at);
    let (batch, wide, out, row) = (layout.batch, layout.wide, layout.out, layout.row());
    let (rows, columns) = io.table.split_at(layout.rows());
    let (packed, scratch) = io.scratch.split_at_mut(layout.packed_len());
    let relu = at.activation == Some(Activation::Relu);
    let dy = |n: usize, o: usize| if relu && io.output[n * out + o] <= 0.0 { 0.0 } else { io.d_output[n * out + o] };
    let (d_weight, d_bias) = io.d_params.split_at_mut(out * wide);
    for (o, b) in d_bias.iter_mut().enumerate() {
        *b = (0..batch).map(|n| dy(n, o)).sum();
    }
    // `to` (count rows) from the packed matrix (count × depth) and the rows of `source` (depth).
    let mut multiply = |packed: &[f32], count: usize, source: &[f32], depth: usize, to: &mut [f32]| {
        let (copy, result) = rooms(&layout, scratch, depth);
        let source = whole_rows(&layout, source, copy);
        if row == wide {
            return spread(packed, count, source, &rows[..depth], columns, to, row);
        }
        spread(packed, count, source, &rows[..depth], columns, result, row);
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
