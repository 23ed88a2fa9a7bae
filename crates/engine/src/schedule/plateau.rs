//! Lower where a number stops falling.

use serde::Serialize;

use super::{Curve, curves::named};
use crate::{Setting, json::Read};

/// The rate is multiplied by `factor` when a number that should fall, the validation loss, has not for more
/// than `patience` observations (`ReduceLROnPlateau` with `mode="min"`). As a function of the step it is
/// constant; what is taken off is a [`Reduction`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Plateau {
    pub factor: f32,
    /// Observations without improvement that are borne.
    pub patience: u32,
    /// What counts as an improvement.
    pub threshold: f32,
    pub threshold_mode: ThresholdMode,
    /// Observations after a reduction that do not count.
    pub cooldown: u32,
    pub min_rate: f32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdMode {
    /// Below `best · (1 − threshold)`.
    #[default]
    Rel,
    /// Below `best − threshold`.
    Abs,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { factor: 0.1, patience: 10, threshold: 1e-4, threshold_mode: ThresholdMode::Rel, cooldown: 0, min_rate: 0.0 }
    }
}

impl Curve for Plateau {
    named! { "plateau", "Reduce on plateau", [
        Setting::number("factor", "Factor", 0.0, 1.0),
        Setting::count("patience", "Patience", 0, 10_000),
        Setting::number("threshold", "Threshold", 0.0, 1.0),
        Setting::count("cooldown", "Cool-down", 0, 10_000),
        Setting::number("min_rate", "Least rate", 0.0, 100.0),
    ] }

    fn rate(&self, base: f64, _step: u32) -> f64 {
        base
    }

    fn fitted(self, _steps: u32) -> Self {
        self
    }
}

/// What [`Plateau`] has taken off so far. It follows from the observations alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduction {
    /// Of the rate.
    factor: f64,
    best: f64,
    bad: u32,
    cooling: u32,
}

impl Default for Reduction {
    fn default() -> Self {
        Self { factor: 1.0, best: f64::INFINITY, bad: 0, cooling: 0 }
    }
}

/// PyTorch's `eps`: a smaller change of the rate is not made.
const LEAST_CHANGE: f64 = 1e-8;

impl Reduction {
    /// What the schedule's rate is to be multiplied by.
    pub fn factor(&self) -> f32 {
        self.factor as f32
    }

    /// Hears the next value of the number that is watched. `base` is the rate that was set.
    pub fn observe(&mut self, plateau: &Plateau, base: f32, value: f64) {
        let threshold = f64::from(plateau.threshold);
        let limit = match plateau.threshold_mode {
            ThresholdMode::Rel => self.best * (1.0 - threshold),
            ThresholdMode::Abs => self.best - threshold,
        };
        if value < limit {
            (self.best, self.bad) = (value, 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > plateau.patience {
            let base = f64::from(base);
            let (old, new) = (base * self.factor, (base * self.factor * f64::from(plateau.factor)).max(f64::from(plateau.min_rate)));
            if old - new > LEAST_CHANGE {
                self.factor = new / base;
            }
            (self.cooling, self.bad) = (plateau.cooldown, 0);
        }
    }
}
