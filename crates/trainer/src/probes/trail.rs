//! The probes of a run, kept so that one can look back.

use protocol::Reading;

/// Probes that are kept at most.
pub const TRAIL_LIMIT: usize = 240;

/// Probes in the order of their steps: the newer, the closer, however long the run. Once there are
/// [`TRAIL_LIMIT`], every other one of the older half is forgotten.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    readings: Vec<Reading>,
}

impl Trail {
    /// Takes in a probe. One of the same step is replaced; later ones are void, since the run has gone back.
    pub fn push(&mut self, reading: Reading) {
        self.rewind(reading.head.step.saturating_sub(1));
        if reading.head.step == 0 {
            self.readings.clear();
        }
        self.readings.push(reading);
        if self.readings.len() > TRAIL_LIMIT {
            let mut place = 0;
            self.readings.retain(|_| {
                place += 1;
                // The first stays: it shows where the run began.
                place > TRAIL_LIMIT / 2 || place % 2 == 1
            });
        }
    }

    /// Forgets what came after `step`.
    pub fn rewind(&mut self, step: u32) {
        self.readings.truncate(self.readings.partition_point(|r| r.head.step <= step));
    }

    pub fn clear(&mut self) {
        self.readings.clear();
    }

    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    pub fn last(&self) -> Option<&Reading> {
        self.readings.last()
    }

    /// The last probe made after `step` updates or fewer; the first where there is none.
    pub fn at(&self, step: u32) -> Option<&Reading> {
        let after = self.readings.partition_point(|r| r.head.step <= step);
        self.readings.get(after.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use protocol::Probed;

    use super::*;

    fn reading(step: u32) -> Reading {
        Reading { head: Probed { step, ..Probed::default() }, ..Reading::default() }
    }

    #[test]
    fn a_long_run_keeps_its_beginning_and_its_end() {
        let mut trail = Trail::default();
        for step in 0..10_000 {
            trail.push(reading(10 * step));
            assert!(trail.readings().len() <= TRAIL_LIMIT);
        }
        let steps: Vec<u32> = trail.readings().iter().map(|r| r.head.step).collect();
        assert!(steps.is_sorted_by(|a, b| a < b));
        assert_eq!((steps[0], *steps.last().unwrap()), (0, 99_990));
        assert!(steps.len() >= TRAIL_LIMIT * 3 / 4);
        assert_eq!(steps[steps.len() - 2], 99_980);
    }

    #[test]
    fn going_back_forgets_and_looking_back_finds() {
        let mut trail = Trail::default();
        [0, 10, 20, 30].into_iter().for_each(|step| trail.push(reading(step)));
        assert_eq!(trail.at(25).map(|r| r.head.step), Some(20));
        assert_eq!(trail.at(30).map(|r| r.head.step), Some(30));
        trail.push(reading(15));
        assert_eq!(trail.readings().iter().map(|r| r.head.step).collect::<Vec<_>>(), [0, 10, 15]);
        trail.push(reading(15));
        assert_eq!(trail.readings().len(), 3);
        trail.push(reading(0));
        assert_eq!((trail.readings().len(), trail.at(7).map(|r| r.head.step)), (1, Some(0)));
        assert_eq!(Trail::default().at(3), None);
    }
}
