//! The product over panels, which convolutions of many channels and dense layers are made of.
//!
//! One factor lies in **panels** of eight columns (channels, most often): panel `p` holds, for each term
//! `q` of the sum, the eight numbers of columns `8p..8p + 8` side by side. The other is read where it lies,
//! one number at a time: row `r`'s number for term `q` is `source[rows[r] + terms[q]]`. So no im2col is
//! written, and any stride, padding and size of map costs the same.

#![allow(unsafe_code)] // Bounds are checked once per call, not once per load.

use super::simd::{Kernel, LANES, Vector, dispatch};

/// Terms that are summed in one go: their panels then stay in the nearest cache.
const TERMS: usize = 256;

/// Numbers in the panels of `columns` columns and `terms` terms.
pub const fn panels_len(columns: usize, terms: usize) -> usize {
    columns.next_multiple_of(LANES).saturating_mul(terms)
}

/// Where a row of a panel lies: `panel · p + row · r`.
#[derive(Clone, Copy, Debug)]
pub struct Pitch {
    pub panel: usize,
    pub row: usize,
}

impl Pitch {
    /// One panel of `rows` after another.
    pub const fn panels(rows: usize) -> Self {
        Self { panel: rows * LANES, row: LANES }
    }

    /// Rows of a matrix with so many columns, a multiple of eight.
    pub const fn matrix(columns: usize) -> Self {
        Self { panel: LANES, row: columns }
    }
}

/// `out[r][c] = Σ_q source[rows[r] + terms[q]] · matrix[q][c]`, added to what stands there if `add`.
///
/// `matrix` is `panels` panels of `terms.len()` rows each. Sums are taken in the order of the terms, in
/// stretches of 256.
pub fn multiply(matrix: &[f32], panels: usize, source: &[f32], rows: &[u32], terms: &[u32], out: &mut [f32], pitch: Pitch, add: bool) {
    if rows.is_empty() || panels == 0 {
        return;
    }
    let furthest = |t: &[u32]| t.iter().copied().max().unwrap_or(0) as usize;
    assert!(furthest(rows) + furthest(terms) < source.len(), "a table points past the source");
    assert!(matrix.len() >= panels * terms.len() * LANES);
    assert!(out.len() >= (panels - 1) * pitch.panel + (rows.len() - 1) * pitch.row + LANES);
    dispatch(Multiply { matrix, panels, source, rows, terms, out, pitch, add });
}

struct Multiply<'a> {
    matrix: &'a [f32],
    panels: usize,
    source: &'a [f32],
    rows: &'a [u32],
    terms: &'a [u32],
    out: &'a mut [f32],
    pitch: Pitch,
    add: bool,
}

impl Kernel for Multiply<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for first in (0..self.terms.len()).step_by(TERMS) {
            let count = TERMS.min(self.terms.len() - first);
            let add = self.add || first > 0;
            let mut panel = 0;
            if V::ACROSS == 2 {
                // Twelve sums, two columns and one broadcast: fifteen of sixteen registers.
                while panel + 2 <= self.panels {
                    stripe::<V, 6, 2>(&mut self, panel, first, count, add);
                    panel += 2;
                }
                if panel < self.panels {
                    stripe::<V, 8, 1>(&mut self, panel, first, count, add);
                }
            } else {
                // Eight sums of 128 bits: what WebAssembly engines hold without spilling.
                while panel < self.panels {
                    stripe::<V, 4, 1>(&mut self, panel, first, count, add);
                    panel += 1;
                }
            }
        }
    }
}

/// All rows of `N` neighbouring panels. Past the last row that row is computed again and not stored.
#[inline(always)]
fn stripe<V: Vector, const R: usize, const N: usize>(m: &mut Multiply<'_>, panel: usize, first_term: usize, count: usize, add: bool) {
    let last = m.rows.len() - 1;
    for first in (0..m.rows.len()).step_by(R) {
        let mut rows = [0; R];
        for r in 0..R {
            rows[r] = m.rows[(first + r).min(last)] as usize;
        }
        // Neighbours are read from one address, which leaves fewer to count.
        let near = (1..R).all(|r| rows[r] == rows[0] + r);
        // SAFETY: `multiply` has checked the furthest row and term, the panels, and the furthest output.
        unsafe {
            let sums: [[V; N]; R] = if near {
                tile::<V, R, N, true>(m, rows, panel, first_term, count)
            } else {
                tile::<V, R, N, false>(m, rows, panel, first_term, count)
            };
            for r in 0..R {
                if first + r > last {
                    break;
                }
                for n in 0..N {
                    let to = m.out.as_mut_ptr().add((panel + n) * m.pitch.panel + (first + r) * m.pitch.row);
                    let sum = if add { V::load(to).add(sums[r][n]) } else { sums[r][n] };
                    sum.store(to);
                }
            }
        }
    }
}

/// The sums of `count` terms from `first_term` on, of `R` rows and `N` panels. `NEAR`: each row begins one number after
/// the one before.
///
/// # Safety
/// The source must hold all these terms of these rows, and the matrix the panels.
#[inline(always)]
unsafe fn tile<V: Vector, const R: usize, const N: usize, const NEAR: bool>(
    m: &Multiply<'_>,
    rows: [usize; R],
    panel: usize,
    first_term: usize,
    count: usize,
) -> [[V; N]; R] {
    // SAFETY: by contract.
    unsafe {
        let from: [*const f32; R] = std::array::from_fn(|r| m.source.as_ptr().add(rows[r]));
        let columns: [*const f32; N] = std::array::from_fn(|n| m.matrix.as_ptr().add(((panel + n) * m.terms.len() + first_term) * LANES));
        let mut sums = [[V::splat(0.0); N]; R];
        for (q, &term) in m.terms.get_unchecked(first_term..first_term + count).iter().enumerate() {
            let values: [V; N] = std::array::from_fn(|n| V::load(columns[n].add(q * LANES)));
            for r in 0..R {
                let number = V::splat(if NEAR { *from[0].add(term as usize).add(r) } else { *from[r].add(term as usize) });
                for n in 0..N {
                    sums[r][n] = sums[r][n].add_product(number, values[n]);
                }
            }
        }
        sums
    }
}

/// What happens to a plane of numbers on its way into panels.
#[derive(Clone, Copy, Debug)]
pub enum Gate<'a> {
    Open,
    /// Zero where the number at the same place is zero or less: the gradient through a rectifier.
    Rectifier(&'a [f32]),
}

impl<'a> Gate<'a> {
    /// The gate of the places from `first` on.
    pub fn from(self, first: usize) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Rectifier(outputs) => Self::Rectifier(&outputs[first..]),
        }
    }

    /// Whether there are so many places.
    pub fn holds(self, count: usize) -> bool {
        match self {
            Self::Open => true,
            Self::Rectifier(outputs) => outputs.len() >= count,
        }
    }

    /// The number at `place` of `values`, through the gate.
    #[inline(always)]
    pub fn at(self, values: &[f32], place: usize) -> f32 {
        match self {
            Self::Rectifier(outputs) if outputs[place] <= 0.0 => 0.0,
            _ => values[place],
        }
    }

    /// Eight numbers of `values` from `place` on, through the gate.
    ///
    /// # Safety
    /// There must be as many from there on, in the gate too.
    #[inline(always)]
    pub unsafe fn load<V: Vector>(self, values: &[f32], place: usize) -> V {
        // SAFETY: by contract.
        unsafe {
            let v = V::load(values.as_ptr().add(place));
            match self {
                Self::Open => v,
                Self::Rectifier(outputs) => v.through(V::load(outputs.as_ptr().add(place))),
            }
        }
    }
}

/// Columns that lie as rows, `pitch` apart, into panels: `to[p][q][lane] = from[(8p + lane) · pitch + q]` for
/// `q` below `count`, zero beyond `columns`. Panels are `panel` numbers apart.
pub fn enter(from: &[f32], gate: Gate<'_>, pitch: usize, columns: usize, count: usize, to: &mut [f32], panel: usize) {
    if columns == 0 || count == 0 {
        return;
    }
    let needed = (columns - 1) * pitch + count;
    assert!(from.len() >= needed && to.len() >= (columns.div_ceil(LANES) - 1) * panel + count * LANES);
    if let Gate::Rectifier(outputs) = gate {
        assert!(outputs.len() >= needed);
    }
    dispatch(Enter { from, gate, pitch, columns, count, to, panel });
}

struct Enter<'a> {
    from: &'a [f32],
    gate: Gate<'a>,
    pitch: usize,
    columns: usize,
    count: usize,
    to: &'a mut [f32],
    panel: usize,
}

impl Kernel for Enter<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let whole = self.count - self.count % LANES;
        for p in 0..self.columns.div_ceil(LANES) {
            let there = (self.columns - p * LANES).min(LANES);
            for q in (0..whole).step_by(LANES) {
                let mut rows = [V::splat(0.0); LANES];
                // SAFETY: `enter` has checked the last column's numbers and the last panel.
                unsafe {
                    for lane in 0..LANES {
                        // Of columns that are missing the last is read again, and zeros are taken.
                        let place = (p * LANES + lane.min(there - 1)) * self.pitch + q;
                        rows[lane] = self.gate.load(self.from, place);
                        if lane >= there {
                            rows[lane] = V::splat(0.0);
                        }
                    }
                    let columns = V::transpose(rows);
                    let to = self.to.as_mut_ptr().add(p * self.panel + q * LANES);
                    for i in 0..LANES {
                        columns[i].store(to.add(i * LANES));
                    }
                }
            }
            for q in whole..self.count {
                let row = &mut self.to[p * self.panel + q * LANES..][..LANES];
                for (lane, to) in row.iter_mut().enumerate() {
                    let place = (p * LANES + lane) * self.pitch + q;
                    *to = match self.gate {
                        _ if lane >= there => 0.0,
                        Gate::Rectifier(outputs) if outputs[place] <= 0.0 => 0.0,
                        _ => self.from[place],
                    };
                }
            }
        }
    }
}

/// Out of panels again: `to[(8p + lane) · pitch + q] = from[p][q][lane] + bias[8p + lane]`, rectified if `relu`,
/// for `q` below `count`. No bias is a bias of zero.
pub fn leave(from: &[f32], panel: usize, bias: &[f32], relu: bool, to: &mut [f32], pitch: usize, columns: usize, count: usize) {
    if columns == 0 || count == 0 {
        return;
    }
    assert!(to.len() >= (columns - 1) * pitch + count && from.len() >= (columns.div_ceil(LANES) - 1) * panel + count * LANES);
    dispatch(Leave { from, panel, bias, relu, to, pitch, columns, count });
}

struct Leave<'a> {
    from: &'a [f32],
    panel: usize,
    bias: &'a [f32],
    relu: bool,
    to: &'a mut [f32],
    pitch: usize,
    columns: usize,
    count: usize,
}

impl Kernel for Leave<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let whole = self.count - self.count % LANES;
        for p in 0..self.columns.div_ceil(LANES) {
            let there = (self.columns - p * LANES).min(LANES);
            let bias: [f32; LANES] = std::array::from_fn(|lane| self.bias.get(p * LANES + lane).copied().unwrap_or(0.0));
            // SAFETY: the array has eight numbers; `leave` has checked the last panel and the last column.
            unsafe {
                let bias = V::load(bias.as_ptr());
                for q in (0..whole).step_by(LANES) {
                    let from = self.from.as_ptr().add(p * self.panel + q * LANES);
                    let mut rows = [V::splat(0.0); LANES];
                    for i in 0..LANES {
                        let v = V::load(from.add(i * LANES)).add(bias);
                        rows[i] = if self.relu { v.through(v) } else { v };
                    }
                    let columns = V::transpose(rows);
                    let to = self.to.as_mut_ptr().add(p * LANES * self.pitch + q);
                    for lane in 0..LANES {
                        if lane < there {
                            columns[lane].store(to.add(lane * self.pitch));
                        }
                    }
                }
            }
            for q in whole..self.count {
                for lane in 0..there {
                    let v = self.from[p * self.panel + q * LANES + lane] + bias[lane];
                    self.to[(p * LANES + lane) * self.pitch + q] = if self.relu && v <= 0.0 { 0.0 } else { v };
                }
            }
        }
    }
}

/// Adds row `i` of a panel to row `targets[i]` of another.
pub fn add_rows(from: &[f32], targets: &[u32], to: &mut [f32]) {
    let furthest = targets.iter().copied().max().unwrap_or(0) as usize;
    assert!(from.len() >= targets.len() * LANES && to.len() >= (furthest + 1) * LANES);
    dispatch(AddRows { from, targets, to });
}

struct AddRows<'a> {
    from: &'a [f32],
    targets: &'a [u32],
    to: &'a mut [f32],
}

impl Kernel for AddRows<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        for (i, target) in self.targets.iter().enumerate() {
            // SAFETY: `add_rows` has checked the furthest target and the rows.
            unsafe {
                let to = self.to.as_mut_ptr().add(*target as usize * LANES);
                V::load(to).add(V::load(self.from.as_ptr().add(i * LANES))).store(to);
            }
        }
    }
}

/// A matrix with so many columns and rows, row after row, into panels; zeros fill the last one.
pub fn lay(from: &[f32], columns: usize, rows: usize, to: &mut [f32]) {
    for (p, panel) in to.chunks_exact_mut(rows * LANES).enumerate() {
        let there = (columns - p * LANES).min(LANES);
        for (to, from) in panel.chunks_exact_mut(LANES).zip(from.chunks_exact(columns)) {
            let from = &from[p * LANES..p * LANES + there];
            match <&[f32; LANES]>::try_from(from) {
                Ok(eight) => to.copy_from_slice(eight),
                Err(_) => {
                    to[..there].copy_from_slice(from);
                    to[there..].fill(0.0);
                }
            }
        }
    }
}
