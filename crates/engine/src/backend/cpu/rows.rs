//! Rows of numbers from one place to another.

#![allow(unsafe_code)] // Bounds are checked once per call.

use super::{
    panels::Gate,
    simd::{Kernel, LANES, Vector, dispatch},
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
                    let v = V::load(from.as_ptr().add(source + at));
                    let v = match gate {
                        Gate::Open => v,
                        Gate::Rectifier(outputs) => v.through(V::load(outputs.as_ptr().add(source + at))),
                    };
                    v.store(to.as_mut_ptr().add(target + at));
                }
                i += LANES;
            }
        }
    }
}
