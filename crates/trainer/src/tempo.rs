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

/// Images per second, averaged over about the last second of training: images and time are sums in
/// which what is old counts less and less.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    since_ms: f64,
    new_images: f64,
    images: f64,
    time_ms: f64,
}

/// Time after which what was measured counts a third.
const FADE_MS: f64 = 700.0;
/// Less time than this says nothing yet.
const LEAST_MS: f64 = 50.0;

impl Meter {
    pub fn start(&mut self, now_ms: f64) {
        *self = Self { since_ms: now_ms, ..Self::default() };
    }

    pub fn add(&mut self, images: usize) {
        self.new_images += images as f64;
    }

    /// Time that was spent on other things than training.
    pub fn leave_out(&mut self, spent_ms: f64) {
        self.since_ms += spent_ms;
    }

    /// Images per second up to now; 0 while that is not known.
    pub fn read(&mut self, now_ms: f64) -> f64 {
        let passed_ms = (now_ms - self.since_ms).max(0.0);
        let faded = (-passed_ms / FADE_MS).exp();
        self.images = self.images * faded + self.new_images;
        self.time_ms = self.time_ms * faded + passed_ms;
        (self.since_ms, self.new_images) = (now_ms, 0.0);
        if self.time_ms < LEAST_MS { 0.0 } else { self.images * 1_000.0 / self.time_ms }
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
