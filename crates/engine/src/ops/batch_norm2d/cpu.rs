//! Fast kernels. A channel is gone through as often as its numbers are needed; its planes then lie in the
//! second-level cache. Sums of a plane are taken in `f32` parts, those of planes in `f64`: steady for any batch.

#![allow(unsafe_code)] // Vector loads: planes are slices, cut to whole vectors.

use super::BatchNorm2d;
use crate::{
    Mode,
    backend::cpu::simd::{self, Kernel, LANES, Vector, dispatch},
    ops::{Activation, Backward, Forward, Placement},
};

/// Where the planes of a channel lie.
#[derive(Clone, Copy)]
struct Planes {
    first: usize,
    size: usize,
    /// From one image to the next.
    apart: usize,
    batch: usize,
}

impl Planes {
    fn of(at: &Placement, channel: usize) -> Self {
        let size = at.input.plane();
        Self { first: channel * size, size, apart: at.input.len(), batch: at.batch }
    }

    #[inline(always)]
    fn plane<'a>(&self, values: &'a [f32], n: usize) -> &'a [f32] {
        &values[n * self.apart + self.first..][..self.size]
    }
}

pub(super) fn forward(op: &BatchNorm2d, at: &Placement, io: Forward<'_>) {
    let ch = at.input.ch;
    let (gain, bias) = io.params.split_at(ch);
    let (running_mean, running_var) = io.state.split_at_mut(ch);
    let count = (at.batch * at.input.plane()) as f64;
    let relu = at.activation == Some(Activation::Relu);
    for c in 0..ch {
        let planes = Planes::of(at, c);
        let (mean, inverse) = if at.mode == Mode::Train {
            let centre = (powers::<false>(io.inputs[0], planes, 0.0) / count) as f32;
            let var = powers::<true>(io.inputs[0], planes, centre) / count;
            let unbiased = if count > 1.0 { var * count / (count - 1.0) } else { var };
            running_mean[c] += op.momentum * (centre - running_mean[c]);
            running_var[c] += op.momentum * (unbiased as f32 - running_var[c]);
            (centre, (1.0 / libm::sqrt(var + f64::from(op.eps))) as f32)
        } else {
            (running_mean[c], 1.0 / (running_var[c] + op.eps).sqrt())
        };
        if !io.saved.is_empty() {
            (io.saved[c], io.saved[ch + c]) = (mean, inverse);
        }
        let factors = Factors { mean, scale: gain[c] * inverse, bias: bias[c] };
        dispatch(Apply { values: io.inputs[0], planes, factors, relu, out: &mut *io.output });
    }
}

pub(super) fn backward(at: &Placement, io: Backward<'_>) {
    let ch = at.input.ch;
    let count = (at.batch * at.input.plane()) as f32;
    let (d_gain, d_bias) = io.d_params.split_at_mut(ch);
    let relu = at.activation == Some(Activation::Relu);
    for c in 0..ch {
        let planes = Planes::of(at, c);
        let (mean, inverse) = (io.saved[c], io.saved[ch + c]);
        let (mut sum, mut along) = (0.0, 0.0);
        let sources = Sources { x: io.inputs[0], d: io.d_output, out: io.output, planes, mean, relu };
        dispatch(Sums { sources, sum: &mut sum, along: &mut along });
        let along = along * f64::from(inverse);
        (d_gain[c], d_bias[c]) = (along as f32, sum as f32);
        if let [d_input] = &mut *io.d_inputs {
            let scale = io.params[c] * inverse;
            let (mean_d, mean_along) = match at.mode {
                Mode::Train => (sum as f32 / count, along as f32 / count * inverse),
                Mode::Eval => (0.0, 0.0),
            };
            dispatch(Return { sources, scale, along: -scale * mean_along, plain: -scale * mean_d, to: d_input });
        }
    }
}

/// [`BatchNorm2d::moments`].
pub(super) fn moments(at: &Placement, input: &[f32], part: &mut [f64]) {
    let (count, means, squares) = pieces(part);
    *count = (at.batch * at.input.plane()) as f64;
    for (c, (mean, square)) in means.iter_mut().zip(squares).enumerate() {
        let planes = Planes::of(at, c);
        *mean = powers::<false>(input, planes, 0.0) / *count;
        let centre = *mean as f32;
        // About the mean itself, not its nearest `f32`.
        let off = f64::from(centre) - *mean;
        *square = powers::<true>(input, planes, centre) - *count * off * off;
    }
}

/// [`BatchNorm2d::forward_of`].
pub(super) fn forward_of(op: &BatchNorm2d, at: &Placement, io: Forward<'_>, whole: &[f64]) {
    let ch = at.input.ch;
    let (gain, bias) = io.params.split_at(ch);
    let relu = at.activation == Some(Activation::Relu);
    for c in 0..ch {
        let (mean, var) = (whole[1 + c] as f32, whole[1 + ch + c] / whole[0]);
        let inverse = (1.0 / libm::sqrt(var + f64::from(op.eps))) as f32;
        (io.saved[c], io.saved[ch + c]) = (mean, inverse);
        let factors = Factors { mean, scale: gain[c] * inverse, bias: bias[c] };
        dispatch(Apply { values: io.inputs[0], planes: Planes::of(at, c), factors, relu, out: &mut *io.output });
    }
}

/// [`BatchNorm2d::slopes`].
pub(super) fn slopes(at: &Placement, io: Backward<'_>, part: &mut [f64]) {
    let ch = at.input.ch;
    let (count, sums, alongs) = pieces(part);
    *count = (at.batch * at.input.plane()) as f64;
    let (d_gain, d_bias) = io.d_params.split_at_mut(ch);
    let relu = at.activation == Some(Activation::Relu);
    for c in 0..ch {
        let (mut sum, mut along) = (0.0, 0.0);
        let sources = Sources { x: io.inputs[0], d: io.d_output, out: io.output, planes: Planes::of(at, c), mean: io.saved[c], relu };
        dispatch(Sums { sources, sum: &mut sum, along: &mut along });
        let along = along * f64::from(io.saved[ch + c]);
        (d_gain[c], d_bias[c]) = (along as f32, sum as f32);
        (sums[c], alongs[c]) = (sum, along);
    }
}

/// [`BatchNorm2d::backward_of`].
pub(super) fn backward_of(at: &Placement, io: Backward<'_>, whole: &[f64]) {
    let [d_input] = io.d_inputs else { return };
    let ch = at.input.ch;
    let relu = at.activation == Some(Activation::Relu);
    for c in 0..ch {
        let (mean, inverse) = (io.saved[c], io.saved[ch + c]);
        let sources = Sources { x: io.inputs[0], d: io.d_output, out: io.output, planes: Planes::of(at, c), mean, relu };
        let scale = io.params[c] * inverse;
        let mean_d = (whole[1 + c] / whole[0]) as f32;
        let mean_along = (whole[1 + ch + c] / whole[0]) as f32 * inverse;
        dispatch(Return { sources, scale, along: -scale * mean_along, plain: -scale * mean_d, to: d_input });
    }
}

/// The count of a part, and its two numbers of each channel.
fn pieces(part: &mut [f64]) -> (&mut f64, &mut [f64], &mut [f64]) {
    let (count, rest) = part.split_at_mut(1);
    let (one, other) = rest.split_at_mut(rest.len() / 2);
    (&mut count[0], one, other)
}

/// `Σ v`, or `Σ (v − centre)²` where `SQUARES`.
fn powers<const SQUARES: bool>(values: &[f32], planes: Planes, centre: f32) -> f64 {
    let mut sum = 0.0;
    dispatch(Powers::<SQUARES> { values, planes, centre, sum: &mut sum });
    sum
}

struct Powers<'a, const SQUARES: bool> {
    values: &'a [f32],
    planes: Planes,
    centre: f32,
    sum: &'a mut f64,
}

impl<const SQUARES: bool> Kernel for Powers<'_, SQUARES> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let minus = V::splat(-self.centre);
        for n in 0..self.planes.batch {
            let (fours, rest) = self.planes.plane(self.values, n).as_chunks::<{ 4 * LANES }>();
            let mut sums = [V::splat(0.0); 4];
            for four in fours {
                for i in 0..4 {
                    // SAFETY: there are four vectors.
                    let v = unsafe { V::load(four.as_ptr().add(i * LANES)) };
                    sums[i] = if SQUARES { sums[i].add_product(v.add(minus), v.add(minus)) } else { sums[i].add(v) };
                }
            }
            let mut sum = lanes(sums[0].add(sums[1]).add(sums[2].add(sums[3])));
            for v in rest {
                sum += if SQUARES { (v - self.centre) * (v - self.centre) } else { *v };
            }
            *self.sum += f64::from(sum);
        }
    }
}

#[inline(always)]
fn lanes<V: Vector>(v: V) -> f32 {
    let mut lanes = [0.0; LANES];
    // SAFETY: there is room for eight.
    unsafe { v.store(lanes.as_mut_ptr()) };
    simd::sum_lanes(lanes)
}

#[derive(Clone, Copy)]
struct Factors {
    mean: f32,
    scale: f32,
    bias: f32,
}

/// `out = (v − mean) · scale + bias`, rectified if `relu`.
struct Apply<'a> {
    values: &'a [f32],
    planes: Planes,
    factors: Factors,
    relu: bool,
    out: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Factors { mean, scale, bias } = self.factors;
        let (minus, factor, term) = (V::splat(-mean), V::splat(scale), V::splat(bias));
        for n in 0..self.planes.batch {
            let (from, from_rest) = self.planes.plane(self.values, n).as_chunks::<LANES>();
            let place = n * self.planes.apart + self.planes.first;
            let (to, to_rest) = self.out[place..place + self.planes.size].as_chunks_mut::<LANES>();
            for (from, to) in from.iter().zip(to) {
                // SAFETY: both have eight numbers.
                unsafe {
                    let v = term.add_product(V::load(from.as_ptr()).add(minus), factor);
                    let v = if self.relu { v.through(v) } else { v };
                    v.store(to.as_mut_ptr());
                }
            }
            for (v, to) in from_rest.iter().zip(to_rest) {
                let value = (v - mean) * scale + bias;
                *to = if self.relu && value <= 0.0 { 0.0 } else { value };
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Sources<'a> {
    x: &'a [f32],
    d: &'a [f32],
    out: &'a [f32],
    planes: Planes,
    mean: f32,
    relu: bool,
}

impl Sources<'_> {
    /// The gradient through the fused activation.
    #[inline(always)]
    fn pass(&self, d: f32, out: f32) -> f32 {
        if (out <= 0.0) & self.relu { 0.0 } else { d }
    }
}

/// `Σ d` and `Σ d · (x − mean)`, `d` the gradient through the fused activation.
struct Sums<'a> {
    sources: Sources<'a>,
    sum: &'a mut f64,
    along: &'a mut f64,
}

impl Kernel for Sums<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sources { x, d, out, planes, mean, relu } = self.sources;
        let minus = V::splat(-mean);
        for n in 0..planes.batch {
            let (x, x_rest) = planes.plane(x, n).as_chunks::<{ 2 * LANES }>();
            let (d, d_rest) = planes.plane(d, n).as_chunks::<{ 2 * LANES }>();
            let (out, out_rest) = planes.plane(out, n).as_chunks::<{ 2 * LANES }>();
            let (mut plain, mut along) = ([V::splat(0.0); 2], [V::splat(0.0); 2]);
            for ((x, d), out) in x.iter().zip(d).zip(out) {
                for i in 0..2 {
                    // SAFETY: all have two vectors.
                    unsafe {
                        let v = V::load(d.as_ptr().add(i * LANES));
                        let v = if relu { v.through(V::load(out.as_ptr().add(i * LANES))) } else { v };
                        plain[i] = plain[i].add(v);
                        along[i] = along[i].add_product(v, V::load(x.as_ptr().add(i * LANES)).add(minus));
                    }
                }
            }
            let (mut sum, mut sum_along) = (lanes(plain[0].add(plain[1])), lanes(along[0].add(along[1])));
            for ((x, d), out) in x_rest.iter().zip(d_rest).zip(out_rest) {
                let d = self.sources.pass(*d, *out);
                sum += d;
                sum_along += d * (x - mean);
            }
            *self.sum += f64::from(sum);
            *self.along += f64::from(sum_along);
        }
    }
}

/// `to = scale · d + along · (x − mean) + plain`.
struct Return<'a> {
    sources: Sources<'a>,
    scale: f32,
    along: f32,
    plain: f32,
    to: &'a mut [f32],
}

impl Kernel for Return<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sources { x, d, out, planes, mean, relu } = self.sources;
        let (minus, scale, along, plain) = (V::splat(-mean), V::splat(self.scale), V::splat(self.along), V::splat(self.plain));
        for n in 0..planes.batch {
            let (x, x_rest) = planes.plane(x, n).as_chunks::<LANES>();
            let (d, d_rest) = planes.plane(d, n).as_chunks::<LANES>();
            let (out, out_rest) = planes.plane(out, n).as_chunks::<LANES>();
            let place = n * planes.apart + planes.first;
            let (to, to_rest) = self.to[place..place + planes.size].as_chunks_mut::<LANES>();
            for (((x, d), out), to) in x.iter().zip(d).zip(out).zip(to) {
                // SAFETY: all have eight numbers.
                unsafe {
                    let v = V::load(d.as_ptr());
                    let v = if relu { v.through(V::load(out.as_ptr())) } else { v };
                    plain.add_product(V::load(x.as_ptr()).add(minus), along).add_product(v, scale).store(to.as_mut_ptr());
                }
            }
            for (((x, d), out), to) in x_rest.iter().zip(d_rest).zip(out_rest).zip(to_rest) {
                *to = self.plain + (x - mean) * self.along + self.sources.pass(*d, *out) * self.scale;
            }
        }
    }
}
