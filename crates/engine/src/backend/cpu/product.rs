//! The two products over neighbours, which convolutions of few channels and outputs of dense layers are made of.
//!
//! Both walk a source through two tables instead of a packed matrix: element (k, j) of the source
//! matrix is the vector of eight numbers at `offsets[k] + bases[j]`. An offset says where a weight
//! of the kernel looks, a base says which eight outputs are computed together: eight neighbours of a
//! row, or the same place of eight images. So no im2col matrix is ever written.

#![allow(unsafe_code)] // Bounds are checked once per call, not once per load.

use super::simd::{Kernel, LANES, Part, Vector, dispatch, expect};

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

/// `out[r · pitch + places[j] + lane] = bias[r] + Σₖ a[r][k] · source[offsets[k] + bases[j] + lane]`, rectified if
/// `relu`, summed in that order. No bias is a bias of zero.
///
/// `packed` is what [`pack`] made of a (rows × depth), `depth` the length of `offsets`. Where places overlap, they
/// must be given the same numbers.
pub fn spread(
    packed: &[f32],
    rows: usize,
    source: &[f32],
    offsets: &[u32],
    bases: &[u32],
    out: &mut [f32],
    places: &[u32],
    pitch: usize,
    bias: &[f32],
    relu: bool,
) {
    if rows == 0 || bases.is_empty() {
        return;
    }
    check(source, offsets, bases);
    assert!(packed.len() >= packed_len(rows, offsets.len()) && places.len() >= bases.len());
    assert!((rows - 1) * pitch + furthest(&places[..bases.len()]) + LANES <= out.len());
    dispatch(Spread { packed, rows, source, offsets, bases, out, places, pitch, bias, relu });
}

/// `out[r · depth + k] = Σⱼ,lane a[r · pitch + 8j + lane] · source[offsets[k] + bases[j] + lane]`, added to
/// what stands there if `add`.
pub fn correlate(a: &[f32], rows: usize, pitch: usize, source: &[f32], offsets: &[u32], bases: &[u32], out: &mut [f32], add: bool) {
    check(source, offsets, bases);
    assert!(pitch >= bases.len() * LANES && a.len() >= rows * pitch && out.len() >= rows * offsets.len());
    dispatch(Correlate { a, rows, pitch, source, offsets, bases, out, add });
}

fn check(source: &[f32], offsets: &[u32], bases: &[u32]) {
    assert!(furthest(offsets) + furthest(bases) + LANES <= source.len(), "a table points past the source");
}

fn furthest(table: &[u32]) -> usize {
    table.iter().copied().max().unwrap_or(0) as usize
}

struct Spread<'a> {
    packed: &'a [f32],
    rows: usize,
    source: &'a [f32],
    offsets: &'a [u32],
    bases: &'a [u32],
    out: &'a mut [f32],
    places: &'a [u32],
    pitch: usize,
    bias: &'a [f32],
    relu: bool,
}

impl Kernel for Spread<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for first in (0..self.rows).step_by(PANEL) {
            // Eight sums: enough to hide the latency of one, and no more than are kept in registers.
            match (self.rows - first == 1, V::ACROSS == 2) {
                (true, true) => spread_row::<V, 1, 8>(&mut self, first),
                (true, false) => spread_row::<V, 1, 4>(&mut self, first),
                (false, true) => spread_row::<V, PANEL, 2>(&mut self, first),
                (false, false) => spread_row::<V, PANEL, 1>(&mut self, first),
            }
        }
    }
}

/// All columns of `R` rows, `N` vectors at a time.
#[inline(always)]
fn spread_row<V: Vector, const R: usize, const N: usize>(s: &mut Spread<'_>, first: usize) {
    let mut bias = [V::splat(0.0); R];
    for r in 0..R {
        bias[r] = V::splat(s.bias.get(first + r).copied().unwrap_or(0.0));
    }
    let mut j = 0;
    while j + N <= s.bases.len() {
        spread_tile::<V, R, N>(s, first, j, &bias);
        j += N;
    }
    while j < s.bases.len() {
        spread_tile::<V, R, 1>(s, first, j, &bias);
        j += 1;
    }
}

#[inline(always)]
fn spread_tile<V: Vector, const R: usize, const N: usize>(s: &mut Spread<'_>, first: usize, j: usize, bias: &[V; R]) {
    let there = s.rows - first;
    // SAFETY: `spread` has checked the furthest offset and base, the packed length, and the furthest place; the
    // caller that there are so many bases.
    unsafe {
        let from: [*const f32; N] = std::array::from_fn(|i| s.source.as_ptr().add(*s.bases.get_unchecked(j + i) as usize));
        let to: [*mut f32; N] = std::array::from_fn(|i| s.out.as_mut_ptr().add(first * s.pitch + *s.places.get_unchecked(j + i) as usize));
        let mut weights = s.packed.as_ptr().add(first * s.offsets.len());
        let mut sums = [[V::splat(0.0); N]; R];
        for r in 0..R {
            sums[r] = [bias[r]; N];
        }
        for &offset in s.offsets {
            let values: [V; N] = std::array::from_fn(|i| V::load(from[i].add(offset as usize)));
            for r in 0..R {
                let weight = V::splat(*weights.add(r));
                for i in 0..N {
                    sums[r][i] = sums[r][i].add_product(weight, values[i]);
                }
            }
            weights = weights.add(PANEL);
        }
        for r in 0..R {
            if r >= there {
                break;
            }
            for i in 0..N {
                let sum = if s.relu { sums[r][i].through(sums[r][i]) } else { sums[r][i] };
                sum.store(to[i].add(r * s.pitch));
                expect(to[i].wrapping_add((PANEL + r) * s.pitch));
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
            // A row that is left alone shares its numbers among more columns.
            match (self.rows - first == 1, V::ACROSS == 2) {
                (true, true) => correlate_rows::<V, 1, 9>(&mut self, first),
                (true, false) => correlate_rows::<V, 1, 8>(&mut self, first),
                (false, true) => correlate_rows::<V, PANEL, 3>(&mut self, first),
                (false, false) => correlate_rows::<V, PANEL, 2>(&mut self, first),
            }
        }
    }
}

#[inline(always)]
fn correlate_rows<V: Vector, const R: usize, const K: usize>(s: &mut Correlate<'_>, first: usize) {
    for k in (0..s.offsets.len()).step_by(K) {
        correlate_tile::<V, R, K>(s, first, k);
    }
}

/// Most sums of a tile, in whole vectors.
const SUMS: usize = 16;

/// `R` rows by `K` columns, one part of the lanes after another. Past the edge the last row or
/// column is computed again and not stored.
#[inline(always)]
fn correlate_tile<V: Vector, const R: usize, const K: usize>(s: &mut Correlate<'_>, first: usize, k: usize) {
    let depth = s.offsets.len();
    let (last_row, last_k) = (s.rows - 1, depth - 1);
    let mut lanes = [[0.0f32; LANES]; SUMS];
    for part in (0..LANES).step_by(V::Part::WIDTH) {
        let mut sums = [[V::Part::zero(); K]; R];
        // SAFETY: `correlate` has checked the furthest offset and base and the rows.
        unsafe {
            let left: [*const f32; R] = std::array::from_fn(|r| s.a.as_ptr().add((first + r).min(last_row) * s.pitch + part));
            let right: [*const f32; K] = std::array::from_fn(|i| s.source.as_ptr().add(s.offsets[(k + i).min(last_k)] as usize + part));
            for (j, &base) in s.bases.iter().enumerate() {
                let values: [V::Part; K] = std::array::from_fn(|i| V::Part::load(right[i].add(base as usize)));
                for r in 0..R {
                    let a = V::Part::load(left[r].add(j * LANES));
                    for i in 0..K {
                        sums[r][i] = sums[r][i].add_product(a, values[i]);
                    }
                }
            }
            for r in 0..R {
                for i in 0..K {
                    sums[r][i].store(lanes[r * K + i][part..].as_mut_ptr());
                }
            }
        }
    }
    let sums = sum_each::<V>(&lanes);
    for r in 0..R.min(s.rows - first) {
        for i in 0..K.min(depth - k) {
            let (to, sum) = (&mut s.out[(first + r) * depth + k + i], sums[r * K + i]);
            *to = if s.add { *to + sum } else { sum };
        }
    }
}

/// The sum of each vector's lanes, in the order of [`super::simd::sum_lanes`].
#[inline(always)]
fn sum_each<V: Vector>(lanes: &[[f32; LANES]; SUMS]) -> [f32; SUMS] {
    let mut sums = [0.0; SUMS];
    for eight in (0..SUMS).step_by(LANES) {
        // SAFETY: both arrays have eight vectors, or eight numbers, from there on.
        unsafe {
            let mut rows = [V::splat(0.0); LANES];
            for i in 0..LANES {
                rows[i] = V::load(lanes[eight + i].as_ptr());
            }
            let l = V::transpose(rows);
            let sum = l[0].add(l[4]).add(l[2].add(l[6])).add(l[1].add(l[5]).add(l[3].add(l[7])));
            sum.store(sums[eight..].as_mut_ptr());
        }
    }
    sums
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
            let places: Vec<u32> = (0..columns).map(|j| (j * LANES) as u32).collect();
            let bias = numbers(rows, 4);
            spread(&packed, rows, &source, &offsets, &bases, &mut out, &places, pitch, &bias, true);
            for r in 0..rows {
                for p in 0..pitch {
                    let product = |k: usize| f64::from(a[r * depth + k]) * f64::from(at(k, p / LANES, p % LANES));
                    let want = (0..depth).map(product).sum::<f64>() + f64::from(bias[r]);
                    assert!((f64::from(out[r * pitch + p]) - want.max(0.0)).abs() < 1e-6, "row {r}, place {p}");
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
        spread(&[1.0; 4], 1, &[0.0; 8], &[0], &[1], &mut [0.0; 8], &[0], 8, &[], false);
    }
}
