//! The kernels: one for each way to take a power, since the usual two need no logarithm.

use super::{
    LpPool2d,
    boxes::{self, Spans},
};
use crate::ops::{Backward, Forward, Placement};

pub fn forward(op: &LpPool2d, at: &Placement, io: Forward<'_>) {
    let spans = boxes::spans(io.table, at.output.h);
    let planes = io.inputs[0].chunks_exact(at.input.plane()).zip(io.output.chunks_exact_mut(at.output.plane()));
    for (plane, out) in planes {
        let (spans, line) = (spans.clone(), &mut io.scratch[..at.input.w]);
        match op.whole() {
            Some(1) => norms(plane, spans, out, line, |x| x, |s| s),
            Some(2) => norms(plane, spans, out, line, |x| x * x, f32::sqrt),
            Some(n) => norms(plane, spans, out, line, |x| whole(x, n), |s| root(s, op.norm_type)),
            None => norms(plane, spans, out, line, |x| libm::powf(x.abs(), op.norm_type), |s| root(s, op.norm_type)),
        }
    }
}

/// The root of the sum of powers of each window.
fn norms(
    plane: &[f32],
    [rows, columns]: [Spans<'_>; 2],
    out: &mut [f32],
    line: &mut [f32],
    power: impl Fn(f32) -> f32,
    root: impl Fn(f32) -> f32,
) {
    let mut out = out.iter_mut();
    for rows in rows.ranges() {
        boxes::sum_rows(plane, line.len(), rows, line, &power);
        for (columns, out) in columns.clone().ranges().zip(&mut out) {
            *out = root(line[columns].iter().sum());
        }
    }
}

pub fn backward(op: &LpPool2d, at: &Placement, io: Backward<'_>) {
    let [d_input] = io.d_inputs else { return };
    let in_w = at.input.w;
    let (spans, size) = (boxes::spans(io.table, at.output.h), at.output.plane());
    let planes = d_input.chunks_exact_mut(at.input.plane()).zip(io.inputs[0].chunks_exact(at.input.plane()));
    for (p, (d_plane, plane)) in planes.enumerate() {
        let (d, out) = (&io.d_output[p * size..][..size], &io.output[p * size..][..size]);
        let mut outputs = out.iter();
        // Where the output is zero, the root has no slope.
        let mut shared = |by: fn(f32, f32) -> f32, d| outputs.next().map_or(0.0, |o| if *o == 0.0 { 0.0 } else { by(d, *o) });
        match op.whole() {
            Some(1) => boxes::spread(d_plane, in_w, spans.clone(), d, io.scratch, |d, _| shared(|d, _| d, d)),
            // d · x / output: what windows have in common is added up before x is multiplied in.
            Some(2) => {
                boxes::spread(d_plane, in_w, spans.clone(), d, io.scratch, |d, _| shared(|d, o| d / o, d));
                d_plane.iter_mut().zip(plane).for_each(|(v, x)| *v *= x);
            }
            Some(n) => ratios(d_plane, plane, in_w, spans.clone(), d, out, |r| whole(r, n - 1)),
            None => {
                let power = |r: f32| if r < 0.0 { -libm::powf(-r, op.norm_type - 1.0) } else { libm::powf(r, op.norm_type - 1.0) };
                ratios(d_plane, plane, in_w, spans.clone(), d, out, power);
            }
        }
    }
}

/// Adds d · (x / output)^(p−1) to each pixel. The ratio is taken first: alone, neither power need be a number
/// that `f32` holds.
fn ratios(
    d_plane: &mut [f32],
    plane: &[f32],
    in_w: usize,
    [rows, columns]: [Spans<'_>; 2],
    d: &[f32],
    out: &[f32],
    power: impl Fn(f32) -> f32,
) {
    d_plane.fill(0.0);
    let mut outputs = d.iter().zip(out);
    for rows in rows.ranges() {
        for (columns, (d, out)) in columns.clone().ranges().zip(&mut outputs) {
            if *out == 0.0 {
                continue;
            }
            for y in rows.clone() {
                let row = y * in_w + columns.start..y * in_w + columns.end;
                for (to, x) in d_plane[row.clone()].iter_mut().zip(&plane[row]) {
                    *to += d * power(x / out);
                }
            }
        }
    }
}

/// x·x·…·x, n of them: the card multiplies in this order too.
fn whole(x: f32, n: u32) -> f32 {
    (0..n).fold(1.0, |product, _| product * x)
}

/// The root of a sum of powers, with its sign.
fn root(sum: f32, p: f32) -> f32 {
    libm::powf(sum.abs(), 1.0 / p).copysign(sum)
}
