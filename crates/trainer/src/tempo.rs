//! How fast steps may follow each other, and how fast they do.

use protocol::Pace;

/// Holds steps back to a pace. Times in milliseconds of the session's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Throttle {
    pub pace: Pace,
    next_ms: f64,
}

impl Throttle {
    /// The next step may come at once.
    pub fn release(&mut self) {
        self.next_ms = f64::NEG_INFINITY;
    }

    /// Milliseconds until the next step may come; 0 for now.
    pub fn wait_ms(&self, now_ms: f64) -> f64 {
        match self.pace {
            Pace::Full => 0.0,
            Pace::StepsPerSecond(_) => (self.next_ms - now_ms).max(0.0),
        }
    }

    /// A step was made.
    pub fn stepped(&mut self, now_ms: f64) {
        if let Pace::StepsPerSecond(hz) = self.pace {
            let gap_ms = 1_000.0 / f64::from(hz);
            // Keeps the mean pace over small delays, but does not catch up after a long one.
            let planned = if now_ms - self.next_ms > gap_ms { now_ms } else { self.next_ms };
            self.next_ms = planned + gap_ms;
        }
    }

    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.release();
    }
}

/// Images per second, averaged over about the last second of training.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    since_ms: f64,
    images: u64,
    mean: Option<f64>,
}

/// Time after which an old reading has faded to a third.
const FADE_MS: f64 = 700.0;

impl Meter {
    pub fn start(&mut self, now_ms: f64) {
        *self = Self { since_ms: now_ms, images: 0, mean: None };
    }

    pub fn add(&mut self, images: usize) {
        self.images += images as u64;
    }

    /// Time that was spent on other things than training.
    pub fn leave_out(&mut self, spent_ms: f64) {
        self.since_ms += spent_ms;
    }

    /// Images per second; the time since the last reading counts from now on.
    pub fn read(&mut self, now_ms: f64) -> f64 {
        let passed_ms = now_ms - self.since_ms;
        if passed_ms > 0.0 {
            let speed = self.images as f64 * 1_000.0 / passed_ms;
            let mean = self.mean.map_or(speed, |old| old + (speed - old) * (1.0 - (-passed_ms / FADE_MS).exp()));
            *self = Self { since_ms: now_ms, images: 0, mean: Some(mean) };
        }
        self.mean.unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept_over_delays() {
        let mut throttle = Throttle::default();
        throttle.set_pace(Pace::StepsPerSecond(10.0));
        let (mut now, mut steps) = (0.0, 0);
        while now < 10_000.0 {
            if throttle.wait_ms(now) == 0.0 {
                throttle.stepped(now);
                steps += 1;
            }
            now += 7.0;
        }
        assert_eq!(steps, 100);
        // After a minute away there is no burst.
        let late = now + 60_000.0;
        throttle.stepped(late);
        assert_eq!(throttle.wait_ms(late), 100.0);
    }

    #[test]
    fn speed_follows_and_leaves_out_what_is_no_training() {
        let mut meter = Meter::default();
        meter.start(1_000.0);
        assert_eq!(meter.read(1_000.0), 0.0);
        meter.add(64);
        assert_eq!(meter.read(1_100.0), 640.0);
        meter.leave_out(5_000.0);
        meter.add(64);
        assert!((meter.read(6_200.0) - 640.0).abs() < 1e-9);
        for i in 1..=100 {
            meter.add(128);
            meter.read(6_200.0 + 100.0 * f64::from(i));
        }
        assert!((meter.read(16_200.0) - 1_280.0).abs() < 1.0);
    }
}
