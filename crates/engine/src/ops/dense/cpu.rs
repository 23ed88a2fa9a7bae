//! Fast kernels. Outputs are scalar products of rows of inputs and of weights, which both are read as they
//! stand. The gradients are products over panels of eight inputs (`backend/cpu/panels.rs`). Where a row is not a
//! whole number of vectors, copies are.

use crate::{
    backend::cpu::{
        panels::{Gate, Pitch, lay, multiply, panels_len},
        product::correlate,
        rows,
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

struct Tables<'t> {
    /// Rows of weights, and vectors of a row.
    weights: &'t [u32],
    columns: &'t [u32],
    /// Examples and outputs in the output's gradient.
    examples: &'t [u32],
    outputs: &'t [u32],
}

impl Layout {
    pub fn of(at: &Placement) -> Self {
        Self { batch: at.batch, wide: at.input.ch, out: at.output.ch }
    }

    /// Inputs, rounded up to whole vectors.
    fn row(&self) -> usize {
        self.wide.next_multiple_of(LANES)
    }

    /// Whether rows are whole vectors as they stand.
    fn is_whole(&self) -> bool {
        self.row() == self.wide
    }

    pub fn working(&self) -> Working {
        let (batch, out, rows) = (self.batch, self.out, self.batch.max(self.out));
        let copies = if self.is_whole() { 0 } else { (batch + out).saturating_mul(self.row()) };
        // The gradient of the outputs, a factor in panels, and a result that does not fit where it belongs.
        let result = if self.is_whole() { 0 } else { rows.saturating_mul(self.row()) };
        let backward = (batch * out).saturating_add(panels_len(self.wide, rows)).saturating_add(result);
        let mut table: Vec<u32> = (0..out).map(|o| (o * self.row()) as u32).collect();
        table.extend((0..self.row()).step_by(LANES).map(|i| i as u32));
        table.extend((0..batch).map(|n| (n * out) as u32));
        table.extend((0..out).map(|o| o as u32));
        Working { scratch_len: copies.max(backward), table }
    }

    fn split<'t>(&self, table: &'t [u32]) -> Tables<'t> {
        let (weights, rest) = table.split_at(self.out);
        let (columns, rest) = rest.split_at(self.row() / LANES);
        let (examples, outputs) = rest.split_at(self.batch);
        Tables { weights, columns, examples, outputs }
    }
}

/// `values` as rows of whole vectors: as they are, or copied into `copy` and filled up with zeros.
fn whole_rows<'a>(layout: &Layout, values: &'a [f32], copy: &'a mut [f32]) -> &'a [f32] {
    let (wide, row) = (layout.wide, layout.row());
    if layout.is_whole() {
        return values;
    }
    for (to, from) in copy.chunks_exact_mut(row).zip(values.chunks_exact(wide)) {
        to[..wide].copy_from_slice(from);
        to[wide..].fill(0.0);
    }
    copy
}

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    let layout = Layout::of(at);
    let (batch, wide, out) = (layout.batch, layout.wide, layout.out);
    let tables = layout.split(io.table);
    let (weight, bias) = io.params.split_at(out * wide);
    let (x_room, weight_room) = io.scratch.split_at_mut(if layout.is_whole() { 0 } else { batch * layout.row() });
    let x = whole_rows(&layout, io.inputs[0], x_room);
    let weight = whole_rows(&layout, weight, weight_room);
    correlate(x, batch, layout.row(), weight, tables.weights, tables.columns, io.output, false);
    let relu = at.activation == Some(Activation::Relu);
    for row in io.output.chunks_exact_mut(out) {
        for (value, b) in row.iter_mut().zip(bias) {
            *value += b;
        }
        if relu {
            for value in row {
                *value = if *value <= 0.0 { 0.0 } else { *value };
            }
        }
    }
}

pub(super) fn backward(at: &Placement, io: Backward<'_>) {
    let layout = Layout::of(at);
    let (batch, wide, out, row) = (layout.batch, layout.wide, layout.out, layout.row());
    let tables = layout.split(io.table);
    let (d, rest) = io.scratch.split_at_mut(batch * out);
    let (packed, result) = rest.split_at_mut(panels_len(wide, batch.max(out)));
    let gate = if at.activation == Some(Activation::Relu) { Gate::Rectifier(io.output) } else { Gate::Open };
    rows::copy(io.d_output, gate, batch * out, 1, d, batch * out);
    let d = &*d;
    let (d_weight, d_bias) = io.d_params.split_at_mut(out * wide);
    d_bias.fill(0.0);
    for d in d.chunks_exact(out) {
        for (b, d) in d_bias.iter_mut().zip(d) {
            *b += d;
        }
    }
    // `to[r] = Σ_q d[rows[r] + terms[q]] · source[q]`, all rows of so many inputs.
    let mut product = |rows: &[u32], terms: &[u32], source: &[f32], to: &mut [f32]| {
        let (packed, panels) = (&mut packed[..terms.len() * row], row / LANES);
        lay(source, wide, terms.len(), packed);
        if layout.is_whole() {
            return multiply(packed, panels, d, rows, terms, to, Pitch::matrix(wide), false);
        }
        let result = &mut result[..rows.len() * row];
        multiply(packed, panels, d, rows, terms, result, Pitch::matrix(row), false);
        for (to, from) in to.chunks_exact_mut(wide).zip(result.chunks_exact(row)) {
            to.copy_from_slice(&from[..wide]);
        }
    };
    product(tables.outputs, tables.examples, io.inputs[0], d_weight);
    if let [d_input] = io.d_inputs {
        product(tables.examples, tables.outputs, &io.params[..out * wide], d_input);
    }
}
