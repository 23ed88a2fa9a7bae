//! What is worked out of a layer's numbers.

use protocol::{
    Histogram,
    probe::{BINS, NAMED},
};

/// Euclidean length. NaN where there is nothing.
pub fn norm(numbers: &[f32]) -> f32 {
    if numbers.is_empty() {
        return f32::NAN;
    }
    sum(numbers, |x| x * x).sqrt() as f32
}

/// ‖after − before‖ / ‖before‖. NaN where there is nothing, or nothing but zeros.
pub fn change(before: &[f32], after: &[f32]) -> f32 {
    let moved: f64 = before.iter().zip(after).map(|(b, a)| (f64::from(*a) - f64::from(*b)) * (f64::from(*a) - f64::from(*b))).sum();
    let length = sum(before, |x| x * x);
    if length > 0.0 { (moved / length).sqrt() as f32 } else { f32::NAN }
}

fn sum(numbers: &[f32], of: impl Fn(f64) -> f64) -> f64 {
    numbers.iter().map(|x| of(f64::from(*x))).sum()
}

/// Mean, standard deviation and share of zeros of a layer's output.
pub fn moments(output: &[f32]) -> [f32; 3] {
    let count = output.len().max(1) as f64;
    let mean = sum(output, |x| x) / count;
    let spread = sum(output, |x| (x - mean) * (x - mean)) / count;
    let zeros = output.iter().filter(|x| **x == 0.0).count() as f64 / count;
    [mean as f32, spread.sqrt() as f32, zeros as f32]
}

/// Which numbers of an output say that hardly a gradient comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Zero is dead: rectifiers.
    Zero,
    /// Within 0.03 of 0 or 1.
    ZeroAndOne,
    /// Beyond ±0.97.
    PlusMinusOne,
}

/// Share of a unit's numbers beyond which it counts as stuck.
const STUCK_SHARE: f64 = 0.95;

impl Ends {
    /// Those of an operator, by its name.
    pub fn of(op: &str) -> Option<Self> {
        match op {
            "relu" => Some(Self::Zero),
            "sigmoid" | "softmax" => Some(Self::ZeroAndOne),
            "tanh" => Some(Self::PlusMinusOne),
            _ => None,
        }
    }

    fn has(self, x: f32) -> bool {
        match self {
            Self::Zero => x == 0.0,
            Self::ZeroAndOne => !(0.03..=0.97).contains(&x),
            Self::PlusMinusOne => x.abs() > 0.97,
        }
    }
}

/// Units of an output (batch, units, cells) at the ends of their range: the share of all numbers there, how
/// many units are there nearly always (of a rectifier: always), and the first of those.
pub fn at_ends(output: &[f32], batch: usize, units: usize, ends: Ends) -> (f32, u32, Vec<u32>) {
    let cells = (output.len() / (batch * units).max(1)).max(1);
    let mut at = vec![0usize; units];
    for image in output.chunks_exact(cells * units) {
        for (at, cells) in at.iter_mut().zip(image.chunks_exact(cells)) {
            *at += cells.iter().filter(|x| ends.has(**x)).count();
        }
    }
    let share = at.iter().sum::<usize>() as f64 / output.len().max(1) as f64;
    let least = if ends == Ends::Zero { 1.0 } else { STUCK_SHARE } * (batch * cells) as f64;
    let stuck: Vec<u32> = (0..units as u32).filter(|u| at[*u as usize] as f64 >= least).collect();
    (share as f32, stuck.len() as u32, stuck.into_iter().take(NAMED).collect())
}

/// The distribution of numbers out to four times their root mean square, or the next power of two. Without
/// `zeros` exact zeros are left out: a rectifier's would dwarf all else. `None` where nothing is left or some
/// number is none.
pub fn histogram(numbers: &[f32], zeros: bool) -> Option<Histogram> {
    let count = numbers.iter().filter(|x| zeros || **x != 0.0).count();
    let rms = (sum(numbers, |x| x * x) / count.max(1) as f64).sqrt();
    if !(rms.is_finite() && rms > 0.0) {
        return None;
    }
    // An exact power of two, whatever the machine's logarithm.
    let mut reach = 1.0_f64;
    while reach < 4.0 * rms {
        reach *= 2.0;
    }
    while reach >= 8.0 * rms {
        reach /= 2.0;
    }
    let mut counts = [0u32; BINS];
    let scale = BINS as f64 / (2.0 * reach);
    for x in numbers.iter().filter(|x| zeros || **x != 0.0) {
        let bin = ((f64::from(*x) + reach) * scale).clamp(0.0, (BINS - 1) as f64) as usize;
        counts[bin] += 1;
    }
    let reach = reach as f32;
    (reach > 0.0).then(|| Histogram { reach, shares: counts.iter().map(|n| *n as f32 / count as f32).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_by_hand() {
        assert_eq!(norm(&[3.0, -4.0]), 5.0);
        assert!(norm(&[]).is_nan());
        assert_eq!(change(&[3.0, 4.0], &[3.0, 4.5]), 0.1);
        assert!(change(&[0.0], &[1.0]).is_nan());
        assert_eq!(moments(&[0.0, 0.0, 2.0, 2.0]), [1.0, 1.0, 0.5]);
    }

    #[test]
    fn a_unit_is_dead_where_it_is_zero_on_every_digit() {
        // Two digits, three units of two cells: the first always zero, the second on one digit alone.
        let output = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 1.0, 1.0];
        assert_eq!(at_ends(&output, 2, 3, Ends::Zero), ((8.0_f64 / 12.0) as f32, 1, vec![0]));
        let (share, count, named) = at_ends(&[0.99, 0.5, 0.01, 0.5, 0.98, 0.2], 3, 2, Ends::ZeroAndOne);
        assert_eq!((share, count, named), (0.5, 1, vec![0]));
        assert_eq!(at_ends(&[-0.99, 0.99, 0.0], 3, 1, Ends::PlusMinusOne).1, 0);
    }

    #[test]
    fn a_histogram_counts_everything_once() {
        let numbers: Vec<f32> = (-500..500).map(|i| i as f32 / 250.0).collect();
        let whole = histogram(&numbers, true).unwrap();
        // The root mean square is 2 / √3, four times that 4.6.
        assert_eq!(whole.reach, 8.0);
        assert!((whole.shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        // A hundred numbers to a bin, give or take one on its edge.
        let near = |bin: usize| (whole.shares[bin] - 0.1).abs() < 2e-3;
        assert!(whole.shares[14] < 2e-3 && near(15) && near(20), "{:?}", whole.shares);
        let rectified: Vec<f32> = numbers.iter().map(|x| x.max(0.0)).collect();
        let positive = histogram(&rectified, false).unwrap();
        assert!(positive.shares[..BINS / 2].iter().all(|s| *s == 0.0));
        assert!((positive.shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        // An outlier counts in the outermost bin.
        let mut far = vec![0.1; 999];
        far.push(100.0);
        let tail = histogram(&far, true).unwrap();
        assert_eq!(*tail.shares.last().unwrap(), 1e-3);
        for odd in [&[][..], &[0.0, 0.0], &[1.0, f32::NAN], &[f32::INFINITY]] {
            assert_eq!(histogram(odd, true), None, "{odd:?}");
        }
    }
}
