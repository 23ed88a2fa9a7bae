//! Sums over a plane that normalising layers are made of.

use crate::backend::cpu::simd;

/// `Σ (x − centre)²` in eight parts.
pub fn squares(plane: &[f32], centre: f32) -> f32 {
    let mut parts = [0.0f32; simd::LANES];
    let (blocks, rest) = plane.as_chunks::<{ simd::LANES }>();
    let mut add = |block: &[f32]| {
        for (part, v) in parts.iter_mut().zip(block) {
            *part += (v - centre) * (v - centre);
        }
    };
    blocks.iter().for_each(|b| add(b));
    add(rest);
    simd::sum(&parts)
}

/// The gradient through the fused activation. Written so that it compiles to a select, not a branch.
#[inline(always)]
pub fn pass(d: f32, out: f32, relu: bool) -> f32 {
    if (out <= 0.0) & relu { 0.0 } else { d }
}

/// `Σ d` and `Σ d · (x − mean)`, `d` the gradient through the fused activation, in eight parts.
pub fn sums(x: &[f32], d: &[f32], out: &[f32], mean: f32, relu: bool) -> (f32, f32) {
    const N: usize = simd::LANES;
    if x.len() < N {
        // Eight parts would be mostly empty, and slow where a plane is a single number.
        return x.iter().zip(d).zip(out).fold((0.0, 0.0), |(plain, along), ((x, d), out)| {
            let d = pass(*d, *out, relu);
            (plain + d, along + d * (x - mean))
        });
    }
    let (mut plain, mut along) = ([0.0f32; N], [0.0f32; N]);
    let ((x, x_rest), (d, d_rest), (out, out_rest)) = (x.as_chunks::<N>(), d.as_chunks::<N>(), out.as_chunks::<N>());
    for ((x, d), out) in x.iter().zip(d).zip(out) {
        for i in 0..N {
            let d = pass(d[i], out[i], relu);
            plain[i] += d;
            along[i] += d * (x[i] - mean);
        }
    }
    for (i, ((x, d), out)) in x_rest.iter().zip(d_rest).zip(out_rest).enumerate() {
        let d = pass(*d, *out, relu);
        plain[i] += d;
        along[i] += d * (x - mean);
    }
    (simd::sum(&plain), simd::sum(&along))
}
