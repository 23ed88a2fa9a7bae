//! A series made ready to be drawn as lines: cut at gaps and at the edges, and no finer than pixels.

/// A point of a series.
pub type Point = (f64, f64);

/// The pieces of the polyline through `points` that lie between `lo` and `hi`. What is no number is
/// a gap; where the line leaves the range it is cut at the edge, not bent along it.
pub fn pieces(points: &[Point], lo: f64, hi: f64) -> Vec<Vec<Point>> {
    let (mut pieces, mut piece, mut last): (Vec<Vec<Point>>, Vec<Point>, Option<Point>) = (Vec::new(), Vec::new(), None);
    for &point in points {
        if !(point.0.is_finite() && point.1.is_finite()) {
            close(&mut pieces, &mut piece);
            last = None;
            continue;
        }
        let inside = (lo..=hi).contains(&point.1);
        match last {
            None if inside => piece.push(point),
            None => {}
            Some(from) => {
                if let Some((a, b)) = between(from, point, lo, hi) {
                    if piece.is_empty() {
                        piece.push(a);
                    }
                    piece.push(b);
                }
                if !inside {
                    close(&mut pieces, &mut piece);
                }
            }
        }
        last = Some(point);
    }
    close(&mut pieces, &mut piece);
    pieces
}

fn close(pieces: &mut Vec<Vec<Point>>, piece: &mut Vec<Point>) {
    if !piece.is_empty() {
        pieces.push(std::mem::take(piece));
    }
}

/// The part of a line segment whose height lies between `lo` and `hi` (Liang and Barsky, one axis).
fn between(a: Point, b: Point, lo: f64, hi: f64) -> Option<(Point, Point)> {
    let rise = b.1 - a.1;
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (distance, sign) in [(lo - a.1, 1.0), (a.1 - hi, -1.0)] {
        let slope = rise * sign;
        if slope == 0.0 {
            if distance > 0.0 {
                return None;
            }
        } else if slope > 0.0 {
            start = start.max(distance / slope);
        } else {
            end = end.min(distance / slope);
        }
    }
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        _ => (a.0 + t * (b.0 - a.0), (a.1 + t * rise).clamp(lo, hi)),
    };
    (start <= end).then(|| (at(start), at(end)))
}

/// At most four points for each column of width `column`: the first, the lowest, the highest and
/// the last, which draw the same pixels (M4: Jugel and others, *M4: A Visualization-Oriented Time
/// Series Data Aggregation*, 2014). Points come in order of x.
pub fn thinned(points: &[Point], column: f64) -> Vec<Point> {
    if column <= 0.0 || column.is_nan() {
        return points.to_vec();
    }
    let of = |p: &Point| libm::floor(p.0 / column);
    let mut thin = Vec::new();
    for group in points.chunk_by(|a, b| of(a) == of(b)) {
        let extreme = |better: fn(f64, f64) -> bool| {
            let mut best = 0;
            for (i, p) in group.iter().enumerate() {
                if better(p.1, group[best].1) {
                    best = i;
                }
            }
            best
        };
        let mut keep = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), group.len() - 1];
        keep.sort_unstable();
        for (i, at) in keep.into_iter().enumerate() {
            if i == 0 || at != keep[i - 1] {
                thin.push(group[at]);
            }
        }
    }
    thin
}

/// The dashes of a polyline: `pattern` gives lengths of dashes and gaps in turn.
pub fn dashed(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    if pattern.is_empty() || !pattern.iter().all(|length| *length > 0.0 && length.is_finite()) {
        return vec![points.to_vec()];
    }
    let (mut dashes, mut dash) = (Vec::new(), points.first().copied().into_iter().collect::<Vec<Point>>());
    let (mut part, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut length = libm::hypot(to.0 - from.0, to.1 - from.1);
        while length > left {
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            length -= left;
            if part % 2 == 0 {
                // A dash may end in the corner that it has just come to.
                if dash.last() != Some(&from) {
                    dash.push(from);
                }
                dashes.push(std::mem::take(&mut dash));
            } else {
                dash.push(from);
            }
            part = (part + 1) % (2 * pattern.len().div_ceil(2));
            left = pattern[part % pattern.len()];
        }
        left -= length;
        if part % 2 == 0 {
            dash.push(to);
        }
    }
    if dash.len() > 1 {
        dashes.push(dash);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_cut() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, f64::INFINITY), (5.0, 1.0), (6.0, 1.0)];
        let want = vec![vec![(0.0, 1.0), (1.0, 2.0)], vec![(3.0, 1.0)], vec![(5.0, 1.0), (6.0, 1.0)]];
        assert_eq!(pieces(&points, 0.0, 9.0), want);
    }

    #[test]
    fn edges_cut() {
        // Up through the range, over it, and back in.
        let points = [(0.0, -1.0), (2.0, 1.0), (4.0, 3.0), (6.0, 1.0)];
        assert_eq!(pieces(&points, 0.0, 2.0), vec![vec![(1.0, 0.0), (2.0, 1.0), (3.0, 2.0)], vec![(5.0, 2.0), (6.0, 1.0)]]);
        // From below to above in one step.
        assert_eq!(pieces(&[(0.0, -2.0), (4.0, 2.0)], -1.0, 1.0), vec![vec![(1.0, -1.0), (3.0, 1.0)]]);
        // Never inside.
        assert!(pieces(&[(0.0, 5.0), (1.0, 6.0)], 0.0, 1.0).is_empty());
        assert!(pieces(&[], 0.0, 1.0).is_empty());
    }

    #[test]
    fn dashes_follow_the_line_around_corners() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        let want = vec![
            vec![(0.0, 0.0), (4.0, 0.0)],
            vec![(6.0, 0.0), (10.0, 0.0)],
            vec![(10.0, 2.0), (10.0, 6.0)],
            vec![(10.0, 8.0), (10.0, 10.0)],
        ];
        assert_eq!(dashed(&line, &[4.0, 2.0]), want);
        let over = dashed(&line, &[12.0, 2.0]);
        assert_eq!(over[0], [(0.0, 0.0), (10.0, 0.0), (10.0, 2.0)]);
        assert_eq!((dashed(&line, &[]).len(), dashed(&line, &[0.0, 1.0]).len(), dashed(&[], &[1.0, 1.0]).len()), (1, 1, 0));
        assert_eq!(dashed(&[(0.0, 0.0), (20.0, 0.0)], &[4.0, 1.0, 1.0, 1.0])[1], [(5.0, 0.0), (6.0, 0.0)]);
    }

    #[test]
    fn thinning_keeps_first_extremes_and_last() {
        let points = [(0.0, 5.0), (0.1, 9.0), (0.2, 4.0), (0.3, 1.0), (0.4, 6.0), (1.5, 2.0)];
        assert_eq!(thinned(&points, 1.0), [(0.0, 5.0), (0.1, 9.0), (0.3, 1.0), (0.4, 6.0), (1.5, 2.0)]);
        assert_eq!(thinned(&points, 0.0), points);
        let many: Vec<Point> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 7))).collect();
        assert!(thinned(&many, 100.0).len() <= 400);
    }
}
