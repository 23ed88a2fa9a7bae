//! Exponential smoothing with bias correction.
//!
//! `m ← w·m + (1 − w)·v`, `n ← w·n + (1 − w)`, smoothed value `m / n`: without the division, which
//! is Adam's bias correction, the first values would be drawn towards zero. Points may lie at
//! unequal distances: `w = 2^(−distance / half_life)`, so a curve does not change its form when the
//! page reports more or less often.

/// A smoothed series, fed point by point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing {
    half_life: f64,
    sum: f64,
    weight: f64,
}

impl Smoothing {
    /// After `half_life` units without news a value counts half. Zero or less does not smooth.
    pub fn new(half_life: f64) -> Self {
        Self { half_life, sum: 0.0, weight: 0.0 }
    }

    /// Takes in `value`, `distance` after the last one, and returns the smoothed value: NaN for
    /// what is no number, which leaves a gap and does not spoil what follows.
    pub fn push(&mut self, distance: f64, value: f64) -> f64 {
        if !value.is_finite() {
            return f64::NAN;
        }
        let keep = if self.half_life > 0.0 { libm::exp2(-distance.max(0.0) / self.half_life) } else { 0.0 };
        // Two values at one place would give the second no weight at all.
        let keep = keep.min(0.999);
        self.sum = keep * self.sum + (1.0 - keep) * value;
        self.weight = keep * self.weight + (1.0 - keep);
        self.sum / self.weight
    }
}

/// Smooths the values at places `(x, value)`, in order of `x`.
pub fn smoothed(points: impl IntoIterator<Item = (f64, f64)>, half_life: f64) -> Vec<(f64, f64)> {
    let (mut smoothing, mut last) = (Smoothing::new(half_life), None);
    points
        .into_iter()
        .map(|(x, value)| {
            let distance = last.map_or(1.0, |last| x - last);
            last = Some(x);
            (x, smoothing.push(distance, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Half-life 1: every weight is a half. 4, then (½·(½·4) + ½·1) / ¾ = 1.5 / 0.75 = 2.
        let mut s = Smoothing::new(1.0);
        assert_eq!(s.push(1.0, 4.0), 4.0);
        assert!((s.push(1.0, 1.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_stays_itself() {
        for (_, v) in smoothed((0..50).map(|i| (f64::from(i * i), 0.3)), 20.0) {
            assert!((v - 0.3).abs() < 1e-12);
        }
    }

    #[test]
    fn half_life_is_a_half_life() {
        let mut s = Smoothing::new(10.0);
        for _ in 0..1000 {
            s.push(1.0, 1.0);
        }
        let mut last = 1.0;
        for _ in 0..10 {
            last = s.push(1.0, 0.0);
        }
        assert!((last - 0.5).abs() < 1e-6, "{last}");
    }

    #[test]
    fn no_smoothing_at_all() {
        let points = [(0.0, 3.0), (1.0, -1.0)];
        assert_eq!(smoothed(points, 0.0), points);
    }

    #[test]
    fn a_gap_does_not_spoil_what_follows() {
        let out = smoothed([(0.0, 2.0), (1.0, f64::NAN), (2.0, f64::INFINITY), (3.0, 2.0)], 5.0);
        assert!(out[1].1.is_nan() && out[2].1.is_nan());
        assert!((out[3].1 - 2.0).abs() < 1e-12);
    }
}
