//! Max pooling of 2×2 with stride 2 on the way out of a convolution, and the gradient on the way back in, so that the
//! whole map is never stored. Which of a window's four numbers won is kept as 0, 1, 2 or 3; of equals the first.

#![allow(unsafe_code)] // Bounds are checked once per call.

use super::{
    panels::Gate,
    simd::{Kernel, LANES, Vector, dispatch},
};
use crate::Shape;

/// A pooled gradient: what reaches the pooled maps, through the gate, and who won.
#[derive(Clone, Copy, Debug)]
pub struct Pooled<'a> {
    pub d: &'a [f32],
    pub gate: Gate<'a>,
    pub winners: &'a [f32],
}

impl Pooled<'_> {
    /// The maps from place `first` on.
    pub fn from(self, first: usize) -> Self {
        Self { d: &self.d[first..], gate: self.gate.from(first), winners: &self.winners[first..] }
    }

    fn check(&self, needed: usize) {
        assert!(self.d.len() >= needed && self.winners.len() >= needed);
        if let Gate::Rectifier(outputs) = self.gate {
            assert!(outputs.len() >= needed);
        }
    }
}

/// First places of the windows `first..first + 8` of a map `w` wide, whose windows are `across` in a row; past the
/// last window (`count`) that one again.
#[inline(always)]
fn corners(first: usize, count: usize, w: usize, across: usize) -> [usize; LANES] {
    let (mut y, mut x) = (first / across, first % across);
    let mut corners = [0; LANES];
    for (i, corner) in corners.iter_mut().enumerate() {
        *corner = 2 * (y * w + x);
        if first + i + 1 < count {
            x += 1;
            if x == across {
                (y, x) = (y + 1, 0);
            }
        }
    }
    corners
}

/// Panels of a map with `map.plane()` places, as [`super::panels::leave`] takes them out, but pooled:
/// `to[c][q]` is the largest of the window's numbers, and `winners`, unless empty, which of them it is.
pub fn leave(from: &[f32], panel: usize, bias: &[f32], relu: bool, map: Shape, to: &mut [f32], winners: &mut [f32]) {
    let count = map.h / 2 * (map.w / 2);
    if map.ch == 0 || count == 0 {
        return;
    }
    assert!(from.len() >= (map.ch.div_ceil(LANES) - 1) * panel + map.plane() * LANES && to.len() >= map.ch * count);
    assert!(winners.is_empty() || winners.len() >= map.ch * count);
    dispatch(Leave { from, panel, bias, relu, map, to, winners });
}

struct Leave<'a> {
    from: &'a [f32],
    panel: usize,
    bias: &'a [f32],
    relu: bool,
    map: Shape,
    to: &'a mut [f32],
    winners: &'a mut [f32],
}

impl Kernel for Leave<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (w, across) = (self.map.w, self.map.w / 2);
        let count = self.map.h / 2 * across;
        let (keep, here) = (!self.winners.is_empty(), count.min(LANES));
        for p in 0..self.map.ch.div_ceil(LANES) {
            let there = (self.map.ch - p * LANES).min(LANES);
            let bias: [f32; LANES] = std::array::from_fn(|lane| self.bias.get(p * LANES + lane).copied().unwrap_or(0.0));
            for q in (0..count).step_by(LANES) {
                // The last eight overlap those before.
                let q = q.min(count - here);
                let corners = corners(q, count, w, across);
                let (mut most, mut marks) = ([V::splat(0.0); LANES], [V::splat(0.0); LANES]);
                // SAFETY: `leave` has checked the last place of the last panel, and the results; arrays have eight
                // numbers.
                unsafe {
                    let bias = V::load(bias.as_ptr());
                    for i in 0..LANES {
                        let at = self.from.as_ptr().add(p * self.panel + corners[i] * LANES);
                        let mut four = [bias; 4];
                        for (k, step) in [0, 1, w, w + 1].into_iter().enumerate() {
                            four[k] = V::load(at.add(step * LANES)).add(bias);
                        }
                        (most[i], marks[i]) = winner(four, self.relu);
                    }
                    let most = V::transpose(most);
                    for lane in 0..there {
                        store(most[lane], &mut self.to[(p * LANES + lane) * count + q..], here);
                    }
                    if keep {
                        let marks = V::transpose(marks);
                        for lane in 0..there {
                            store(marks[lane], &mut self.winners[(p * LANES + lane) * count + q..], here);
                        }
                    }
                }
            }
        }
    }
}

/// The largest of a window's numbers, rectified if `relu`, and which it is.
#[inline(always)]
pub(super) fn winner<V: Vector>([a, b, c, d]: [V; 4], relu: bool) -> (V, V) {
    let upper = V::larger((a, V::splat(0.0)), (b, V::splat(1.0)));
    let (most, mark) = V::larger(upper, V::larger((c, V::splat(2.0)), (d, V::splat(3.0))));
    // Where none is above zero all four are rectified to it, and the first of equals wins.
    if relu { (most.through(most), mark.through(most)) } else { (most, mark) }
}

/// The first `count` of eight numbers, of which `to` has room for.
#[inline(always)]
pub(super) fn store<V: Vector>(v: V, to: &mut [f32], count: usize) {
    if count == LANES {
        assert!(to.len() >= LANES);
        // SAFETY: just checked.
        unsafe { v.store(to.as_mut_ptr()) }
    } else {
        let mut eight = [0.0; LANES];
        // SAFETY: there are eight.
        unsafe { v.store(eight.as_mut_ptr()) }
        to[..count].copy_from_slice(&eight[..count]);
    }
}

/// The first `count` of eight numbers, zeros beyond.
#[inline(always)]
fn first<V: Vector>(load: impl Fn(usize) -> f32, count: usize) -> V {
    let eight: [f32; LANES] = std::array::from_fn(|i| if i < count { load(i) } else { 0.0 });
    // SAFETY: there are eight.
    unsafe { V::load(eight.as_ptr()) }
}

/// A pooled gradient into panels, as [`super::panels::enter`] puts a whole one: zero but for the winners' places.
pub fn enter(from: Pooled<'_>, map: Shape, to: &mut [f32], panel: usize) {
    let count = map.h / 2 * (map.w / 2);
    if map.ch == 0 || count == 0 {
        return;
    }
    from.check(map.ch * count);
    assert!(to.len() >= (map.ch.div_ceil(LANES) - 1) * panel + map.plane() * LANES);
    dispatch(Enter { from, map, to, panel });
}

struct Enter<'a> {
    from: Pooled<'a>,
    map: Shape,
    to: &'a mut [f32],
    panel: usize,
}

impl Kernel for Enter<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (map, from) = (self.map, self.from);
        let (down, across) = (map.h / 2, map.w / 2);
        let count = down * across;
        let here = count.min(LANES);
        for p in 0..map.ch.div_ceil(LANES) {
            let there = (map.ch - p * LANES).min(LANES);
            for q in (0..count).step_by(LANES) {
                let q = q.min(count - here);
                let corners = corners(q, count, map.w, across);
                let (mut d, mut winners) = ([V::splat(0.0); LANES], [V::splat(0.0); LANES]);
                for lane in 0..there {
                    let place = (p * LANES + lane) * count + q;
                    if here == LANES {
                        // SAFETY: `enter` has checked the last map.
                        unsafe {
                            d[lane] = from.gate.load(from.d, place);
                            winners[lane] = V::load(from.winners.as_ptr().add(place));
                        }
                    } else {
                        d[lane] = first(|i| from.gate.at(from.d, place + i), here);
                        winners[lane] = first(|i| from.winners[place + i], here);
                    }
                }
                let (d, winners) = (V::transpose(d), V::transpose(winners));
                for i in 0..here {
                    // SAFETY: `enter` has checked the last place of the last panel.
                    unsafe {
                        let at = self.to.as_mut_ptr().add(p * self.panel + corners[i] * LANES);
                        for (mark, step) in [(0.0, 0), (1.0, 1), (2.0, map.w), (3.0, map.w + 1)] {
                            d[i].where_equal(winners[i], V::splat(mark)).store(at.add(step * LANES));
                        }
                    }
                }
            }
            // What no window covers.
            let panel = &mut self.to[p * self.panel..][..map.plane() * LANES];
            if map.w > 2 * across {
                panel.chunks_exact_mut(map.w * LANES).for_each(|row| row[2 * across * LANES..].fill(0.0));
            }
            panel[2 * down * map.w * LANES..].fill(0.0);
        }
    }
}

/// A pooled gradient of one map, whole again: rows `pitch` apart, zero but for the winners' places. Up to 16 numbers
/// after the part of a row that windows cover may become zero, and a last row or column that they do not cover does.
pub fn spread(from: Pooled<'_>, h: usize, w: usize, to: &mut [f32], pitch: usize) {
    from.check(h / 2 * (w / 2));
    assert!(pitch >= w && to.len() >= (h - 1) * pitch + w);
    dispatch(Spread { from, h, w, to, pitch });
}

struct Spread<'a> {
    from: Pooled<'a>,
    h: usize,
    w: usize,
    to: &'a mut [f32],
    pitch: usize,
}

impl Kernel for Spread<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { from, h, w, to, pitch } = self;
        let (down, across) = (h / 2, w / 2);
        let here = across.min(LANES);
        let mask: V = first(|_| 1.0, here);
        for y in 0..down {
            for x in (0..across).step_by(LANES) {
                let x = x.min(across - here);
                let (place, at) = (y * across + x, 2 * y * pitch + 2 * x);
                let there = from.d.len() - place >= LANES && from.winners.len() - place >= LANES && from.gate.holds(place + LANES);
                let (d, winner): (V, V) = if there {
                    // SAFETY: just checked.
                    unsafe { (from.gate.load::<V>(from.d, place).through(mask), V::load(from.winners.as_ptr().add(place))) }
                } else {
                    (first(|i| from.gate.at(from.d, place + i), here), first(|i| from.winners[place + i], here))
                };
                for row in 0..2 {
                    let marks = [V::splat((2 * row) as f32), V::splat((2 * row + 1) as f32)];
                    let (a, b) = d.where_equal(winner, marks[0]).join(d.where_equal(winner, marks[1]));
                    let to = &mut to[at + row * pitch..];
                    if to.len() >= 2 * LANES {
                        // Beyond the row are its margin and rows that are written later.
                        // SAFETY: just checked.
                        unsafe {
                            a.store(to.as_mut_ptr());
                            b.store(to.as_mut_ptr().add(LANES));
                        }
                    } else {
                        let mut both = [0.0; 2 * LANES];
                        // SAFETY: there are sixteen.
                        unsafe {
                            a.store(both.as_mut_ptr());
                            b.store(both.as_mut_ptr().add(LANES));
                        }
                        to[..2 * here].copy_from_slice(&both[..2 * here]);
                    }
                }
            }
            if w > 2 * across {
                to[2 * y * pitch + w - 1] = 0.0;
                to[(2 * y + 1) * pitch + w - 1] = 0.0;
            }
        }
        if h > 2 * down {
            to[2 * down * pitch..][..w].fill(0.0);
        }
    }
}
