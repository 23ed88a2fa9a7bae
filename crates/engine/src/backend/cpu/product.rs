//! The two products that convolutions and dense layers are made of.
//!
//! Both walk a source through two tables instead of a packed matrix: element (k, j) of the source
//! matrix is the vector of eight numbers at `offsets[k] + bases[j]`. An offset says where a weight
//! of the kernel looks, a base says which eight outputs are computed together: eight neighbours of a
//! row, or the same place of eight images. So no im2col matrix is ever written.

#![allow(unsafe_code)] // Bounds are checked once per call, not once per load.

use super::simd::{Kernel, LANES, Part, Vector, dispatch, sum_lanes};

/// Rows of one panel of packed weights.
pub const PANEL: usize = 4;

/// Numbers that [`pack`] writes for `rows × depth` weights.
pub const fn packed_len(rows: usize, depth: usize) -> usize {
    rows.div_ceil(PANEL) * PANEL * depth
}

/// Packs a matrix for [`spread`]: panels of four rows, in each the four weights of a column side by
/// side. `weight(row, k)` gives the element.
pub fn pack(packed: &mut [f32], rows: usize, depth: usize, weight: impl Fn(usize, usize) -> f32) {
    for (panel, block) in packed[..packed_len(rows, depth)].chunks_exact_mut(PANEL * depth).enumerate() {
        for (k, column) in block.chunks_exact_mut(PANEL).enumerate() {
            for (r, value) in column.iter_mut().enumerate() {
                let row = panel * PANEL + r;
                *value = if row < rows { weight(row, k) } else { 0.0 };
            }
        }
    }
}

/// `out[r · pitch + 8j + lane] = Σₖ a[r][k] · source[offsets[k] + bases[j] + lane]`, summed in the order of k.
///
/// `packed` is what [`pack`] made of a (rows × depth), `depth` the length of `offsets`.
pub fn spread(packed: &[f32], rows: usize, source: &[f32], offsets: &[u32], bases: &[u32], out: &mut [f32], pitch: usize) {
    check(source, offsets, bases);
    assert!(packed.len() >= packed_len(rows, offsets.len()) && pitch >= bases.len() * LANES && out.len() >= rows * pitch);
    dispatch(Spread { packed, rows, source, offsets, bases, out, pitch });
}

/// `out[r · depth + k] = Σⱼ,lane a[r · pitch + 8j + lane] · source[offsets[k] + bases[j] + lane]`, added to
/// what stands there if `add`.
pub fn correlate(a: &[f32], rows: usize, pitch: usize, source: &[f32], offsets: &[u32], bases: &[u32], out: &mut [f32], add: bool) {
    check(source, offsets, bases);
    assert!(pitch >= bases.len() * LANES && a.len() >= rows * pitch && out.len() >= rows * offsets.len());
    dispatch(Correlate { a, rows, pitch, source, offsets, bases, out, add });
}

fn check(source: &[f32], offsets: &[u32], bases: &[u32]) {
    let furthest = |t: &[u32]| t.iter().copied().max().unwrap_or(0) as usize;
    assert!(furthest(offsets) + furthest(bases) + LANES <= source.len(), "a table points past the source");
}

struct Spread<'a> {
    packed: &'a [f32],
    rows: usize,
    source: &'a [f32],
    offsets: &'a [u32],
    bases: &'a [u32],
    out: &'a mut [f32],
    pitch: usize,
}

impl Kernel for Spread<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let mut j = 0;
        if V::ACROSS == 2 {
            while j + 2 <= self.bases.len() {
                spread_column::<V, 2>(&mut self, j);
                j += 2;
            }
        }
        while j < self.bases.len() {
            spread_column::<V, 1>(&mut self, j);
            j += 1;
        }
    }
}

/// All rows of `N` neighbouring vectors.
#[inline(always)]
fn spread_column<V: Vector, const N: usize>(s: &mut Spread<'_>, j: usize) {
    let depth = s.offsets.len();
    // SAFETY: `spread` has checked the furthest offset and base, the packed length, and the output.
    unsafe {
        let from: [*const f32; N] = std::array::from_fn(|i| s.source.as_ptr().add(s.bases[j + i] as usize));
        let to = s.out.as_mut_ptr().add(j * LANES);
        for first in (0..s.rows).step_by(PANEL) {
            let mut weights = s.packed.as_ptr().add(first * depth);
            let mut sums = [[V::splat(0.0); N]; PANEL];
            for &offset in s.offsets {
                let values: [V; N] = std::array::from_fn(|i| V::load(from[i].add(offset as usize)));
                for (r, row) in sums.iter_mut().enumerate() {
                    let weight = V::splat(*weights.add(r));
                    for i in 0..N {
                        row[i] = row[i].add_product(weight, values[i]);
                    }
                }
                weights = weights.add(PANEL);
            }
            for (r, row) in sums.iter().enumerate().take(s.rows - first) {
                for (i, sum) in row.iter().enumerate() {
                    sum.store(to.add((first + r) * s.pitch + i * LANES));
                }
            }
        }
    }
}

struct Correlate<'a> {
    a: &'a [f32],
    rows: usize,
    pitch: usize,
    source: &'a [f32],
    offsets: &'a [u32],
    bases: &'a [u32],
    out: &'a mut [f32],
    add: bool,
}

impl Kernel for Correlate<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for first in (0..self.rows).step_by(PANEL) {
            // Eight sums either way. A row that is left alone shares its numbers among more columns.
            if self.rows - first == 1 {
                (0..self.offsets.len()).step_by(8).for_each(|k| correlate_tile::<V::Part, 1, 8>(&mut self, first, k));
            } else {
                (0..self.offsets.len()).step_by(2).for_each(|k| correlate_tile::<V::Part, PANEL, 2>(&mut self, first, k));
            }
        }
    }
}

/// `R` rows by `K` columns, one part of the lanes after another. Past the edge the last row or
/// column is computed again and not stored.
#[inline(always)]
fn correlate_tile<P: Part, const R: usize, const K: usize>(s: &mut Correlate<'_>, first: usize, k: usize) {
    let depth = s.offsets.len();
    let (last_row, last_k) = (s.rows - 1, depth - 1);
    let mut lanes = [[[0.0; LANES]; K]; R];
    for part in (0..LANES).step_by(P::WIDTH) {
        let mut sums = [[P::zero(); K]; R];
        // SAFETY: `correlate` has checked the furthest offset and base and the rows.
        unsafe {
            let mut left: [*const f32; R] = std::array::from_fn(|r| s.a.as_ptr().add((first + r).min(last_row) * s.pitch + part));
            let right: [*const f32; K] = std::array::from_fn(|i| s.source.as_ptr().add(s.offsets[(k + i).min(last_k)] as usize + part));
            for &base in s.bases {
                let values: [P; K] = std::array::from_fn(|i| P::load(right[i].add(base as usize)));
                for r in 0..R {
                    let a = P::load(left[r]);
                    left[r] = left[r].add(LANES);
                    for i in 0..K {
                        sums[r][i] = sums[r][i].add_product(a, values[i]);
                    }
                }
            }
            for (lanes, sums) in lanes.iter_mut().flatten().zip(sums.iter().flatten()) {
                sums.store(lanes[part..].as_mut_ptr());
            }
        }
    }
    for (r, row) in lanes.iter().enumerate().take(s.rows - first) {
        for (i, lanes) in row.iter().enumerate().take(depth - k) {
            let (to, sum) = (&mut s.out[(first + r) * depth + k + i], sum_lanes(*lanes));
            *to = if s.add { *to + sum } else { sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u32) -> Vec<f32> {
        (0..len).map(|i| crate::rng::uniform(seed, crate::rng::Stream(1), i as u32) - 0.5).collect()
    }

    #[test]
    fn both_products_agree_with_plain_loops_for_every_remainder() {
        for (rows, depth, columns) in [(1, 1, 1), (1, 11, 2), (3, 5, 2), (4, 2, 3), (7, 9, 5), (9, 3, 4)] {
            let offsets: Vec<u32> = (0..depth).map(|k| 3 * k as u32).collect();
            let bases: Vec<u32> = (0..columns).map(|j| 11 * j as u32).collect();
            let source = numbers(3 * depth + 11 * columns + LANES, 1);
            let a = numbers(rows * depth, 2);
            let at = |k: usize, j: usize, lane: usize| source[(offsets[k] + bases[j]) as usize + lane];

            let mut packed = vec![0.0; packed_len(rows, depth)];
            pack(&mut packed, rows, depth, |r, k| a[r * depth + k]);
            let pitch = columns * LANES;
            let mut out = vec![f32::NAN; rows * pitch];
            spread(&packed, rows, &source, &offsets, &bases, &mut out, pitch);
            for r in 0..rows {
                for p in 0..pitch {
                    let want = (0..depth).fold(0.0, |sum, k| sum + a[r * depth + k] * at(k, p / LANES, p % LANES));
                    assert_eq!(out[r * pitch + p], want, "row {r}, place {p}");
                }
            }

            let left = numbers(rows * pitch, 3);
            let mut sums = vec![1.0; rows * depth];
            correlate(&left, rows, pitch, &source, &offsets, &bases, &mut sums, true);
            for r in 0..rows {
                for k in 0..depth {
                    let want: f64 = (0..pitch).map(|p| f64::from(left[r * pitch + p]) * f64::from(at(k, p / LANES, p % LANES))).sum();
                    assert!((f64::from(sums[r * depth + k]) - 1.0 - want).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "past the source")]
    fn a_table_beyond_the_source_is_refused() {
        spread(&[1.0; 4], 1, &[0.0; 8], &[0], &[1], &mut [0.0; 8], 8);
    }
}
