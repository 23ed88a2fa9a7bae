//! An axis of plotters with ticks of our choosing.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// Numbers at a tick, with their labels.
pub(crate) type Labels = Vec<(f64, String)>;

/// An even axis from `lo` to `hi`.
#[derive(Clone)]
pub(crate) struct Ruler {
    pub lo: f64,
    pub hi: f64,
    pub labels: Labels,
}

impl Ruler {
    /// The label of a tick.
    pub fn label(&self, at: f64) -> String {
        self.labels.iter().find(|(tick, _)| *tick == at).map_or_else(String::new, |(_, label)| label.clone())
    }
}

impl Ranged for Ruler {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = ((value - self.lo) / (self.hi - self.lo)).clamp(-1.0, 2.0);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.labels.iter().map(|(tick, _)| *tick).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.lo..self.hi
    }
}
