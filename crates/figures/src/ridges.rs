//! Histograms over time as ridges: one line a moment, the newest in front.

/// Where one ridge lies: (x, y) from 0 to 1 in a unit box, y upwards; the first and last lie on its ground.
pub type Outline = Vec<(f64, f64)>;

/// The outlines of histograms `(reach, shares)`, the oldest first, on one common scale: the widest reach that is not
/// just one histogram's, and each as high as its own highest bin.
pub fn outlines(histograms: &[(f64, &[f32])]) -> (f64, Vec<Outline>) {
    let mut reaches: Vec<f64> = histograms.iter().map(|h| h.0).filter(|r| r.is_finite() && *r > 0.0).collect();
    engine::order::sort_by(&mut reaches, f64::total_cmp);
    let reach = match reaches[..] {
        [] => 1.0,
        [only] => only,
        [.., last, _] => last,
    };
    let outline = |(own, shares): &(f64, &[f32])| {
        let most = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let width = 2.0 * own / shares.len().max(1) as f64;
        let mut line = vec![];
        for (bin, share) in shares.iter().enumerate() {
            let middle = -own + (bin as f64 + 0.5) * width;
            if middle.abs() <= reach {
                line.push((0.5 + 0.5 * middle / reach, f64::from(share / most)));
            }
        }
        if let (Some(first), Some(last)) = (line.first().copied(), line.last().copied()) {
            line.insert(0, (first.0, 0.0));
            line.push((last.0, 0.0));
        }
        line
    };
    (reach, histograms.iter().map(outline).collect())
}

/// The value below which a share `q` of what the histogram counts lies, even within a bin.
pub fn quantile(reach: f64, shares: &[f32], q: f64) -> f64 {
    let width = 2.0 * reach / shares.len().max(1) as f64;
    let mut below = 0.0;
    for (bin, share) in shares.iter().enumerate() {
        let share = f64::from(*share);
        if share > 0.0 && below + share >= q {
            return -reach + width * (bin as f64 + ((q - below) / share).clamp(0.0, 1.0));
        }
        below += share;
    }
    reach
}

/// So many of `count` moments as there is room for: numbers of evenly spread ones, the last among them.
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    let shown = count.min(most.max(1));
    (0..shown).map(|i| if shown == 1 { count - 1 } else { (i * (count - 1) + (shown - 1) / 2) / (shown - 1) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let shares = [0.25, 0.25, 0.5, 0.0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(2.0, &shares, q)), [-2.0, -1.0, 0.0, 0.5, 1.0]);
        assert_eq!(quantile(1.0, &[], 0.5), 1.0);
    }

    #[test]
    fn ridges_share_a_scale() {
        let (narrow, wide) = ([0.0, 0.5, 0.5, 0.0], [0.25; 4]);
        let (reach, lines) = outlines(&[(1.0, &narrow), (2.0, &wide), (2.0, &wide)]);
        assert_eq!(reach, 2.0);
        assert_eq!(lines[0], [(0.3125, 0.0), (0.3125, 0.0), (0.4375, 1.0), (0.5625, 1.0), (0.6875, 0.0), (0.6875, 0.0)]);
        assert_eq!((lines[1][0], lines[1][1]), ((0.125, 0.0), (0.125, 1.0)));
        // One wild moment does not squeeze the rest.
        assert_eq!(outlines(&[(1.0, &narrow), (64.0, &wide)]).0, 1.0);
        assert_eq!(outlines(&[]).0, 1.0);
    }

    #[test]
    fn the_last_moment_is_always_there() {
        assert_eq!(spread(3, 10), [0, 1, 2]);
        assert_eq!(spread(9, 3), [0, 4, 8]);
        assert_eq!((spread(5, 1), spread(0, 4).len()), (vec![4], 0));
        assert_eq!(spread(240, 24).len(), 24);
    }
}
