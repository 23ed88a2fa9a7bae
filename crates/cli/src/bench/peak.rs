//! What one core can do at best: multiply and add, in registers alone, by the engine's own vectors.

use std::{hint::black_box, time::Instant};

use engine::backend::cpu::simd::{Kernel, LANES, Vector, dispatch};

const TURNS: u32 = 4_000;
const SPELLS: u32 = 30;

/// Billions of operations a second; the best of a few short spells, because a peak is a peak.
pub fn gflops() -> f64 {
    let mut best = f64::MAX;
    let mut operations = 0.0;
    for _ in 0..SPELLS {
        let started = Instant::now();
        dispatch(Chains { operations: &mut operations });
        best = best.min(started.elapsed().as_secs_f64());
    }
    operations / best / 1e9
}

struct Chains<'a> {
    operations: &'a mut f64,
}

impl Kernel for Chains<'_> {
    // Inlined into the caller, which alone may use the processor's wider instructions.
    #[inline(always)]
    fn run<V: Vector>(self) {
        // Twelve registers of sums hide the latency of a product and a sum; sixteen there are.
        let chains = if V::ACROSS == 2 { spin::<V, 12>() } else { spin::<V, 6>() };
        *self.operations = 2.0 * chains as f64 * LANES as f64 * f64::from(TURNS);
    }
}

#[inline(always)]
fn spin<V: Vector, const CHAINS: usize>() -> usize {
    let (factor, term) = (V::splat(black_box(0.5)), V::splat(black_box(1.0)));
    let mut sums = [term; CHAINS];
    for _ in 0..TURNS {
        for sum in &mut sums {
            // The sum itself is a factor: no product can be worked out ahead of the loop.
            *sum = term.add_product(*sum, factor);
        }
    }
    for sum in sums {
        black_box(sum);
    }
    CHAINS
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_peak_is_a_plausible_number() {
        let peak = super::gflops();
        assert!((0.1..1e4).contains(&peak), "{peak}");
    }
}
