//! The usual case, 2×2 with stride 2, without branches.

use crate::{
    backend::cpu::simd::{Kernel, Vector, dispatch},
    ops::{Forward, Placement},
};

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    dispatch(Halve { at, input: io.inputs[0], output: io.output, winners: io.saved });
}

/// `winners` are places in a plane of the input, as [`forward`] left them.
pub(super) fn backward(at: &Placement, d_output: &[f32], winners: &[f32], d_input: &mut [f32]) {
    dispatch(Return { at, d_output, winners, d_input });
}

struct Halve<'a> {
    at: &'a Placement,
    input: &'a [f32],
    output: &'a mut [f32],
    winners: &'a mut [f32],
}

/// The larger and its place; of equals the first. Bits are chosen by a mask, so that no branch is made of it, which
/// would be taken as often as not.
#[inline(always)]
fn larger(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    let mask = u32::from(b.0 > a.0).wrapping_neg();
    let choose = |a: f32, b: f32| f32::from_bits((b.to_bits() & mask) | (a.to_bits() & !mask));
    (choose(a.0, b.0), choose(a.1, b.1))
}

impl Kernel for Halve<'_> {
    // Plain loops, which compile to the vectors of the function that this is inlined into.
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (i, o, keep) = (self.at.input, self.at.output, !self.winners.is_empty());
        for (p, (plane, out)) in self.input.chunks_exact(i.plane()).zip(self.output.chunks_exact_mut(o.plane())).enumerate() {
            for (y, row) in out.chunks_exact_mut(o.w).enumerate() {
                let start = 2 * y * i.w;
                let upper = plane[start..start + 2 * o.w].as_chunks::<2>().0;
                let lower = plane[start + i.w..start + i.w + 2 * o.w].as_chunks::<2>().0;
                if keep {
                    let places = &mut self.winners[p * o.plane() + y * o.w..][..o.w];
                    for x in 0..o.w {
                        // A plane has far fewer than 2²⁴ pixels: the place is exact in f32.
                        let first = (start + 2 * x) as u32 as i32 as f32;
                        let below = first + i.w as f32;
                        let (u, l) = (upper[x], lower[x]);
                        let (value, place) = larger(larger((u[0], first), (u[1], first + 1.0)), larger((l[0], below), (l[1], below + 1.0)));
                        (row[x], places[x]) = (value, place);
                    }
                } else {
                    for x in 0..o.w {
                        let (u, l) = (upper[x], lower[x]);
                        row[x] = larger(larger((u[0], 0.0), (u[1], 0.0)), larger((l[0], 0.0), (l[1], 0.0))).0;
                    }
                }
            }
        }
    }
}

struct Return<'a> {
    at: &'a Placement,
    d_output: &'a [f32],
    winners: &'a [f32],
    d_input: &'a mut [f32],
}

impl Kernel for Return<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (i, o) = (self.at.input, self.at.output);
        let outputs = self.d_output.chunks_exact(o.plane()).zip(self.winners.chunks_exact(o.plane()));
        for (plane, (d, winners)) in self.d_input.chunks_exact_mut(i.plane()).zip(outputs) {
            for (y, rows) in plane.chunks_exact_mut(2 * i.w).enumerate().take(o.h) {
                let (upper, lower) = rows.split_at_mut(i.w);
                let (upper, upper_rest) = upper.as_chunks_mut::<2>();
                let (lower, lower_rest) = lower.as_chunks_mut::<2>();
                upper_rest.fill(0.0);
                lower_rest.fill(0.0);
                let (d, winners) = (&d[y * o.w..][..o.w], &winners[y * o.w..][..o.w]);
                let (upper, lower) = (&mut upper[..o.w], &mut lower[..o.w]);
                let start = (2 * y * i.w) as f32;
                for x in 0..o.w {
                    let (d, place) = (d[x], winners[x] - start - (2 * x) as u32 as i32 as f32);
                    let below = place - i.w as f32;
                    let to = |hit: bool| if hit { d } else { 0.0 };
                    upper[x] = [to(place == 0.0), to(place == 1.0)];
                    lower[x] = [to(below == 0.0), to(below == 1.0)];
                }
            }
            // What no window covers.
            plane[2 * o.h * i.w..].fill(0.0);
        }
    }
}
