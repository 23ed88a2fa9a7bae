//! The usual case, 2×2 with stride 2: eight windows of a row together.
//!
//! A row that is not a whole number of vectors is written beyond its end, where the rows that follow are written
//! afterwards. Only where that would lead out of the tensor are windows taken one by one.

#![allow(unsafe_code)] // Vector loads and stores; each says what holds it within bounds.

use crate::{
    Shape,
    backend::cpu::simd::{Kernel, LANES, Vector, dispatch},
    ops::{Forward, Placement},
};

pub(super) fn forward(at: &Placement, io: Forward<'_>) {
    let (input, output) = (at.batch * at.input.len(), at.batch * at.output.len());
    assert!(io.inputs[0].len() >= input && io.output.len() >= output);
    if io.saved.is_empty() {
        dispatch(Halve::<false> { shapes: (at.input, at.output), input: io.inputs[0], output: io.output, winners: &mut [] });
    } else {
        assert!(io.saved.len() >= output);
        dispatch(Halve::<true> { shapes: (at.input, at.output), input: io.inputs[0], output: io.output, winners: io.saved });
    }
}

/// `winners` are places in a plane of the input, as [`forward`] left them.
pub(super) fn backward(at: &Placement, d_output: &[f32], winners: &[f32], d_input: &mut [f32]) {
    let (input, output) = (at.batch * at.input.len(), at.batch * at.output.len());
    assert!(d_input.len() >= input && d_output.len() >= output && winners.len() >= output);
    dispatch(Return { shapes: (at.input, at.output), d_output, winners, d_input });
}

/// Places of the first pixels of eight windows, from the first one's.
const EVENS: [f32; LANES] = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0];

struct Halve<'a, const KEEP: bool> {
    /// Of an image of input and output.
    shapes: (Shape, Shape),
    input: &'a [f32],
    output: &'a mut [f32],
    winners: &'a mut [f32],
}

/// The larger and its place; of equals the first.
fn larger(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    if b.0 > a.0 { b } else { a }
}

impl<const KEEP: bool> Kernel for Halve<'_, KEEP> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (i, o) = self.shapes;
        let (input, len) = (self.input, self.output.len());
        // SAFETY: there are eight.
        let evens = unsafe { V::load(EVENS.as_ptr()) };
        let (one, below) = (V::splat(1.0), V::splat(i.w as f32));
        for plane in 0..len / o.plane() {
            for y in 0..o.h {
                let mut x = 0;
                while x < o.w {
                    let (place, to) = (2 * (y * i.w + x), plane * o.plane() + y * o.w + x);
                    let from = plane * i.plane() + place;
                    // A plane has far fewer than 2²⁴ pixels: places are exact in f32.
                    if from + i.w + 2 * LANES <= input.len() && to + LANES <= len {
                        // SAFETY: sixteen numbers of both rows and eight places of the results are there; so are the
                        // winners', which are as many.
                        unsafe {
                            let upper = input.as_ptr().add(from);
                            let lower = upper.add(i.w);
                            let (a, b) = V::load(upper).split(V::load(upper.add(LANES)));
                            let (c, d) = V::load(lower).split(V::load(lower.add(LANES)));
                            let first = V::splat(place as f32).add(evens);
                            let third = first.add(below);
                            let above = V::larger((a, first), (b, first.add(one)));
                            let (most, winner) = V::larger(above, V::larger((c, third), (d, third.add(one))));
                            most.store(self.output.as_mut_ptr().add(to));
                            if KEEP {
                                winner.store(self.winners.as_mut_ptr().add(to));
                            }
                        }
                        x += LANES;
                        continue;
                    }
                    let at = |step: usize| (input[from + step], (place + step) as f32);
                    let (most, winner) = larger(larger(at(0), at(1)), larger(at(i.w), at(i.w + 1)));
                    self.output[to] = most;
                    if KEEP {
                        self.winners[to] = winner;
                    }
                    x += 1;
                }
            }
        }
    }
}

struct Return<'a> {
    shapes: (Shape, Shape),
    d_output: &'a [f32],
    winners: &'a [f32],
    d_input: &'a mut [f32],
}

impl Kernel for Return<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (i, o) = self.shapes;
        let (len, count) = (self.d_input.len(), self.d_output.len());
        // SAFETY: there are eight.
        let (evens, one) = (unsafe { V::load(EVENS.as_ptr()) }, V::splat(1.0));
        for plane in 0..count / o.plane() {
            for y in 0..2 * o.h {
                let row = plane * i.plane() + y * i.w;
                let mut x = 0;
                while x < o.w {
                    let (place, from) = (y * i.w + 2 * x, plane * o.plane() + y / 2 * o.w + x);
                    let to = row + 2 * x;
                    if to + 2 * LANES <= len && from + LANES <= count {
                        // SAFETY: sixteen places of the row and eight gradients are there; so are the winners, which are
                        // as many.
                        unsafe {
                            let (d, winner) = (V::load(self.d_output.as_ptr().add(from)), V::load(self.winners.as_ptr().add(from)));
                            let own = V::splat(place as f32).add(evens);
                            let (a, b) = d.where_equal(winner, own).join(d.where_equal(winner, own.add(one)));
                            a.store(self.d_input.as_mut_ptr().add(to));
                            b.store(self.d_input.as_mut_ptr().add(to + LANES));
                        }
                        x += LANES;
                        continue;
                    }
                    for step in 0..2 {
                        let hit = self.winners[from] == (place + step) as f32;
                        self.d_input[to + step] = if hit { self.d_output[from] } else { 0.0 };
                    }
                    x += 1;
                }
                // What no window covers.
                self.d_input[row + 2 * o.w..row + i.w].fill(0.0);
            }
            self.d_input[plane * i.plane() + 2 * o.h * i.w..(plane + 1) * i.plane()].fill(0.0);
        }
    }
}
