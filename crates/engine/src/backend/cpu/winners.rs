//! Products with a gradient that comes back through max pooling of 2×2: of four numbers of the map three are zero, and
//! where a rectifier was shut so is the fourth. Those that are not are put into a list, and only they are multiplied.

#![allow(unsafe_code)] // Bounds are checked once per winner.

use super::{
    pools::Pooled,
    simd::{Kernel, LANES, Part, Vector, dispatch, sum_lanes},
};

/// Numbers that a winner takes in a list: where the input begins that it looked at ([`mark`]), and its gradient.
pub const PAIR: usize = 2;
/// Places are below this number.
pub const PLACES: usize = 1 << 23;

/// A place as a number that can be added to and still be read: its last 23 bits are the place.
pub fn mark(place: usize) -> f32 {
    (PLACES + place) as f32
}

#[inline(always)]
fn place(mark: f32) -> usize {
    mark.to_bits() as usize & (PLACES - 1)
}

/// Puts the winners of one pooled map into `pairs`: each begins at its window's place in `bases` (the bits of marks), and
/// at its own within the window in `steps`, `shift` further on. Returns how many they are, and the sum of their gradients.
pub fn collect(from: Pooled<'_>, bases: &[u32], steps: [f32; 4], shift: usize, pairs: &mut [f32]) -> (usize, f32) {
    let windows = bases.len();
    assert!(from.d.len() >= windows && from.winners.len() >= windows && from.gate.holds(windows) && pairs.len() >= PAIR * windows);
    let mut found = (0, 0.0);
    dispatch(Collect { from, bases, steps, shift: shift as f32, pairs, found: &mut found });
    found
}

struct Collect<'a> {
    from: Pooled<'a>,
    bases: &'a [u32],
    steps: [f32; 4],
    shift: f32,
    pairs: &'a mut [f32],
    found: &'a mut (usize, f32),
}

impl Kernel for Collect<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (from, windows) = (self.from, self.bases.len());
        let (mut count, mut sums) = (0, V::splat(0.0));
        for first in (0..windows).step_by(LANES) {
            let here = (windows - first).min(LANES);
            let (d, winner, base): (V, V, V);
            // SAFETY: `collect` has checked that there are so many; arrays have eight.
            unsafe {
                if here == LANES {
                    d = from.gate.load(from.d, first);
                    winner = V::load(from.winners.as_ptr().add(first));
                    base = V::load(self.bases.as_ptr().add(first).cast());
                } else {
                    let mut last = [[0.0; LANES]; 3];
                    for i in 0..here {
                        last[0][i] = from.gate.at(from.d, first + i);
                        last[1][i] = from.winners[first + i];
                        last[2][i] = f32::from_bits(self.bases[first + i]);
                    }
                    d = V::load(last[0].as_ptr());
                    winner = V::load(last[1].as_ptr());
                    base = V::load(last[2].as_ptr());
                }
                let step = |which: usize| V::splat(self.steps[which]).where_equal(winner, V::splat(which as f32));
                let marks = base.add(V::splat(self.shift)).add(step(1)).add(step(2).add(step(3)));
                sums = sums.add(d);
                let mut eights = [[0.0f32; LANES]; 2];
                marks.store(eights[0].as_mut_ptr());
                d.store(eights[1].as_mut_ptr());
                for i in 0..here {
                    // What is zero is overwritten by the next.
                    let to = self.pairs.as_mut_ptr().add(PAIR * count);
                    to.write(eights[0][i]);
                    to.add(1).write(eights[1][i]);
                    count += usize::from(eights[1][i].to_bits() << 1 != 0);
                }
            }
        }
        let mut lanes = [0.0; LANES];
        // SAFETY: there are eight.
        unsafe { sums.store(lanes.as_mut_ptr()) }
        *self.found = (count, sum_lanes(lanes));
    }
}

/// `into[8t + lane] += Σ d · source[begin + offsets[t] + lane]` over the pairs, for the first `lanes` lanes (others may hold
/// anything).
pub fn gather(pairs: &[f32], source: &[f32], offsets: &[u32], lanes: usize, into: &mut [f32]) {
    assert!(lanes <= LANES && into.len() >= offsets.len() * LANES);
    dispatch(Gather { pairs, source, offsets, lanes, into, span: span(offsets) });
}

/// `to[begin + offsets[t] + lane] += Σ d · weights[8t + lane]` over the pairs. No two offsets are less than eight apart.
pub fn scatter(pairs: &[f32], weights: &[f32], offsets: &[u32], to: &mut [f32]) {
    assert!(weights.len() >= offsets.len() * LANES);
    dispatch(Scatter { pairs, weights, offsets, to, span: span(offsets) });
}

/// Numbers from where a winner's input begins up to the last that is looked at.
pub fn span(offsets: &[u32]) -> usize {
    offsets.iter().copied().max().unwrap_or(0) as usize + LANES
}

struct Gather<'a> {
    pairs: &'a [f32],
    source: &'a [f32],
    offsets: &'a [u32],
    lanes: usize,
    into: &'a mut [f32],
    span: usize,
}

impl Kernel for Gather<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for part in (0..self.lanes).step_by(V::Part::WIDTH) {
            let mut t = 0;
            while t < self.offsets.len() {
                // As many sums as are kept in registers, and enough of them to hide the latency of one.
                t += match self.offsets.len() - t {
                    9.. => gather_tile::<V::Part, 9, 1>(&mut self, part, t),
                    5.. => gather_tile::<V::Part, 5, 2>(&mut self, part, t),
                    4 => gather_tile::<V::Part, 4, 2>(&mut self, part, t),
                    3 => gather_tile::<V::Part, 3, 2>(&mut self, part, t),
                    2 => gather_tile::<V::Part, 2, 4>(&mut self, part, t),
                    _ => gather_tile::<V::Part, 1, 4>(&mut self, part, t),
                };
            }
        }
    }
}

/// `K` offsets from `t` on, with `U` sums for each.
#[inline(always)]
fn gather_tile<P: Part, const K: usize, const U: usize>(g: &mut Gather<'_>, part: usize, t: usize) -> usize {
    let offsets: [usize; K] = std::array::from_fn(|k| g.offsets[t + k] as usize);
    let mut sums = [[P::zero(); K]; U];
    let (groups, rest) = g.pairs.split_at(g.pairs.len() / (PAIR * U) * (PAIR * U));
    for group in groups.chunks_exact(PAIR * U) {
        for u in 0..U {
            add(g, &group[PAIR * u..PAIR * (u + 1)], part, &offsets, &mut sums[u]);
        }
    }
    for pair in rest.chunks_exact(PAIR) {
        add(g, pair, part, &offsets, &mut sums[0]);
    }
    for k in 0..K {
        let to = &mut g.into[(t + k) * LANES + part..][..P::WIDTH];
        // SAFETY: there is room for a part.
        unsafe {
            let mut sum = P::load(to.as_ptr());
            for sums in &sums {
                sum = sum.add_product(P::splat(1.0), sums[k]);
            }
            sum.store(to.as_mut_ptr());
        }
    }
    K
}

#[inline(always)]
fn add<P: Part, const K: usize>(g: &Gather<'_>, pair: &[f32], part: usize, offsets: &[usize; K], sums: &mut [P; K]) {
    let (begin, d) = (place(pair[0]), P::splat(pair[1]));
    let from = g.source[begin..begin + g.span][part..].as_ptr();
    for k in 0..K {
        // SAFETY: the span reaches a whole vector beyond the furthest offset.
        unsafe { sums[k] = sums[k].add_product(d, P::load(from.add(offsets[k]))) }
    }
}

struct Scatter<'a> {
    pairs: &'a [f32],
    weights: &'a [f32],
    offsets: &'a [u32],
    to: &'a mut [f32],
    span: usize,
}

impl Kernel for Scatter<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for part in (0..LANES).step_by(V::Part::WIDTH) {
            let mut t = 0;
            while t < self.offsets.len() {
                t += match self.offsets.len() - t {
                    9.. => scatter_tile::<V::Part, 9>(&mut self, part, t),
                    5.. => scatter_tile::<V::Part, 5>(&mut self, part, t),
                    2.. => scatter_tile::<V::Part, 2>(&mut self, part, t),
                    _ => scatter_tile::<V::Part, 1>(&mut self, part, t),
                };
            }
        }
    }
}

/// `K` offsets from `t` on, whose weights stay in registers.
#[inline(always)]
fn scatter_tile<P: Part, const K: usize>(s: &mut Scatter<'_>, part: usize, t: usize) -> usize {
    let offsets: [usize; K] = std::array::from_fn(|k| s.offsets[t + k] as usize);
    // SAFETY: `scatter` has checked the weights; a span reaches a whole vector beyond the furthest offset.
    unsafe {
        let weights: [P; K] = std::array::from_fn(|k| P::load(s.weights.as_ptr().add((t + k) * LANES + part)));
        for pair in s.pairs.chunks_exact(PAIR) {
            let (begin, d) = (place(pair[0]), P::splat(pair[1]));
            let to = s.to[begin..begin + s.span][part..].as_mut_ptr();
            for k in 0..K {
                let to = to.add(offsets[k]);
                P::load(to).add_product(d, weights[k]).store(to);
            }
        }
    }
    K
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::panels::Gate;

    /// Whole numbers, so that sums are exact in any order.
    fn small(count: usize) -> Vec<f32> {
        (0..count).map(|i| (i * 37 % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn a_list_holds_the_winners_that_are_not_zero() {
        let (d, outputs, winners) = ([1.0, 2.0, 0.0, 4.0, 8.0], [1.0, 0.0, 1.0, 3.0, 2.0], [3.0, 0.0, 1.0, 2.0, 1.0]);
        let from = Pooled { d: &d, gate: Gate::Rectifier(&outputs), winners: &winners };
        let mut pairs = [0.0; 10];
        let bases = [0, 2, 4, 20, 22].map(|base| mark(base).to_bits());
        let (count, sum) = collect(from, &bases, [0.0, 1.0, 10.0, 11.0], 100, &mut pairs);
        let found: Vec<(usize, f32)> = pairs[..PAIR * count].chunks_exact(PAIR).map(|p| (place(p[0]), p[1])).collect();
        assert_eq!(found, [(111, 1.0), (130, 4.0), (123, 8.0)]);
        assert_eq!(sum, 13.0);
    }

    #[test]
    fn lists_of_any_length() {
        for windows in 0..40 {
            let d = small(windows);
            let winners: Vec<f32> = (0..windows).map(|i| (i * 7 % 4) as f32).collect();
            let bases: Vec<u32> = (0..windows).map(|i| mark(PLACES - 1000 + 3 * i).to_bits()).collect();
            let mut pairs = vec![0.0; PAIR * windows];
            let (count, sum) =
                collect(Pooled { d: &d, gate: Gate::Open, winners: &winners }, &bases, [0.0, 5.0, 70.0, 75.0], 9, &mut pairs);
            let found: Vec<(usize, f32)> = pairs[..PAIR * count].chunks_exact(PAIR).map(|p| (place(p[0]), p[1])).collect();
            let own = |i: usize| PLACES - 991 + 3 * i + [0, 5, 70, 75][i * 7 % 4];
            assert_eq!(found, (0..windows).filter(|i| d[*i] != 0.0).map(|i| (own(i), d[i])).collect::<Vec<_>>());
            assert_eq!(sum, d.iter().sum::<f32>());
        }
    }

    #[test]
    fn products_are_those_of_the_list() {
        let (source, weights) = (small(400), small(30 * LANES));
        for taps in 1..=30 {
            let offsets: Vec<u32> = (0..taps).map(|t| t * LANES as u32).collect();
            for count in [0, 1, 2, 5, 16] {
                let pairs: Vec<f32> = (0..count).flat_map(|i| [mark(i * 9), i as f32 - 3.0]).collect();
                let begins = || pairs.chunks_exact(PAIR).map(|p| (place(p[0]), p[1]));
                let (mut sums, mut spread) = (vec![1.0; taps as usize * LANES], vec![1.0; 400]);
                let (mut wanted_sums, mut wanted_spread) = (sums.clone(), spread.clone());
                for (begin, d) in begins() {
                    for (i, (sum, weight)) in wanted_sums.iter_mut().zip(&weights).enumerate() {
                        *sum += d * source[begin + i];
                        wanted_spread[begin + i] += d * weight;
                    }
                }
                gather(&pairs, &source, &offsets, LANES, &mut sums);
                scatter(&pairs, &weights, &offsets, &mut spread);
                assert_eq!((sums, spread), (wanted_sums, wanted_spread), "{count} winners, {taps} taps");
            }
        }
    }
}
