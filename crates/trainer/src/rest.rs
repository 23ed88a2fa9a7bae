//! How long a session may be left alone.

/// When the next turn is worth taking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rest {
    /// At once.
    Now,
    /// After so many milliseconds, unless a command or data come first.
    After(f64),
    /// When the machine that works calls, or a command or data come; after so many milliseconds at the
    /// latest.
    UntilWoken(f64),
    /// When a command or data come (or a machine is lost).
    UntilCalled,
}

impl Rest {
    /// The earlier of two.
    pub(crate) fn sooner(self, other: Self) -> Self {
        let ms = |rest: &Rest| match rest {
            Rest::Now => 0.0,
            Rest::After(ms) | Rest::UntilWoken(ms) => *ms,
            Rest::UntilCalled => f64::INFINITY,
        };
        // A machine that calls must be heard, whichever is earlier.
        match if ms(&other) < ms(&self) { (other, self) } else { (self, other) } {
            (Rest::After(ms), Rest::UntilWoken(_)) => Rest::UntilWoken(ms),
            (first, _) => first,
        }
    }
}
