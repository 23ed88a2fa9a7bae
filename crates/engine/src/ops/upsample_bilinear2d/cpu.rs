//! The kernels: rows are mixed whole, then each mixed row is stretched, and the same back.
//!
//! An output of phase `r` (its place among the `factor` outputs of a pixel) lies `(2r + 1 − factor) / (2·factor)`
//! pixels from the middle of its pixel: the first half of the phases between that pixel and the one before, the
//! others between it and the next. A row with its edges repeated once on either side needs no exception.

use crate::{
    Pair,
    ops::{Backward, Forward, Placement},
};

/// A row with its edges, and the weights of the phases.
pub fn scratch_len(at: &Placement) -> usize {
    at.input.w + 2 + at.output.w / at.input.w
}

/// Weight of the later of the two pixels between which a phase lies.
fn weight(r: usize, factor: usize) -> f32 {
    ((2 * r + 1 + factor) % (2 * factor)) as f32 / (2 * factor) as f32
}

/// The two rows between which output row `y` lies, and the weight of the second. Beyond the edge the edge
/// goes on.
fn between(y: usize, factor: usize, extent: usize) -> (usize, usize, f32) {
    // Counted from row −1, so that nothing is negative.
    let row = (2 * y + 1 + factor) / (2 * factor);
    (row.saturating_sub(1), row.min(extent - 1), weight(y % factor, factor))
}

/// Splits working space into the row and the weights, and fills these.
fn split(scratch: &mut [f32], in_w: usize, factor: usize) -> (&mut [f32], &[f32]) {
    let (line, weights) = scratch[..in_w + 2 + factor].split_at_mut(in_w + 2);
    weights.iter_mut().enumerate().for_each(|(r, w)| *w = weight(r, factor));
    (line, weights)
}

pub fn forward(by: Pair, at: &Placement, io: Forward<'_>) {
    let (in_h, in_w, out_w) = (at.input.h, at.input.w, at.output.w);
    let (line, weights) = split(io.scratch, in_w, by.w);
    let planes = io.inputs[0].chunks_exact(at.input.plane());
    for (plane, out) in planes.zip(io.output.chunks_exact_mut(at.output.plane())) {
        for (y, out) in out.chunks_exact_mut(out_w).enumerate() {
            let (first, second, weight) = between(y, by.h, in_h);
            let (upper, lower) = (&plane[first * in_w..][..in_w], &plane[second * in_w..][..in_w]);
            for (mixed, (a, b)) in line[1..=in_w].iter_mut().zip(upper.iter().zip(lower)) {
                *mixed = a * (1.0 - weight) + b * weight;
            }
            (line[0], line[in_w + 1]) = (line[1], line[in_w]);
            for (three, out) in line.array_windows::<3>().zip(out.chunks_exact_mut(by.w)) {
                for (r, (out, w)) in out.iter_mut().zip(weights).enumerate() {
                    let side = usize::from(r >= by.w / 2);
                    *out = three[side] * (1.0 - w) + three[side + 1] * w;
                }
            }
        }
    }
}

pub fn backward(by: Pair, at: &Placement, io: Backward<'_>) {
    let [d_input] = io.d_inputs else { return };
    let (in_h, in_w, out_w) = (at.input.h, at.input.w, at.output.w);
    let (line, weights) = split(io.scratch, in_w, by.w);
    let planes = d_input.chunks_exact_mut(at.input.plane());
    for (plane, d) in planes.zip(io.d_output.chunks_exact(at.output.plane())) {
        plane.fill(0.0);
        for (y, d) in d.chunks_exact(out_w).enumerate() {
            line.fill(0.0);
            for (x, d) in d.chunks_exact(by.w).enumerate() {
                for (r, (d, w)) in d.iter().zip(weights).enumerate() {
                    let side = x + usize::from(r >= by.w / 2);
                    line[side] += d * (1.0 - w);
                    line[side + 1] += d * w;
                }
            }
            line[1] += line[0];
            line[in_w] += line[in_w + 1];
            let (first, second, weight) = between(y, by.h, in_h);
            for (row, share) in [(first, 1.0 - weight), (second, weight)] {
                plane[row * in_w..][..in_w].iter_mut().zip(&line[1..]).for_each(|(v, d)| *v += d * share);
            }
        }
    }
}
