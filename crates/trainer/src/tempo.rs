//! How fast steps may follow each other, and how fast they do.

use protocol::Pace;

/// As often as a screen shows something new.
const PICTURES_PER_SECOND: f32 = 60.0;

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

    /// How many steps may be made at once: so few that the eye does not see it.
    pub fn steps_at_once(&self) -> u32 {
        match self.pace {
            Pace::Full => u32::MAX,
            Pace::StepsPerSecond(hz) => (hz / PICTURES_PER_SECOND).max(1.0) as u32,
        }
    }

    /// So many steps were made.
    pub fn stepped(&mut self, count: u32, now_ms: f64) {
        if let Pace::StepsPerSecond(hz) = self.pace {
            let gap_ms = f64::from(count) * 1_000.0 / f64::from(hz);
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
    /// Something else than training has been going on since then.
    held_ms: Option<f64>,
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

    /// From now on something else than training goes on.
    pub fn hold(&mut self, now_ms: f64) {
        self.held_ms.get_or_insert(now_ms);
    }

    /// Training goes on.
    pub fn go_on(&mut self, now_ms: f64) {
        if let Some(held_ms) = self.held_ms.take() {
            self.since_ms += now_ms - held_ms;
        }
    }

    /// Images per second up to now; 0 while that is not known.
    pub fn read(&mut self, now_ms: f64) -> f64 {
        let now_ms = self.held_ms.unwrap_or(now_ms);
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
                throttle.stepped(1, now);
                steps += 1;
            }
            now += 7.0;
        }
        assert_eq!(steps, 100);
        // After a minute away there is no burst.
        let late = now + 60_000.0;
        throttle.stepped(1, late);
        assert_eq!(throttle.wait_ms(late), 100.0);
        // A fast pace goes in small groups.
        throttle.set_pace(Pace::StepsPerSecond(600.0));
        assert_eq!(throttle.steps_at_once(), 10);
        throttle.stepped(10, late);
        assert!((throttle.wait_ms(late) - 1_000.0 / 60.0).abs() < 1e-9);
        throttle.set_pace(Pace::StepsPerSecond(0.5));
        assert_eq!(throttle.steps_at_once(), 1);
    }

    #[test]
    fn speed_follows_and_leaves_out_what_is_no_training() {
        let mut meter = Meter::default();
        meter.start(1_000.0);
        assert_eq!(meter.read(1_000.0), 0.0);
        meter.add(64);
        assert_eq!(meter.read(1_100.0), 640.0);
        meter.hold(1_100.0);
        assert_eq!(meter.read(5_000.0).round(), 640.0);
        meter.hold(5_500.0);
        meter.go_on(6_100.0);
        meter.go_on(6_150.0);
        meter.add(64);
        assert!((meter.read(6_200.0) - 640.0).abs() < 1e-9);
        for i in 1..=100 {
            meter.add(128);
            meter.read(6_200.0 + 100.0 * f64::from(i));
        }
        assert!((meter.read(16_200.0) - 1_280.0).abs() < 1.0);
    }
}
