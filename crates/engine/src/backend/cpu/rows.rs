//! Rows of numbers from one place to another.

#![allow(unsafe_code)] // Bounds are checked once per call.

use super::{
    panels::Gate,
    product::PANEL,
    simd::{Kernel, LANES, Vector, dispatch, expect},
};

/// Copies `count` rows of `wide` numbers, which lie one after another, to places `pitch` apart.
pub fn copy(from: &[f32], gate: Gate<'_>, wide: usize, count: usize, to: &mut [f32], pitch: usize) {
    if wide == 0 || count == 0 {
        return;
    }
    assert!(from.len() >= wide * count && to.len() >= (count - 1) * pitch + wide);
    if let Gate::Rectifier(outputs) = gate {
        assert!(outputs.len() >= wide * count);
    }
    dispatch(Copy { from, gate, wide, count, to, pitch });
}

struct Copy<'a> {
    from: &'a [f32],
    gate: Gate<'a>,
    wide: usize,
    count: usize,
    to: &'a mut [f32],
    pitch: usize,
}

impl Kernel for Copy<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { from, gate, wide, count, to, pitch } = self;
        for row in 0..count {
            let (source, target) = (row * wide, row * pitch);
            if wide < LANES {
                for i in 0..wide {
                    to[target + i] = match gate {
                        Gate::Rectifier(outputs) if outputs[source + i] <= 0.0 => 0.0,
                        _ => from[source + i],
                    };
                }
                continue;
            }
            let mut i = 0;
            while i < wide {
                // The last vector overlaps the one before it.
                let at = i.min(wide - LANES);
                // SAFETY: `copy` has checked the last row of both sides and of the gate.
                unsafe {
                    let v = gate.load::<V>(from, source + at);
                    v.store(to.as_mut_ptr().add(target + at));
                }
                i += LANES;
            }
        }
    }
}

/// Rows of `wide` numbers, at least eight, as strips of eight, one after another, of which the last of a row ends with the
/// row and has zeros where it overlaps the one before. Returns the sum of all numbers.
pub fn strips(from: &[f32], gate: Gate<'_>, wide: usize, to: &mut [f32]) -> f32 {
    assert!(wide >= LANES && from.len().is_multiple_of(wide) && to.len() >= from.len() / wide * wide.next_multiple_of(LANES));
    if let Gate::Rectifier(outputs) = gate {
        assert!(outputs.len() >= from.len());
    }
    let mut sum = 0.0;
    dispatch(Strips { from, gate, wide, to, sum: &mut sum });
    sum
}

struct Strips<'a> {
    from: &'a [f32],
    gate: Gate<'a>,
    wide: usize,
    to: &'a mut [f32],
    sum: &'a mut f32,
}

impl Kernel for Strips<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { from, gate, wide, to, sum } = self;
        // What is used until the rows after these are wanted fits the nearest cache together with them.
        let ahead = PANEL * from.len();
        // What belongs to the last strip alone.
        let rest = (wide - 1) % LANES + 1;
        let mut own = [0.0; LANES];
        own[LANES - rest..].fill(1.0);
        let mut parts = [[0.0f32; LANES]; 2];
        // SAFETY: `strips` has checked the rows, the strips and the gate; arrays have eight numbers.
        unsafe {
            let own = V::load(own.as_ptr());
            let (mut even, mut odd) = (V::splat(0.0), V::splat(0.0));
            let mut strip = to.as_mut_ptr();
            for row in (0..from.len()).step_by(wide) {
                let mut x = 0;
                // Two at a time, whose sums do not wait for each other.
                while x + 2 * LANES <= wide {
                    expect(from.as_ptr().wrapping_add(row + x + ahead));
                    if let Gate::Rectifier(outputs) = gate {
                        expect(outputs.as_ptr().wrapping_add(row + x + ahead));
                    }
                    let (a, b) = (gate.load::<V>(from, row + x), gate.load::<V>(from, row + x + LANES));
                    (even, odd) = (even.add(a), odd.add(b));
                    a.store(strip);
                    b.store(strip.add(LANES));
                    strip = strip.add(2 * LANES);
                    x += 2 * LANES;
                }
                expect(from.as_ptr().wrapping_add(row + x + ahead));
                if let Gate::Rectifier(outputs) = gate {
                    expect(outputs.as_ptr().wrapping_add(row + x + ahead));
                }
                if x + LANES <= wide {
                    let a = gate.load::<V>(from, row + x);
                    even = even.add(a);
                    a.store(strip);
                    strip = strip.add(LANES);
                    x += LANES;
                }
                if x < wide {
                    let last = gate.load::<V>(from, row + wide - LANES).through(own);
                    odd = odd.add(last);
                    last.store(strip);
                    strip = strip.add(LANES);
                }
            }
            even.store(parts[0].as_mut_ptr());
            odd.store(parts[1].as_mut_ptr());
        }
        *sum = super::simd::sum_lanes(parts[0]) + super::simd::sum_lanes(parts[1]);
    }
}
