//! Measuring the inside of the network while a run goes on.
//!
//! A probe reads the run's numbers into a copy on the CPU, runs a few digits of the training set forward and
//! backward through it in training mode, makes the update that would follow, and measures every layer
//! ([`protocol::Reading`]). So it is the same on every machine, and changes no number of the run.
//!
//! Between two pieces of the run's own work a probe goes on for 2 ms and a layer at most, and probes are so far
//! apart that they take a twentieth of the time at most.

mod bench;
mod measures;
mod trail;

use data::Dataset;
use protocol::{Probing, Reading};

use crate::{
    Network,
    machine::{Numbers, Work},
};
use bench::Bench;
pub use trail::{TRAIL_LIMIT, Trail};

/// Between probes while somebody watches.
const WATCHED_MS: f64 = 500.0;
/// Between probes for the adviser alone.
const ADVISER_MS: f64 = 3_000.0;
/// A probe's share of the time is one part of so many.
const SHARE: f64 = 20.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Idle,
    /// The machine has been asked for its numbers.
    Asked,
    Measuring,
}

/// The probes of one run.
#[derive(Debug)]
pub struct Probes {
    want: Probing,
    bench: Option<Box<Bench>>,
    state: State,
    /// The step of the last probe, and whether it had histograms.
    last: Option<(u32, bool)>,
    begun_ms: f64,
    cost_ms: f64,
    /// For the adviser; without histograms.
    trail: Trail,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            want: Probing::Off,
            bench: None,
            state: State::Idle,
            last: None,
            begun_ms: f64::NEG_INFINITY,
            cost_ms: 0.0,
            trail: Trail::default(),
        }
    }
}

impl Probes {
    pub fn want(&mut self, what: Probing) {
        self.want = what;
        if what == Probing::Off && self.state == State::Idle {
            self.bench = None;
        }
    }

    pub fn is_wanted(&self) -> bool {
        self.want != Probing::Off
    }

    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Milliseconds until a probe of the network after `step` updates is due; `None` where there is nothing new.
    pub fn due_in_ms(&self, step: u32, now_ms: f64) -> Option<f64> {
        let histograms = self.want == Probing::Distributions;
        let is_new = self.last.is_none_or(|(last, had)| last != step || histograms && !had);
        if self.want == Probing::Off || self.state != State::Idle || !is_new {
            return None;
        }
        let period_ms = if self.want == Probing::Advice { ADVISER_MS } else { WATCHED_MS };
        Some((self.begun_ms + period_ms.max(SHARE * self.cost_ms) - now_ms).max(0.0))
    }

    /// What to ask of the machine for a probe; nothing while the digits for it are missing.
    pub fn ask(&mut self, network: &Network, data: &Dataset, now_ms: f64) -> Option<Work> {
        if self.bench.is_none() {
            self.bench = Bench::new(network).map(Box::new);
        }
        let Some(bench) = &mut self.bench else {
            // No room for a copy: not asked again.
            self.want = Probing::Off;
            return None;
        };
        if !bench.is_ready(data) {
            return None;
        }
        (self.state, self.begun_ms) = (State::Asked, now_ms);
        Some(Work::Read(bench.lend()))
    }

    /// The machine's numbers after `step` updates are there.
    pub fn begin(&mut self, numbers: Numbers, network: &Network, step: u32, rate: f32, data: &Dataset) {
        let histograms = self.want == Probing::Distributions;
        let Some(bench) = &mut self.bench else { return };
        bench.begin(numbers, network, step, rate, histograms, data);
        self.last = Some((step, histograms));
        self.state = State::Measuring;
    }

    /// No answer will come: the numbers are made anew when they are next asked for.
    pub fn forget(&mut self, step: u32) {
        if self.state == State::Asked {
            self.bench = None;
        }
        self.state = State::Idle;
        self.trail.rewind(step);
        self.last = None;
    }

    pub fn is_measuring(&self) -> bool {
        self.state == State::Measuring
    }

    /// One layer further. A probe after its last.
    pub fn advance(&mut self, network: &Network, clock: &mut dyn FnMut() -> f64) -> Option<Reading> {
        let bench = self.bench.as_mut().filter(|_| self.state == State::Measuring)?;
        let reading = bench.advance(network, clock)?;
        self.state = State::Idle;
        self.cost_ms = reading.head.cost_ms;
        let mut kept = reading.clone();
        kept.layers.iter_mut().for_each(|l| l.histograms = [None, None, None]);
        self.trail.push(kept);
        if self.want == Probing::Off {
            self.bench = None;
        }
        Some(reading)
    }
}
