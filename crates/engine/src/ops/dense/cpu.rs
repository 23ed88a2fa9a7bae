//! Fast kernels: eight images are interleaved, so that the dense layer is the same two products as
//! a convolution whose "pixels" are the images of the batch.

use crate::{
    backend::cpu::{
        product::{correlate, pack, packed_len, spread},
        simd::{self, LANES},
    },
    ops::{Activation, Backward, Forward, Placement},
};

/// Copies stand as (feature, group of eight images, lane).
#[derive(Clone, Copy)]
pub(super) struct Layout {
    wide: usize,
    out: usize,
    groups: usize,
}

impl Layout {
    pub fn of(at: &Placement) -> Self {
        Self { wide: at.input.ch, out: at.output.ch, groups: at.batch.div_ceil(LANES) }
    }

    fn pitch(&self) -> usize {
        self.groups * LANES
    }

    fn packed_len(&self) -> usize {
        packed_len(self.out, self.wide).max(packed_len(self.wide, self.out))
    }

    pub fn scratch_len(&self) -> usize {
        // Packed weights, inputs, output gradients, and a result of either side.
        let columns = (2 * self.wide).saturating_add(2 * self.out);
        self.packed_len().saturating_add(columns.saturating_mul(self.pitch()))
    }

    /// Offsets of the features, then bases of the groups.
    pub fn table(&self) -> Vec<u32> {
        let offsets = (0..self.wide.max(self.out)).map(|k| (k * self.pitch()) as u32);
        offsets.chain((0..self.groups).map(|g| (g * LANES) as u32)).collect()
    }
}

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    let layout = Layout::of(at);
    let (wide, out, pitch) = (layout.wide, layout.out, layout.pitch());
    let (offsets, bases) = io.table.split_at(wide.max(out));
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let (x, rest) = rest.split_at_mut(wide * pitch);
    let y = &mut rest[..out * pitch];
    let (weight, bias) = io.params.split_at(out * wide);
    pack(packed, out, wide, |o, i| weight[o * wide + i]);
    interleave(io.inputs[0], wide, x, pitch, |_, v| v);
    spread(packed, out, x, &offsets[..wide], bases, y, pitch);
    let relu = at.activation == Some(Activation::Relu);
    for (n, row) in io.output.chunks_exact_mut(out).enumerate() {
        for (o, value) in row.iter_mut().enumerate() {
            let v = y[o * pitch + n] + bias.get(o).copied().unwrap_or(0.0);
            *value = if relu && v <= 0.0 { 0.0 } else { v };
        }
    }
}

pub(super) fn backward(at: &Placement, io: Backward<'_>) {
    let layout = Layout::of(at);
    let (wide, out, pitch) = (layout.wide, layout.out, layout.pitch());
    let (offsets, bases) = io.table.split_at(wide.max(out));
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let (x, rest) = rest.split_at_mut(wide * pitch);
    let (dy, rest) = rest.split_at_mut(out * pitch);
    let relu = at.activation == Some(Activation::Relu);
    interleave(io.inputs[0], wide, x, pitch, |_, v| v);
    interleave(io.d_output, out, dy, pitch, |i, d| if relu && io.output[i] <= 0.0 { 0.0 } else { d });
    let (d_weight, d_bias) = io.d_params.split_at_mut(out * wide);
    correlate(dy, out, pitch, x, &offsets[..wide], bases, d_weight, false);
    for (o, b) in d_bias.iter_mut().enumerate() {
        *b = simd::sum(&dy[o * pitch..(o + 1) * pitch]);
    }
    if let [d_input] = io.d_inputs {
        let dx = &mut rest[..wide * pitch];
        pack(packed, wide, out, |i, o| io.params[o * wide + i]);
        spread(packed, wide, dy, &offsets[..out], bases, dx, pitch);
        for (n, row) in d_input.chunks_exact_mut(wide).enumerate() {
            for (i, value) in row.iter_mut().enumerate() {
                *value = dx[i * pitch + n];
            }
        }
    }
}

/// (image, feature) to (feature, image), images up to `pitch`, the missing ones zero.
fn interleave(from: &[f32], features: usize, to: &mut [f32], pitch: usize, value: impl Fn(usize, f32) -> f32) {
    let images = from.len() / features;
    for first in (0..pitch).step_by(LANES) {
        for k in 0..features {
            for (lane, v) in to[k * pitch + first..][..LANES].iter_mut().enumerate() {
                let n = first + lane;
                *v = if n < images { value(n * features + k, from[n * features + k]) } else { 0.0 };
            }
        }
    }
}
