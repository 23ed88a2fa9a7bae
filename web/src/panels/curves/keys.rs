//! What the chart shows of the run, and how keys, wheel and pointer change that. Numbers only.

use figures::view::{moved, zoomed};
use protocol::Progress;

/// The part that is seen and the place that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// From and to on the horizontal axis; everything where there is none.
    pub window: Option<(f64, f64)>,
    /// The place that is read.
    pub cursor: Option<f64>,
    /// Where a drag began.
    pub drag: Option<f64>,
    pub by_epoch: bool,
}

/// One key press or turn of the wheel zooms by this.
const FACTOR: f64 = 0.7;
/// Least width of what is seen, in points.
const LEAST_POINTS: f64 = 8.0;

impl Sight {
    pub fn x_of(&self, point: &Progress) -> f64 {
        if self.by_epoch { point.epoch } else { f64::from(point.step) }
    }

    pub fn seen(&self, end: f64) -> (f64, f64) {
        self.window.unwrap_or((0.0, end))
    }

    pub fn zoom(&mut self, centre: f64, closer: bool, points: &[Progress]) {
        let Some(last) = points.last() else { return };
        let end = self.x_of(last);
        let least = LEAST_POINTS * end / points.len().max(1) as f64;
        self.window = zoomed(self.seen(end), centre, if closer { FACTOR } else { 1.0 / FACTOR }, end, least.min(end));
    }

    pub fn shift(&mut self, share: f64, points: &[Progress]) {
        if let (Some((lo, hi)), Some(last)) = (self.window, points.last()) {
            self.window = Some(moved((lo, hi), share * (hi - lo), self.x_of(last)));
        }
    }

    /// Shows what was dragged over.
    pub fn drop(&mut self, at: f64, points: &[Progress]) {
        let (Some(from), Some(last)) = (self.drag.take(), points.last()) else { return };
        let end = self.x_of(last);
        let (lo, hi) = (from.min(at).max(0.0), from.max(at).min(end));
        let (seen_lo, seen_hi) = self.seen(end);
        // A click is no drag.
        if hi - lo > 0.02 * (seen_hi - seen_lo) {
            self.window = Some((lo, hi));
        }
    }

    /// Number of the point nearest to `x`.
    pub fn nearest(&self, x: f64, points: &[Progress]) -> Option<usize> {
        let after = points.partition_point(|p| self.x_of(p) < x);
        let near = |i: &usize| points.get(*i).map_or(f64::INFINITY, |p| (self.x_of(p) - x).abs());
        [after.saturating_sub(1), after].into_iter().filter(|i| *i < points.len()).min_by(|a, b| near(a).total_cmp(&near(b)))
    }

    /// True where the key meant something here.
    pub fn press(&mut self, key: &str, shift: bool, points: &[Progress]) -> bool {
        let Some(last) = points.last() else { return false };
        let end = self.x_of(last);
        let (lo, hi) = self.seen(end);
        let at = self.cursor.and_then(|x| self.nearest(x, points));
        // As far as can be seen, but at least one point.
        let inside = points.iter().filter(|p| (lo..=hi).contains(&self.x_of(p))).count();
        let stride = (inside / 160).max(1);
        let by = match key {
            "ArrowLeft" | "ArrowRight" if shift => {
                self.shift(if key == "ArrowLeft" { -0.2 } else { 0.2 }, points);
                return true;
            }
            "ArrowLeft" => -(stride as isize),
            "ArrowRight" => stride as isize,
            "PageDown" => -(inside as isize / 10).max(1),
            "PageUp" => (inside as isize / 10).max(1),
            "Home" | "End" => {
                self.cursor = Some(if key == "Home" { lo.max(self.x_of(&points[0])) } else { hi });
                return true;
            }
            "+" | "=" | "-" => {
                self.zoom(self.cursor.unwrap_or((lo + hi) / 2.0), key != "-", points);
                return true;
            }
            "0" => {
                self.window = None;
                return true;
            }
            "Escape" if self.window.is_some() || self.cursor.is_some() => {
                (self.window, self.cursor) = (None, None);
                return true;
            }
            _ => return false,
        };
        // The first press reads the last point.
        let place = at.map_or(points.len() as isize - 1, |at| at as isize + by).clamp(0, points.len() as isize - 1);
        let x = self.x_of(&points[place as usize]);
        self.cursor = Some(x);
        if let Some((lo, hi)) = self.window
            && !(lo..=hi).contains(&x)
        {
            self.window = Some(moved((lo, hi), x - (lo + hi) / 2.0, end));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: u32) -> Vec<Progress> {
        (1..=count).map(|step| Progress { step, epoch: f64::from(step) / 100.0, ..Progress::default() }).collect()
    }

    #[test]
    fn arrows_go_from_point_to_point() {
        let points = points(100);
        let mut sight = Sight::default();
        assert!(sight.press("ArrowLeft", false, &points));
        assert_eq!(sight.cursor, Some(100.0));
        assert!(sight.press("ArrowLeft", false, &points) && sight.press("ArrowLeft", false, &points));
        assert_eq!(sight.cursor, Some(98.0));
        sight.press("Home", false, &points);
        assert_eq!(sight.cursor, Some(1.0));
        assert!(!sight.press("x", false, &points) && !Sight::default().press("ArrowLeft", false, &[]));
    }

    #[test]
    fn zooming_by_keys_and_back() {
        let points = points(1000);
        let mut sight = Sight { cursor: Some(500.0), ..Sight::default() };
        for _ in 0..40 {
            assert!(sight.press("+", false, &points));
        }
        let (lo, hi) = sight.window.unwrap();
        assert!(lo <= 500.0 && hi >= 500.0 && (hi - lo - 8.0).abs() < 1e-6, "{lo} {hi}");
        // What is read stays in sight.
        (0..20).for_each(|_| assert!(sight.press("ArrowRight", false, &points)));
        let (lo, hi) = sight.window.unwrap();
        assert_eq!(sight.cursor, Some(520.0));
        assert!((lo..=hi).contains(&520.0));
        sight.press("0", false, &points);
        assert_eq!(sight.window, None);
        assert!(sight.press("Escape", false, &points) && !sight.press("Escape", false, &points));
    }

    #[test]
    fn a_drag_shows_what_it_went_over_and_a_click_nothing() {
        let points = points(100);
        let mut sight = Sight { drag: Some(60.0), ..Sight::default() };
        sight.drop(20.0, &points);
        assert_eq!((sight.window, sight.drag), (Some((20.0, 60.0)), None));
        sight.drag = Some(30.0);
        sight.drop(30.2, &points);
        assert_eq!(sight.window, Some((20.0, 60.0)));
    }
}
