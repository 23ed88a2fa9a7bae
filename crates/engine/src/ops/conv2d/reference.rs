//! The formula as loops, one number at a time.

use super::Conv2d;
use crate::ops::{Activation, Placement, Reference};

pub(super) fn run(op: &Conv2d, at: &Placement, input: &[f64], params: &[f64], d_output: &[f64]) -> Reference {
    let (i, o, pad) = (at.input, at.output, op.sides(at.input));
    let (k_h, k_w) = (op.kernel.h, op.kernel.w);
    let (in_ch, out_ch) = (i.ch / op.groups, o.ch / op.groups);
    let weights = o.ch * in_ch * k_h * k_w;
    let mut r = Reference {
        output: vec![0.0; at.batch * o.len()],
        d_input: vec![0.0; input.len()],
        d_params: vec![0.0; params.len()],
        ..Reference::default()
    };
    let source = |y: usize, ky: usize, x: usize, kx: usize| {
        let place_y = (y * op.stride.h + ky * op.dilation.h) as isize - pad.top as isize;
        let place_x = (x * op.stride.w + kx * op.dilation.w) as isize - pad.left as isize;
        Some((op.pad_mode.source(place_y, i.h)?, op.pad_mode.source(place_x, i.w)?))
    };
    for n in 0..at.batch {
        for out in 0..o.ch {
            let group = out / out_ch;
            for y in 0..o.h {
                for x in 0..o.w {
                    let to = ((n * o.ch + out) * o.h + y) * o.w + x;
                    // (weight, input) pairs under the window
                    let mut pairs = Vec::new();
                    for c in 0..in_ch {
                        for ky in 0..k_h {
                            for kx in 0..k_w {
                                if let Some((sy, sx)) = source(y, ky, x, kx) {
                                    let (row, column) = if op.flipped { (k_h - 1 - ky, k_w - 1 - kx) } else { (ky, kx) };
                                    let weight = ((out * in_ch + c) * k_h + row) * k_w + column;
                                    pairs.push((weight, ((n * i.ch + group * in_ch + c) * i.h + sy) * i.w + sx));
                                }
                            }
                        }
                    }
                    let mut sum: f64 = pairs.iter().map(|&(w, p)| params[w] * input[p]).sum();
                    if op.bias {
                        sum += params[weights + out];
                    }
                    let off = at.activation == Some(Activation::Relu) && sum <= 0.0;
                    r.output[to] = if off { 0.0 } else { sum };
                    if off || d_output.is_empty() {
                        continue;
                    }
                    for (w, p) in pairs {
                        r.d_params[w] += d_output[to] * input[p];
                        r.d_input[p] += d_output[to] * params[w];
                    }
                    if op.bias {
                        r.d_params[weights + out] += d_output[to];
                    }
                }
            }
        }
    }
    r
}
