//! The formula as loops: every pixel of the input stamps the kernel onto the output.

use super::ConvTranspose2d;
use crate::ops::{Placement, Reference};

pub(super) fn run(op: &ConvTranspose2d, at: &Placement, input: &[f64], params: &[f64], d_output: &[f64]) -> Reference {
    let (i, o) = (at.input, at.output);
    let (in_ch, out_ch) = (i.ch / op.groups, o.ch / op.groups);
    let weights = op.weights(at);
    let mut r = Reference {
        output: vec![0.0; at.batch * o.len()],
        d_input: vec![0.0; input.len()],
        d_params: vec![0.0; params.len()],
        ..Reference::default()
    };
    if op.bias {
        for (plane, values) in r.output.chunks_exact_mut(o.plane()).enumerate() {
            values.fill(params[weights + plane % o.ch]);
        }
        for (plane, d) in d_output.chunks_exact(o.plane()).enumerate() {
            r.d_params[weights + plane % o.ch] += d.iter().sum::<f64>();
        }
    }
    let place = |from: usize, tap: usize, stride: usize, dilation: usize, pad: usize, extent: usize| {
        (from * stride + tap * dilation).checked_sub(pad).filter(|place| *place < extent)
    };
    for p in 0..input.len() {
        let (x, y, c, n) = (p % i.w, p / i.w % i.h, p / i.plane() % i.ch, p / i.len());
        for out in 0..out_ch {
            let plane = n * o.ch + c / in_ch * out_ch + out;
            for ky in 0..op.kernel.h {
                for kx in 0..op.kernel.w {
                    let to_y = place(y, ky, op.stride.h, op.dilation.h, op.pad.top, o.h);
                    let to_x = place(x, kx, op.stride.w, op.dilation.w, op.pad.left, o.w);
                    let (Some(to_y), Some(to_x)) = (to_y, to_x) else { continue };
                    let (to, w) = ((plane * o.h + to_y) * o.w + to_x, ((c * out_ch + out) * op.kernel.h + ky) * op.kernel.w + kx);
                    r.output[to] += params[w] * input[p];
                    if let Some(d) = d_output.get(to) {
                        r.d_input[p] += d * params[w];
                        r.d_params[w] += d * input[p];
                    }
                }
            }
        }
    }
    r
}
