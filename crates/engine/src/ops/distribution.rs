//! Softmax and its logarithm: the loops over the channels of each pixel, the launches, the naive twin.

use super::{Backward, Cost, Forward, Inferred, Placement, Reference, Window, Working, exponential, single};
use crate::{
    Mode, Shape, ShapeError,
    backend::{
        cpu::simd::{self, Kernel, Vector},
        gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    },
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Plain,
    Log,
}

pub fn infer(inputs: &[Shape]) -> Result<Inferred, ShapeError> {
    let output = single(inputs)?;
    Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
}

/// Two numbers for each pixel of an image.
pub fn working(at: &Placement) -> Working {
    Working { scratch_len: 2 * at.input.plane(), ..Working::default() }
}

pub fn forward(scale: Scale, at: &Placement, io: Forward<'_>) {
    simd::dispatch(Outward { scale, shape: at.input, input: io.inputs[0], output: io.output, scratch: io.scratch });
}

struct Outward<'a> {
    scale: Scale,
    shape: Shape,
    input: &'a [f32],
    output: &'a mut [f32],
    scratch: &'a mut [f32],
}

impl Kernel for Outward<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (len, plane) = (self.shape.len(), self.shape.plane());
        let (greatest, sum) = self.scratch[..2 * plane].split_at_mut(plane);
        for (input, output) in self.input.chunks_exact(len).zip(self.output.chunks_exact_mut(len)) {
            greatest.copy_from_slice(&input[..plane]);
            for row in input.chunks_exact(plane).skip(1) {
                for (g, x) in greatest.iter_mut().zip(row) {
                    *g = if *x > *g { *x } else { *g };
                }
            }
            // The greatest becomes e^0: nothing overflows, and the sum is at least 1.
            sum.fill(0.0);
            for (row, out) in input.chunks_exact(plane).zip(output.chunks_exact_mut(plane)) {
                for (((out, x), g), s) in out.iter_mut().zip(row).zip(&*greatest).zip(&mut *sum) {
                    *out = exponential::exp(x - g);
                    *s += *out;
                }
            }
            if self.scale == Scale::Plain {
                for out in output.chunks_exact_mut(plane) {
                    for (out, s) in out.iter_mut().zip(&*sum) {
                        *out /= s;
                    }
                }
            } else {
                sum.iter_mut().for_each(|s| *s = libm::logf(*s));
                for (row, out) in input.chunks_exact(plane).zip(output.chunks_exact_mut(plane)) {
                    for (((out, x), g), s) in out.iter_mut().zip(row).zip(&*greatest).zip(&*sum) {
                        *out = (x - g) - s;
                    }
                }
            }
        }
    }
}

pub fn backward(scale: Scale, at: &Placement, io: Backward<'_>) {
    if let [d_input] = io.d_inputs {
        simd::dispatch(Back { scale, shape: at.input, output: io.output, d_output: io.d_output, d_input, scratch: io.scratch });
    }
}

struct Back<'a> {
    scale: Scale,
    shape: Shape,
    output: &'a [f32],
    d_output: &'a [f32],
    d_input: &'a mut [f32],
    scratch: &'a mut [f32],
}

impl Kernel for Back<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (len, plane, log) = (self.shape.len(), self.shape.plane(), self.scale == Scale::Log);
        let sum = &mut self.scratch[..plane];
        let images = self.output.chunks_exact(len).zip(self.d_output.chunks_exact(len)).zip(self.d_input.chunks_exact_mut(len));
        for ((output, d_output), d_input) in images {
            sum.fill(0.0);
            for (y, d) in output.chunks_exact(plane).zip(d_output.chunks_exact(plane)) {
                for ((s, y), d) in sum.iter_mut().zip(y).zip(d) {
                    *s += if log { *d } else { d * y };
                }
            }
            let rows = output.chunks_exact(plane).zip(d_output.chunks_exact(plane));
            for (to, (y, d)) in d_input.chunks_exact_mut(plane).zip(rows) {
                for (((to, y), d), s) in to.iter_mut().zip(y).zip(d).zip(&*sum) {
                    *to = if log { d - exponential::exp(*y) * s } else { y * (d - s) };
                }
            }
        }
    }
}

/// One pixel for each invocation.
pub fn launches([forward, backward]: [&'static Shader; 2], at: &Placement, site: &Site) -> Launches {
    let (ch, plane) = (at.input.ch, at.input.plane());
    let launch = |shader, reads, writes| Launch {
        shader,
        reads,
        writes,
        dims: vec![("pixels", (at.batch * plane).into()), ("ch", ch.into()), ("plane", plane.into())],
        groups: spread(at.batch * plane, 64),
    };
    let back = at.mode == Mode::Train && site.wants_d_input;
    Launches {
        forward: vec![launch(forward, &[Slot::Input], &[Slot::Output])],
        backward: if back { vec![launch(backward, &[Slot::Output, Slot::DOutput], &[Slot::DInput])] } else { vec![] },
        scratch_len: 0,
    }
}

pub fn reference(scale: Scale, at: &Placement, input: &[f64], d_output: &[f64]) -> Reference {
    let (ch, plane) = (at.input.ch, at.input.plane());
    let mut r = Reference { output: vec![0.0; input.len()], d_input: vec![0.0; input.len()], ..Reference::default() };
    for n in 0..at.batch {
        for p in 0..plane {
            let places: Vec<usize> = (0..ch).map(|c| (n * ch + c) * plane + p).collect();
            let greatest = places.iter().map(|&i| input[i]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = places.iter().map(|&i| libm::exp(input[i] - greatest)).sum();
            let share = |i: usize| libm::exp(input[i] - greatest) / sum;
            for &i in &places {
                r.output[i] = match scale {
                    Scale::Plain => share(i),
                    Scale::Log => input[i] - greatest - libm::log(sum),
                };
            }
            if d_output.is_empty() {
                continue;
            }
            // The whole matrix of slopes: of share j by input i it is share j · ([i = j] − share i).
            for &i in &places {
                for &j in &places {
                    let same = if i == j { 1.0 } else { 0.0 };
                    let slope = match scale {
                        Scale::Plain => share(j) * (same - share(i)),
                        Scale::Log => same - share(i),
                    };
                    r.d_input[i] += d_output[j] * slope;
                }
            }
        }
    }
    r
}
