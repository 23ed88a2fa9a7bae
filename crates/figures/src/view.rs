//! Which part of the curves is shown, and what stands beside them.

use crate::ghost::Ghost;

/// The part of a run that a chart shows; by default all of it, and nothing beside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// From and to, in the unit of the horizontal axis; all where there is none.
    pub window: Option<(f64, f64)>,
    /// Places at which something happened, in the same unit.
    pub marks: Vec<f64>,
    /// The learning rate over the same axis: a third plot, where there is room for it.
    pub rate: Vec<(f64, f64)>,
    /// Other runs, behind the curves.
    pub ghosts: Vec<Ghost>,
}

/// Where a plot lies on the backend, in its pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plot {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
    /// What the horizontal axis shows between left and right.
    pub window: (f64, f64),
}

impl Plot {
    /// The place on the horizontal axis at a pixel.
    pub fn x_at(&self, pixel: f64) -> f64 {
        let (lo, hi) = self.window;
        lo + (pixel - f64::from(self.left)) / f64::from((self.right - self.left).max(1)) * (hi - lo)
    }

    /// The pixel of a place on the horizontal axis.
    pub fn pixel_of(&self, x: f64) -> f64 {
        let (lo, hi) = self.window;
        f64::from(self.left) + (x - lo) / (hi - lo).max(f64::MIN_POSITIVE) * f64::from(self.right - self.left)
    }

    pub fn holds(&self, x: f64, y: f64) -> bool {
        (f64::from(self.left)..=f64::from(self.right)).contains(&x) && (f64::from(self.top)..=f64::from(self.bottom)).contains(&y)
    }
}

/// The window after zooming by `factor` (below 1: closer) about `centre`, within 0 to `end`; `None` where that is
/// everything. Never less than `least` wide.
pub fn zoomed((lo, hi): (f64, f64), centre: f64, factor: f64, end: f64, least: f64) -> Option<(f64, f64)> {
    let width = ((hi - lo) * factor).max(least);
    if width >= end {
        return None;
    }
    let share = ((centre - lo) / (hi - lo)).clamp(0.0, 1.0);
    Some(moved_to(centre - share * width, width, end))
}

/// The window moved by `by`, within 0 to `end`.
pub fn moved((lo, hi): (f64, f64), by: f64, end: f64) -> (f64, f64) {
    moved_to(lo + by, hi - lo, end)
}

fn moved_to(lo: f64, width: f64, end: f64) -> (f64, f64) {
    let lo = lo.clamp(0.0, (end - width).max(0.0));
    (lo, lo + width)
}

/// The part of a line through points, in order of x, within a window: cut where it leaves it.
pub(crate) fn within(points: &[(f64, f64)], (lo, hi): (f64, f64)) -> Vec<(f64, f64)> {
    let first = points.partition_point(|p| p.0 < lo);
    let end = points.partition_point(|p| p.0 <= hi);
    if first > end {
        return Vec::new();
    }
    let cut = |at: f64, (x0, y0): (f64, f64), (x1, y1): (f64, f64)| (at, y0 + (y1 - y0) * (at - x0) / (x1 - x0));
    let mut part = Vec::with_capacity(end - first + 2);
    if first > 0 && first < points.len() && points[first].0 > lo {
        part.push(cut(lo, points[first - 1], points[first]));
    }
    part.extend_from_slice(&points[first..end]);
    if end > 0 && end < points.len() && points[end - 1].0 < hi {
        part.push(cut(hi, points[end - 1], points[end]));
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        assert_eq!(zoomed((0.0, 100.0), 25.0, 0.5, 100.0, 1.0), Some((12.5, 62.5)));
        assert_eq!(zoomed((12.5, 62.5), 25.0, 2.0, 100.0, 1.0), None);
        assert_eq!(zoomed((0.0, 10.0), 10.0, 0.01, 100.0, 4.0), Some((6.0, 10.0)));
        assert_eq!(zoomed((90.0, 100.0), 100.0, 2.0, 100.0, 1.0), Some((80.0, 100.0)));
        assert_eq!(moved((10.0, 20.0), -50.0, 100.0), (0.0, 10.0));
        assert_eq!(moved((10.0, 20.0), 85.0, 100.0), (90.0, 100.0));
    }

    #[test]
    fn lines_are_cut_at_the_edges() {
        let line = [(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)];
        assert_eq!(within(&line, (5.0, 15.0)), [(5.0, 5.0), (10.0, 10.0), (15.0, 5.0)]);
        assert_eq!(within(&line, (2.0, 4.0)), [(2.0, 2.0), (4.0, 4.0)]);
        assert_eq!(within(&line, (0.0, 20.0)), line);
        assert!(within(&line, (30.0, 40.0)).is_empty() && within(&[], (0.0, 1.0)).is_empty());
    }

    #[test]
    fn pixels_and_places() {
        let plot = Plot { left: 100, right: 300, top: 0, bottom: 50, window: (10.0, 30.0) };
        assert_eq!((plot.x_at(150.0), plot.pixel_of(15.0)), (15.0, 150.0));
        assert!(plot.holds(100.0, 50.0) && !plot.holds(99.0, 10.0));
    }
}
