//! Eight channels side by side, each with numbers of its own: what depthwise convolutions are made of. A row is the same
//! place of eight channels. What a weight looks at lies `offsets[t]` numbers after where the first one does, `bases[p]`.

#![allow(unsafe_code)] // Bounds are checked once per call.

use super::simd::{Kernel, LANES, Vector, dispatch};

fn furthest(table: &[u32]) -> usize {
    table.iter().copied().max().unwrap_or(0) as usize
}

fn check(source: usize, bases: &[u32], offsets: &[u32]) {
    assert!(furthest(bases) + furthest(offsets) + LANES <= source, "a table points past the source");
}

/// `to[p] = from[rows[p]]`, rows of eight.
pub fn gather(from: &[f32], rows: &[u32], to: &mut [f32]) {
    let (from, to) = (from.as_chunks::<LANES>().0, to.as_chunks_mut::<LANES>().0);
    for (to, row) in to.iter_mut().zip(rows) {
        *to = from[*row as usize];
    }
}

/// `out[p] = Σₜ weights[t] · source[bases[p] + offsets[t]]`, lane by lane, in that order.
pub fn weigh(weights: &[f32], source: &[f32], bases: &[u32], offsets: &[u32], out: &mut [f32]) {
    if bases.is_empty() {
        return;
    }
    check(source.len(), bases, offsets);
    assert!(weights.len() >= offsets.len() * LANES && out.len() >= bases.len() * LANES);
    dispatch(Weigh { weights, source, bases, offsets, out });
}

struct Weigh<'a> {
    weights: &'a [f32],
    source: &'a [f32],
    bases: &'a [u32],
    offsets: &'a [u32],
    out: &'a mut [f32],
}

impl Kernel for Weigh<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        if V::ACROSS == 2 { weigh_by::<V, 8>(&mut self) } else { weigh_by::<V, 4>(&mut self) }
    }
}

/// `R` places at a time. Past the last one that is computed again and not stored.
#[inline(always)]
fn weigh_by<V: Vector, const R: usize>(w: &mut Weigh<'_>) {
    let count = w.bases.len();
    for first in (0..count).step_by(R) {
        // SAFETY: `weigh` has checked the furthest base and offset, the weights and the results.
        unsafe {
            let from: [*const f32; R] = std::array::from_fn(|r| w.source.as_ptr().add(w.bases[(first + r).min(count - 1)] as usize));
            let mut sums = [V::splat(0.0); R];
            for (t, &offset) in w.offsets.iter().enumerate() {
                let weight = V::load(w.weights.as_ptr().add(t * LANES));
                for r in 0..R {
                    sums[r] = sums[r].add_product(weight, V::load(from[r].add(offset as usize)));
                }
            }
            for r in 0..R.min(count - first) {
                sums[r].store(w.out.as_mut_ptr().add((first + r) * LANES));
            }
        }
    }
}

/// `out[t] += Σₚ d[p] · source[bases[p] + offsets[t]]`, lane by lane: the gradient of the weights.
pub fn correlate(d: &[f32], source: &[f32], bases: &[u32], offsets: &[u32], out: &mut [f32]) {
    check(source.len(), bases, offsets);
    assert!(d.len() >= bases.len() * LANES && out.len() >= offsets.len() * LANES);
    dispatch(Correlate { d, source, bases, offsets, out });
}

struct Correlate<'a> {
    d: &'a [f32],
    source: &'a [f32],
    bases: &'a [u32],
    offsets: &'a [u32],
    out: &'a mut [f32],
}

impl Kernel for Correlate<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        if V::ACROSS == 2 { correlate_by::<V, 9>(&mut self) } else { correlate_by::<V, 4>(&mut self) }
    }
}

/// `K` weights at a time. Past the last one that is computed again and not stored.
#[inline(always)]
fn correlate_by<V: Vector, const K: usize>(c: &mut Correlate<'_>) {
    let count = c.offsets.len();
    for first in (0..count).step_by(K) {
        // SAFETY: `correlate` has checked the furthest base and offset, the gradient and the results.
        unsafe {
            let from: [*const f32; K] = std::array::from_fn(|k| c.source.as_ptr().add(c.offsets[(first + k).min(count - 1)] as usize));
            let mut sums = [V::splat(0.0); K];
            for (p, &base) in c.bases.iter().enumerate() {
                let d = V::load(c.d.as_ptr().add(p * LANES));
                for k in 0..K {
                    sums[k] = sums[k].add_product(d, V::load(from[k].add(base as usize)));
                }
            }
            for k in 0..K.min(count - first) {
                let to = c.out.as_mut_ptr().add((first + k) * LANES);
                V::load(to).add(sums[k]).store(to);
            }
        }
    }
}

/// `to[bases[p] + offsets[t]] += weights[t] · d[p]`, weight after weight: the gradient of the input.
pub fn scatter(weights: &[f32], d: &[f32], bases: &[u32], offsets: &[u32], to: &mut [f32]) {
    check(to.len(), bases, offsets);
    assert!(weights.len() >= offsets.len() * LANES && d.len() >= bases.len() * LANES);
    dispatch(Scatter { weights, d, bases, offsets, to });
}

struct Scatter<'a> {
    weights: &'a [f32],
    d: &'a [f32],
    bases: &'a [u32],
    offsets: &'a [u32],
    to: &'a mut [f32],
}

impl Kernel for Scatter<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        for (t, &offset) in self.offsets.iter().enumerate() {
            // SAFETY: `scatter` has checked the furthest base and offset, the weights and the gradient.
            unsafe {
                let weight = V::load(self.weights.as_ptr().add(t * LANES));
                let to = self.to.as_mut_ptr().add(offset as usize);
                for (p, &base) in self.bases.iter().enumerate() {
                    let to = to.add(base as usize);
                    V::load(to).add_product(weight, V::load(self.d.as_ptr().add(p * LANES))).store(to);
                }
            }
        }
    }
}
