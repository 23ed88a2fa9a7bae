//! The history of a run, as the charts want it.

use std::fmt::Write as _;

/// Mean over the batches since the point before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrainPoint {
    /// Updates made so far.
    pub step: u32,
    /// Epochs as a fraction.
    pub epoch: f64,
    pub loss: f64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
}

/// Which digits a score was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeasuredOn {
    Validation,
    Test,
}

/// The result on a whole set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub on: MeasuredOn,
    pub step: u32,
    pub epoch: f64,
    pub loss: f64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
}

/// Everything that the learning curves show. Points come in the order of their steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    pub train: Vec<TrainPoint>,
    pub scores: Vec<Measured>,
}

impl Curves {
    pub fn is_empty(&self) -> bool {
        self.train.is_empty() && self.scores.is_empty()
    }

    /// The same as a table: one line a point, empty fields where a set was not measured.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("set,step,epoch,loss,accuracy\n");
        // Writing to a String cannot fail.
        for p in &self.train {
            let _ = writeln!(csv, "train,{},{},{},{}", p.step, p.epoch, p.loss, p.accuracy);
        }
        for p in &self.scores {
            let set = match p.on {
                MeasuredOn::Validation => "validation",
                MeasuredOn::Test => "test",
            };
            let _ = writeln!(csv, "{set},{},{},{},{}", p.step, p.epoch, p.loss, p.accuracy);
        }
        csv
    }

    /// What the chart says, in words, for those who do not see it.
    pub fn in_words(&self) -> String {
        let Some(last) = self.train.last() else {
            return String::from("No training steps yet.");
        };
        let mut words = format!(
            "After {} steps ({:.2} epochs): training loss {}, training accuracy {:.1} %",
            last.step,
            last.epoch,
            crate::axis::short(last.loss),
            100.0 * last.accuracy
        );
        for (on, name) in [(MeasuredOn::Validation, "validation"), (MeasuredOn::Test, "test")] {
            if let Some(s) = self.scores.iter().rev().find(|s| s.on == on) {
                let _ = write!(words, "; {name} loss {}, {name} accuracy {:.2} %", crate::axis::short(s.loss), 100.0 * s.accuracy);
            }
        }
        words.push('.');
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves() -> Curves {
        Curves {
            train: vec![TrainPoint { step: 10, epoch: 0.5, loss: 0.25, accuracy: 0.9 }],
            scores: vec![Measured { on: MeasuredOn::Validation, step: 20, epoch: 1.0, loss: 0.125, accuracy: 0.975 }],
        }
    }

    #[test]
    fn table() {
        assert_eq!(curves().to_csv(), "set,step,epoch,loss,accuracy\ntrain,10,0.5,0.25,0.9\nvalidation,20,1,0.125,0.975\n");
    }

    #[test]
    fn words() {
        assert_eq!(Curves::default().in_words(), "No training steps yet.");
        assert_eq!(
            curves().in_words(),
            "After 10 steps (0.50 epochs): training loss 0.250, training accuracy 90.0 %; validation loss 0.125, validation accuracy 97.50 %."
        );
    }
}
