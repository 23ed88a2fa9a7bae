//! The distribution Beta(α, α), from a uniform number.
//!
//! # Formula
//! What lies below x ≤ 1/2 is, with B the beta function,
//!
//! ```text
//! xᵃ (1 − x)ᵃ / (a B(a, a)) · (1 + Σₙ Πₖ₌₀ⁿ x (2a + k) / (a + 1 + k))
//! ```
//!
//! and x is found by halving; the upper half mirrors the lower. That is done once, for as many quantiles as the table
//! has; between them it is straight. CPU and card read the same table.

/// Intervals of a table.
pub const INTERVALS: usize = 1024;

/// Quantiles of Beta(α, α), evenly spaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles(pub Vec<f32>);

impl Quantiles {
    /// For an `alpha` above 0; of 0, half of all are 0 and half 1.
    pub fn new(alpha: f32) -> Self {
        let a = f64::from(alpha);
        let mut all = vec![0.0; INTERVALS + 1];
        for i in 0..=INTERVALS / 2 {
            let x = if i == INTERVALS / 2 { 0.5 } else { quantile(a, i as f64 / INTERVALS as f64) };
            (all[i], all[INTERVALS - i]) = (x as f32, (1.0 - x) as f32);
        }
        Self(all)
    }

    /// Of a number in [0, 1).
    pub fn at(&self, uniform: f32) -> f32 {
        let place = uniform * INTERVALS as f32;
        let i = (place as usize).min(INTERVALS - 1);
        self.0[i] + (self.0[i + 1] - self.0[i]) * (place - i as f32)
    }
}

/// Below which `share` lies, at most half.
fn quantile(a: f64, share: f64) -> f64 {
    let log_whole = 2.0 * libm::lgamma(a) - libm::lgamma(2.0 * a) + libm::log(a);
    let (mut low, mut high) = (0.0, 0.5);
    for _ in 0..48 {
        let x = 0.5 * (low + high);
        if below(a, log_whole, x) < share { low = x } else { high = x }
    }
    0.5 * (low + high)
}

fn below(a: f64, log_whole: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 0.0);
    while term > 1e-12 * sum {
        term *= x * (2.0 * a + k) / (a + 1.0 + k);
        sum += term;
        k += 1.0;
    }
    libm::exp(a * libm::log(x * (1.0 - x)) - log_whole) * sum
}
