//! Outputs of a convolution of few terms whose maps are pooled: each window's four sums together, so that the maps are
//! never stored.

use super::{Conv2d, frame::Frame};
use crate::{
    backend::cpu::{
        panels::{Gate, enter, panels_len},
        simd::LANES,
        windows::{Finish, Places, largest},
    },
    ops::{Activation, Forward, Placement, Working},
};

/// Most terms of a sum: with more of them what pooling costs beside them is little, and more places at once pay.
const MOST_TERMS: usize = 64;

pub(super) fn fits(op: &Conv2d, at: &Placement) -> bool {
    at.pooled.is_some() && depth(op, at) <= MOST_TERMS
}

/// Terms of a sum.
fn depth(op: &Conv2d, at: &Placement) -> usize {
    at.input.ch / op.groups * op.kernel.h * op.kernel.w
}

/// Numbers of the padded image, where it is padded.
fn padded_len(frame: Frame, at: &Placement) -> usize {
    if frame.is_bare() { 0 } else { at.input.ch * frame.len() }
}

/// The terms, the windows, and what [`Frame::sources`] gave.
pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let (frame, depth) = (Frame::of(op, at), depth(op, at));
    let (hp, wp) = (frame.hp(), frame.wp());
    let mut table: Vec<u32> = Vec::new();
    for c in 0..at.input.ch / op.groups {
        table.extend(op.taps().map(|(y, x)| ((c * hp + y) * wp + x) as u32));
    }
    for y in 0..at.output.h / 2 {
        table.extend((0..at.output.w / 2).map(|x| (2 * (y * op.stride.h * wp + x * op.stride.w)) as u32));
    }
    table.extend(frame.sources().into_iter().flatten());
    let packed = op.groups.saturating_mul(panels_len(at.output.ch / op.groups, depth));
    Working { scratch_len: packed.saturating_add(padded_len(frame, at)), table }
}

/// `bias_first`: as this layer does it where nothing is pooled, so that the scores are the same to the bit.
pub(super) fn forward(op: &Conv2d, at: &Placement, table: &[u32], bias_first: bool, io: Forward<'_>) {
    let (frame, depth) = (Frame::of(op, at), depth(op, at));
    let (in_ch, out_ch, size) = (at.input.ch / op.groups, at.output.ch / op.groups, at.given().plane());
    let (terms, rest) = table.split_at(depth);
    let (windows, sources) = rest.split_at(size);
    let (down, right) = (op.stride.h * frame.wp(), op.stride.w);
    let places = Places { windows, steps: [0, right, down, down + right], terms };
    let panel = panels_len(out_ch, depth);
    let (packed, x) = io.scratch.split_at_mut(op.groups * panel);
    let x = &mut x[..padded_len(frame, at)];
    let (weight, bias) = io.params.split_at(at.output.ch * depth);
    for (weight, packed) in weight.chunks_exact(out_ch * depth).zip(packed.chunks_exact_mut(panel)) {
        enter(weight, Gate::Open, depth, out_ch, depth, packed, depth * LANES);
    }
    let relu = at.activation == Some(Activation::Relu);
    for (i, input) in io.inputs[0].chunks_exact(at.input.len()).enumerate() {
        let source = frame.fill(sources, input, x, i == 0);
        for (g, packed) in packed.chunks_exact(panel).enumerate() {
            let bias = bias.get(g * out_ch..(g + 1) * out_ch).unwrap_or(&[]);
            let own = (i * at.output.ch + g * out_ch) * size..(i * at.output.ch + (g + 1) * out_ch) * size;
            let winners = if io.saved.is_empty() { &mut [] } else { &mut io.saved[own.clone()] };
            let finish = Finish { bias, bias_first, relu };
            largest(packed, out_ch, &source[g * in_ch * frame.len()..], places, finish, &mut io.output[own], winners);
        }
    }
}
