//! What a search comes to.

use protocol::{BatchRow, BatchSuggestion, RatePoint, RateSuggestion};

/// Points to each side over which a slope is taken.
const REACH: usize = 3;
/// A loss that has fallen by less than this share has not fallen.
const LEAST_FALL: f64 = 0.03;
/// Points at the start whose rates are too small to matter: they show how much batches differ.
const CALM: usize = 30;
/// A batch size is large enough that reaches this share of the greatest speed.
const ENOUGH: f64 = 0.9;

/// Where the loss falls fastest, or a tenth of the rate at which it is least: the smaller of the two, since the running
/// mean lags behind.
pub fn rate(points: &[RatePoint]) -> RateSuggestion {
    let none = |why: &str| RateSuggestion { rate: None, why: why.to_owned() };
    let least = (0..points.len()).min_by(|a, b| points[*a].smooth.total_cmp(&points[*b].smooth));
    let Some(least) = least.filter(|_| points.len() > 2 * REACH + 1) else {
        return none("the loss was lost at once: the network cannot be trained as it stands");
    };
    // The first means are those of a few batches.
    let start = points[..=REACH].iter().map(|p| p.smooth).sum::<f64>() / (REACH + 1) as f64;
    let calm = &points[..CALM.min(points.len())];
    let level = calm.iter().map(|p| p.loss).sum::<f64>() / calm.len() as f64;
    let spread = (calm.iter().map(|p| (p.loss - level) * (p.loss - level)).sum::<f64>() / calm.len() as f64).sqrt();
    if points[least].smooth > (1.0 - LEAST_FALL) * start || points[least].smooth > level - spread {
        // It is as low as one step after another at a small rate makes it: all there is to see is where it grows.
        let last = points.iter().rposition(|p| p.smooth <= level + spread).filter(|i| *i > CALM && i + 1 < points.len());
        let Some(last) = last else {
            return none("the loss never fell: it may be as low as it gets, or the network cannot be trained as it stands");
        };
        let (rate, grows) = (two_digits(points[last].rate / 10.0), two_digits(points[last].rate));
        return RateSuggestion {
            rate: Some(rate),
            why: format!("a tenth of {grows}, from where on the loss grows: it does not fall any more"),
        };
    }
    let slope = |i: usize| {
        let (a, b) = (&points[i - REACH], &points[i + REACH]);
        (b.smooth - a.smooth) / libm::log(f64::from(b.rate) / f64::from(a.rate))
    };
    let steepest = (REACH..points.len() - REACH).filter(|i| *i <= least).min_by(|a, b| slope(*a).total_cmp(&slope(*b)));
    let tenth = points[least].rate / 10.0;
    match steepest.map(|i| points[i].rate) {
        Some(rate) if rate <= tenth => {
            let rate = two_digits(rate);
            RateSuggestion {
                rate: Some(rate),
                why: format!("near {rate} the loss falls fastest; at larger rates it falls more slowly and then grows"),
            }
        }
        _ => {
            let (rate, least) = (two_digits(tenth), two_digits(points[least].rate));
            RateSuggestion {
                rate: Some(rate),
                why: format!("a tenth of {least}, where the loss is least before it grows: it falls fastest too close to that to be safe"),
            }
        }
    }
}

/// As people write it; by way of text, so that 0.001 is the `f32` nearest to 0.001.
fn two_digits(rate: f32) -> f32 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

/// The smallest size that is nearly as fast as the fastest.
pub fn batch(rows: &[BatchRow]) -> BatchSuggestion {
    let most = rows.iter().map(|r| r.images_per_second).fold(0.0, f64::max);
    let Some(found) = rows.iter().find(|r| r.images_per_second >= ENOUGH * most) else {
        return BatchSuggestion { batch: None, why: "no size could be timed".to_owned() };
    };
    let why = format!(
        "{} is the smallest that comes within a tenth of the greatest speed; larger ones make fewer updates of as many images",
        found.batch
    );
    BatchSuggestion { batch: Some(found.batch), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15 points a decade from 10⁻⁶ on.
    fn points(loss: impl Fn(f64) -> f64) -> Vec<RatePoint> {
        let rate = |i: usize| 1e-6 * 10f64.powf(i as f64 / 15.0);
        (0..100).map(|i| RatePoint { rate: rate(i) as f32, loss: loss(rate(i)), smooth: loss(rate(i)) }).collect()
    }

    #[test]
    fn the_steepest_place_is_found() {
        // Falls by a sigmoid of ln rate about 10⁻³, and grows beyond 10⁻¹.
        let found = rate(&points(|r| 2.3 - 2.0 / (1.0 + (1e-3 / r)) + 10.0 * r * r));
        let got = found.rate.unwrap();
        assert!((6e-4..1.5e-3).contains(&got), "{found:?}");
        assert!(found.why.contains("falls fastest"), "{found:?}");
    }

    #[test]
    fn a_fall_right_before_the_rise_is_not_trusted() {
        // Steepest next to the least.
        let found = rate(&points(|r| if r < 0.03 { 2.3 - r * 40.0 } else { 50.0 * r }));
        assert!((2e-3..4e-3).contains(&found.rate.unwrap()), "{found:?}");
        assert!(found.why.contains("a tenth of"), "{found:?}");
    }

    #[test]
    fn what_never_falls_gives_no_rate() {
        assert_eq!(rate(&points(|_| 2.3)).rate, None);
        assert_eq!(rate(&points(|r| 2.3 + r)[..20]).rate, None);
        assert_eq!(rate(&[]).rate, None);
    }

    /// Batches differ by ±0.1 about 0.5; from 0.01 on the loss grows.
    #[test]
    fn a_network_that_is_trained_already_is_kept_below_the_rise() {
        let mut points = points(|r| if r < 0.01 { 0.5 } else { 0.5 + 100.0 * (r - 0.01) });
        for (i, point) in points.iter_mut().enumerate() {
            point.loss += if i % 2 == 0 { 0.1 } else { -0.1 };
            point.smooth += if i % 9 == 3 { -0.05 } else { 0.0 };
        }
        let found = rate(&points);
        assert!((5e-4..2e-3).contains(&found.rate.unwrap()), "{found:?}");
        assert!(found.why.contains("grows"), "{found:?}");
    }

    #[test]
    fn the_smallest_fast_size_is_taken() {
        let row = |batch, images_per_second| BatchRow { batch, images_per_second, step_ms: 1.0, memory_bytes: 0.0 };
        assert_eq!(batch(&[row(1, 100.0), row(2, 180.0), row(4, 185.0), row(8, 190.0)]).batch, Some(2));
        assert_eq!(batch(&[]).batch, None);
    }
}
