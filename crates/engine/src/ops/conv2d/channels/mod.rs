//! Kernels that compute eight channels together: outputs of eight kernels for one place, or input gradients
//! of eight channels for one pixel. All three passes are the product over panels (`backend/cpu/panels.rs`):
//!
//! | pass | row | term of the sum | column |
//! |---|---|---|---|
//! | output | place | weight of the kernel | output channel |
//! | gradient of the weight | weight of the kernel | place | output channel |
//! | gradient of the input, gathered | pixel | weight of the kernel, output channel | input channel |
//! | gradient of the input, scattered | place | output channel | weight of the kernel, input channel |
//!
//! What changes sides between channel by channel (as tensors lie) and eight channels side by side is
//! transposed in registers.

mod input;
mod layout;

pub(super) use input::{Return, backward_input};
pub(super) use layout::Layout;

use super::{Conv2d, cpu::Incoming};
use crate::{
    Shape,
    backend::cpu::{
        panels::{Gate, Pitch, enter, leave, multiply},
        pools,
        simd::LANES,
    },
    ops::{Backward, Forward, Placement},
};

pub(super) fn forward(op: &Conv2d, at: &Placement, table: &[u32], io: Forward<'_>) {
    let layout = Layout::of(op, at);
    let tables = layout.split(table);
    let (in_ch, out_ch, depth, plane) = (layout.in_ch, layout.out_ch, layout.depth(), layout.plane);
    let panels = out_ch.div_ceil(LANES);
    let (packed, rest) = io.scratch.split_at_mut(layout.groups * layout.packed_len());
    let (x, rest) = rest.split_at_mut(layout.x_len());
    let y = &mut rest[..layout.y_len()];
    let (weight, bias) = io.params.split_at(at.output.ch * depth);
    for (weight, packed) in weight.chunks_exact(out_ch * depth).zip(packed.chunks_exact_mut(layout.packed_len())) {
        enter(weight, Gate::Open, depth, out_ch, depth, packed, depth * LANES);
    }
    for (first, count) in layout.chunks() {
        let input = &io.inputs[0][first * at.input.len()..][..count * at.input.len()];
        let source = layout.frame.fill(tables.sources, input, x, first == 0);
        let places = count * plane;
        for (g, packed) in packed.chunks_exact(layout.packed_len()).enumerate() {
            let from = &source[g * in_ch * layout.frame.len()..];
            let y = &mut y[..panels * places * LANES];
            multiply(packed, panels, from, &tables.bases[..places], tables.offsets, y, Pitch::panels(places), false);
            let bias = bias.get(g * out_ch..(g + 1) * out_ch).unwrap_or(&[]);
            let relu = at.activation.is_some();
            for i in 0..count {
                let y = &y[i * plane * LANES..];
                let given = at.given().plane();
                let from = ((first + i) * at.output.ch + g * out_ch) * given;
                let to = &mut io.output[from..][..out_ch * given];
                if at.pooled.is_some() {
                    let winners = if io.saved.is_empty() { &mut [] } else { &mut io.saved[from..][..out_ch * given] };
                    pools::leave(y, places * LANES, bias, relu, Shape { ch: out_ch, ..at.output }, to, winners);
                } else {
                    leave(y, places * LANES, bias, relu, to, plane, out_ch, plane);
                }
            }
        }
    }
}

/// Gradients of the weights and the biases.
pub(super) fn backward_weight(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let layout = Layout::of(op, at);
    let tables = layout.split(table);
    let (in_ch, out_ch, depth, plane) = (layout.in_ch, layout.out_ch, layout.depth(), layout.plane);
    let panels = out_ch.div_ceil(LANES);
    let (x, rest) = io.scratch.split_at_mut(layout.x_len());
    let (dy, rest) = rest.split_at_mut(layout.y_len());
    let dw = &mut rest[..layout.dw_len()];
    let (d_weight, d_bias) = io.d_params.split_at_mut(at.output.ch * depth);
    d_bias.fill(0.0);
    let incoming = Incoming::of(at, io.d_output, io.output, io.saved);
    for (first, count) in layout.chunks() {
        let input = &io.inputs[0][first * at.input.len()..][..count * at.input.len()];
        let source = layout.frame.fill(tables.sources, input, x, first == 0);
        let places = count * plane;
        for (g, dw) in dw.chunks_exact_mut(layout.packed_len()).enumerate() {
            let dy = &mut dy[..panels * places * LANES];
            for i in 0..count {
                let from = ((first + i) * at.output.ch + g * out_ch) * at.given().plane();
                let dy = &mut dy[i * plane * LANES..];
                match incoming {
                    Incoming::Whole(d, gate) => enter(&d[from..], gate.from(from), plane, out_ch, plane, dy, places * LANES),
                    Incoming::Pooled(pooled) => pools::enter(pooled.from(from), Shape { ch: out_ch, ..at.output }, dy, places * LANES),
                }
            }
            let from = &source[g * in_ch * layout.frame.len()..];
            multiply(dy, panels, from, tables.offsets, &tables.bases[..places], dw, Pitch::panels(depth), first > 0);
            if let Some(d_bias) = d_bias.get_mut(g * out_ch..(g + 1) * out_ch) {
                add_columns(dy, places, d_bias);
            }
        }
    }
    for (dw, d_weight) in dw.chunks_exact(layout.packed_len()).zip(d_weight.chunks_exact_mut(out_ch * depth)) {
        leave(dw, depth * LANES, &[], false, d_weight, depth, out_ch, depth);
    }
}

/// Adds the sums of the columns of panels with `rows` rows.
pub(in super::super) fn add_columns(panels: &[f32], rows: usize, sums: &mut [f32]) {
    for (panel, sums) in panels.chunks_exact(rows * LANES).zip(sums.chunks_mut(LANES)) {
        // Four parts hide the latency of a sum.
        let mut parts = [[0.0f32; LANES]; 4];
        let (rows, _) = panel.as_chunks::<LANES>();
        let (fours, rest) = rows.as_chunks::<4>();
        let add = |to: &mut [f32; LANES], row: &[f32; LANES]| to.iter_mut().zip(row).for_each(|(to, v)| *to += v);
        for four in fours {
            parts.iter_mut().zip(four).for_each(|(part, row)| add(part, row));
        }
        parts.iter_mut().zip(rest).for_each(|(part, row)| add(part, row));
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += (parts[0][lane] + parts[1][lane]) + (parts[2][lane] + parts[3][lane]);
        }
    }
}
