//! The exponential function and its kin in plain `f32` arithmetic: no table, no branch that a
//! compiler could not turn into a select. So a loop over them works on whole vectors, and every machine
//! gives the same bits. `libm` gives them too, one number at a time, which is ten to thirty times slower.
//!
//! Errors are those measured against `libm` in `f64` (the tests at the end hold them). NaN passes.

/// Below it the exponential counts as 0: about the smallest normal number.
const LEAST: f32 = -87.0;

/// `(2^k, e^r − 1)` with `x = k·ln 2 + r`, `|r| ≤ ln 2 / 2`, for x of −87 to 88. The polynomial is
/// that of Cephes (S. Moshier), whose error lies below half a unit in the last place.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    // ln 2 in two parts, of which the first has few bits: k times it is exact.
    let r = x - k * (355.0 / 512.0) + k * 2.121_944_4e-4;
    let p = ((((1.987_569_2e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r + 1.666_666_5e-1) * r + 0.5;
    (f32::from_bits(shifted.to_bits().wrapping_add(127) << 23), p * (r * r) + r)
}

/// `e^x` for x up to 88, within 2 units in the last place; 0 below −87.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (scale, more) = split(if x < LEAST { LEAST } else { x });
    if x < LEAST { 0.0 } else { scale + scale * more }
}

/// `e^x − 1` for x up to 88, within 3 units in the last place: nothing is lost where x is small.
#[inline(always)]
pub fn exp_m1(x: f32) -> f32 {
    let (scale, more) = split(if x < LEAST { LEAST } else { x });
    (scale - 1.0) + scale * more
}

/// `ln(1 + x)` for x of 0 to 1, within 3 units in the last place: `2·artanh(s)`, `s = x / (2 + x) ≤ 1/3`,
/// by its series.
#[inline(always)]
pub fn ln_1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let q = s * s;
    let series = ((((((1.0 / 13.0) * q + 1.0 / 11.0) * q + 1.0 / 9.0) * q + 1.0 / 7.0) * q + 1.0 / 5.0) * q + 1.0 / 3.0) * q;
    2.0 * (s + s * series)
}

/// `1 / (1 + e^−x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let t = exp(-x.abs()); // never overflows
    (if x < 0.0 { t } else { 1.0 }) / (1.0 + t)
}

#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let m = exp_m1(-2.0 * x.abs());
    (-m / (2.0 + m)).copysign(x)
}

/// `(Φ(x), e^(−x²/2))`: the normal distribution function, that is `(1 + erf(x / √2)) / 2`, and what its
/// density is made of. Off by 2.5 · 10⁻⁷ at most.
///
/// `Φ(−|x|) = e^(−x²/2) · t · P(t)`, `t = 1 / (1 + 0.34 |x|)`: the form of Abramowitz and Stegun 7.1.26.
/// P is fitted anew, to the smallest greatest relative error (1.6 · 10⁻⁷) over |x| up to 6.
#[inline(always)]
pub fn normal(x: f32) -> (f32, f32) {
    let t = 1.0 / (1.0 + 0.34 * x.abs());
    let p = ((((((0.046_452_15 * t - 0.207_596_17) * t + 0.276_615_65) * t - 0.042_307_2) * t + 0.162_437_3) * t + 0.128_213_52) * t
        + 0.136_184_7)
        * t;
    let e = exp(-0.5 * x * x);
    let tail = e * p;
    (if x < 0.0 { tail } else { 1.0 - tail }, e)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest errors of `f` against `exact` on a fine grid of `from..=to`, relative and absolute.
    fn worst(from: f64, to: f64, f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> [f64; 2] {
        const STEPS: u32 = 200_000;
        (0..=STEPS).fold([0.0; 2], |[relative, absolute], i| {
            let x = (from + (to - from) * f64::from(i) / f64::from(STEPS)) as f32;
            let want = exact(f64::from(x));
            let off = (f64::from(f(x)) - want).abs();
            assert!(off.is_finite(), "{x} gives {}", f(x));
            [if want == 0.0 { relative } else { relative.max(off / want.abs()) }, absolute.max(off)]
        })
    }

    const ULP: f64 = f32::EPSILON as f64;

    #[test]
    fn errors_are_as_stated() {
        assert!(worst(-86.9, 88.0, exp, libm::exp)[0] < 2.0 * ULP);
        for reach in [1e-6, 1e-3, 1.0, 80.0] {
            assert!(worst(-reach, reach, exp_m1, libm::expm1)[0] < 3.0 * ULP, "exp_m1 to {reach}");
            assert!(worst(-reach, reach, tanh, libm::tanh)[0] < 4.0 * ULP, "tanh to {reach}");
            assert!(worst(0.0, reach.min(1.0), ln_1p, libm::log1p)[0] < 3.0 * ULP, "ln_1p to {reach}");
            assert!(worst(-reach, reach, sigmoid, |x| 1.0 / (1.0 + libm::exp(-x)))[0] < 4.0 * ULP, "sigmoid to {reach}");
        }
        let exact = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
        let off = worst(-40.0, 40.0, |x| normal(x).0, exact)[1];
        assert!(off < 2.5e-7, "{off}");
        assert!(worst(-8.0, 8.0, |x| normal(x).1, |x| libm::exp(-0.5 * x * x))[1] < 1.5e-7);
    }

    #[test]
    fn far_out_there_are_limits() {
        for far in [88.0, 1e3, 1e30, f32::INFINITY] {
            assert!(exp(-far) < 1e-37 && exp_m1(-far) == -1.0);
            assert!(sigmoid(far) == 1.0 && sigmoid(-far) < 1e-37);
            assert!(tanh(far) == 1.0 && tanh(-far) == -1.0);
            assert_eq!([normal(far), normal(-far)], [(1.0, 0.0), (0.0, 0.0)]);
        }
        for f in [exp, exp_m1, ln_1p, sigmoid, tanh, |x| normal(x).0] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
