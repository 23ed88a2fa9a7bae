//! The points of the learning curve.
//!
//! Every step is a point up to step 2,000; from there on a point is the mean of 2 steps, from step
//! 4,000 on of 4, and so forth: 1,000 points for each doubling, so that no run, however long, has more
//! than [`POINTS_LIMIT`]. Which steps are points does not depend on speed or pauses.

use engine::{json::Read, loss::BatchResult};
use protocol::Progress;
use serde::Serialize;

/// 2,000, and 1,000 for each doubling up to 2³² steps.
pub const POINTS_LIMIT: usize = 2_000 + 22 * 1_000;

/// Steps that make up the point at `step`.
pub fn stride(step: u32) -> u32 {
    1 << (step / 1_000).max(1).ilog2()
}

#[derive(Clone, Debug)]
pub struct History {
    points: Vec<Progress>,
    /// Results since the last point.
    open: BatchResult,
    /// Points that have been sent.
    sent: usize,
}

/// A history as a file keeps it: columns of equal length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    pub step: Vec<u32>,
    pub loss: Vec<f64>,
    pub accuracy: Vec<f64>,
    pub rate: Vec<f32>,
    /// Empty where epochs follow from the step alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epoch: Vec<f64>,
    /// Sum of losses, right answers and count since the last point.
    pub open: (f64, u32, u32),
}

impl History {
    pub fn new() -> Self {
        // All at once: nothing is allocated while training goes on.
        Self { points: Vec::with_capacity(POINTS_LIMIT), open: BatchResult::default(), sent: 0 }
    }

    /// Takes in the result of the step that was the `step`-th (from 1).
    pub fn add(&mut self, step: u32, epoch: f64, result: BatchResult, rate: f32) {
        self.open.add(result);
        if step.is_multiple_of(stride(step)) && self.points.len() < POINTS_LIMIT {
            self.points.push(Progress {
                step,
                epoch,
                loss: self.open.mean_loss(),
                accuracy: self.open.accuracy(),
                rate,
                images_per_second: 0.0,
                penalty: 0.0,
            });
            self.open = BatchResult::default();
        }
    }

    /// Results since the last point.
    pub fn open(&self) -> BatchResult {
        self.open
    }

    /// Goes on with these results since the last point.
    pub fn reopen(&mut self, open: BatchResult) {
        self.open = open;
    }

    pub fn points(&self) -> &[Progress] {
        &self.points
    }

    /// Points that have not been sent; they count as sent from now on.
    pub fn unsent(&mut self) -> Vec<Progress> {
        let unsent = self.points[self.sent..].to_vec();
        self.sent = self.points.len();
        unsent
    }

    pub fn has_unsent(&self) -> bool {
        self.sent < self.points.len()
    }

    /// Everything has been sent by other means.
    pub fn mark_sent(&mut self) {
        self.sent = self.points.len();
    }

    /// Forgets what came after `step`.
    pub fn rewind(&mut self, step: u32) {
        self.points.truncate(self.points.partition_point(|p| p.step <= step));
        self.sent = self.sent.min(self.points.len());
        self.open = BatchResult::default();
    }

    /// With epochs in a column of their own where they do not follow from the step: `counted`.
    pub fn columns(&self, counted: bool) -> Columns {
        Columns {
            step: self.points.iter().map(|p| p.step).collect(),
            loss: self.points.iter().map(|p| p.loss).collect(),
            accuracy: self.points.iter().map(|p| p.accuracy).collect(),
            rate: self.points.iter().map(|p| p.rate).collect(),
            epoch: self.points.iter().filter(|_| counted).map(|p| p.epoch).collect(),
            open: (self.open.loss_sum, self.open.correct, self.open.count),
        }
    }

    /// # Errors
    /// What is wrong with the columns of a file for a run that stands at `step`.
    pub fn from_columns(columns: &Columns, step: u32, steps_per_epoch: u32) -> Result<Self, String> {
        let Columns { step: steps, loss, accuracy, rate, epoch: epochs, open } = columns;
        let count = steps.len();
        if [loss.len(), accuracy.len(), rate.len()] != [count; 3] || !(epochs.is_empty() || epochs.len() == count) {
            return Err("its columns differ in length".to_owned());
        }
        if count > POINTS_LIMIT {
            return Err(format!("it has {count} points; the limit is {POINTS_LIMIT}"));
        }
        if !steps.is_sorted_by(|a, b| a < b) || steps.last().is_some_and(|last| *last > step) {
            return Err(format!("its steps do not count up to {step}"));
        }
        if !epochs.iter().all(|e| e.is_finite()) {
            return Err("it has an epoch that is no number".to_owned());
        }
        if !rate.iter().all(|r| r.is_finite()) {
            return Err("it has a rate that is no number".to_owned());
        }
        let mut history = Self::new();
        for i in 0..count {
            let epoch = epochs.get(i).copied().unwrap_or(f64::from(steps[i]) / f64::from(steps_per_epoch));
            history.points.push(Progress {
                step: steps[i],
                epoch,
                loss: loss[i],
                accuracy: accuracy[i],
                rate: rate[i],
                images_per_second: 0.0,
                penalty: 0.0,
            });
        }
        history.open = BatchResult { loss_sum: open.0, correct: open.1, count: open.2 };
        history.mark_sent();
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: u32) -> History {
        let mut history = History::new();
        for step in 1..=steps {
            history.add(step, f64::from(step) / 781.0, BatchResult { loss_sum: f64::from(step), correct: 1, count: 2 }, 0.5);
        }
        history
    }

    #[test]
    fn points_thin_out_as_steps_double() {
        assert_eq!([1, 1_999, 2_000, 3_999, 4_000, 8_000, 1 << 20].map(stride), [1, 1, 2, 2, 4, 8, 1 << 10]);
        let history = after(16_000);
        assert_eq!(history.points().len(), 2_000 + 3 * 1_000);
        assert_eq!(history.points()[1_999].step, 2_000);
        let last = history.points()[4_999];
        assert_eq!((last.step, last.accuracy), (16_000, 0.5));
        // Batches 15,993 to 16,000, each of two images; step 16,000 is the first with stride 16 and
        // closes a group of eight.
        assert_eq!(last.loss, (15_993..=16_000).map(f64::from).sum::<f64>() / 16.0);
        let most: u32 = (1..22).map(|j| (1_000 << j) / (1 << j)).sum();
        assert!(2_000 + (most as usize) < POINTS_LIMIT);
    }

    #[test]
    fn a_file_gives_the_history_back() {
        let history = after(4_003);
        let columns = history.columns(false);
        let text = serde_json::to_string(&columns).unwrap();
        let back = History::from_columns(&serde_json::from_str(&text).unwrap(), 4_003, 781).unwrap();
        assert_eq!((back.points(), back.open), (history.points(), history.open));
        assert!(!back.has_unsent());
    }

    #[test]
    fn a_file_with_another_history_is_refused() {
        let columns = after(3).columns(false);
        let with = |change: &dyn Fn(&mut Columns)| {
            let mut changed = columns.clone();
            change(&mut changed);
            History::from_columns(&changed, 3, 781).unwrap_err()
        };
        assert_eq!(with(&|c| c.loss.truncate(1)), "its columns differ in length");
        assert_eq!(with(&|c| c.step[2] = 4), "its steps do not count up to 3");
        assert_eq!(with(&|c| c.step[1] = 1), "its steps do not count up to 3");
        assert_eq!(with(&|c| c.rate[1] = f32::NAN), "it has a rate that is no number");
    }

    #[test]
    fn going_back_forgets() {
        let mut history = after(10);
        assert_eq!(history.unsent().len(), 10);
        history.rewind(7);
        assert!(!history.has_unsent());
        assert_eq!(history.points().last().unwrap().step, 7);
    }
}
