//! The curves. `t` is the step, counted from 0.

use std::f64::consts::PI;

use serde::Serialize;

use super::{Curve, STEPS};
use crate::{Setting, json::Read};

macro_rules! named {
    ($name:literal, $title:literal, [$($setting:expr),* $(,)?]) => {
        fn name(&self) -> &'static str {
            $name
        }

        fn title(&self) -> &'static str {
            $title
        }

        fn settings(&self) -> &'static [Setting] {
            const { &[$($setting),*] }
        }
    };
}
pub(super) use named;

/// The length that is set, or where that is 0 the one that fits.
fn or(length: u32, fitting: u32) -> u32 {
    if length == 0 { fitting.max(1) } else { length }
}

/// From `start` to `end` along half a wave, `share` of the way.
fn anneal(start: f64, end: f64, share: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + libm::cos(PI * share))
}

/// `base`
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Constant {}

impl Curve for Constant {
    named! { "constant", "Constant", [] }

    fn rate(&self, base: f64, _step: u32) -> f64 {
        base
    }

    fn fitted(self, _steps: u32) -> Self {
        self
    }
}

/// `base · gamma^⌊t / step_size⌋` (`StepLR`). A length of 0 is a third of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    pub step_size: u32,
    pub gamma: f32,
}

impl Default for Step {
    fn default() -> Self {
        Self { step_size: 0, gamma: 0.1 }
    }
}

impl Curve for Step {
    named! { "step", "Steps", [Setting::count("step_size", "Steps of one rate", 0, STEPS), Setting::number("gamma", "Factor", 0.0, 1.0)] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        base * libm::pow(f64::from(self.gamma), f64::from(step.checked_div(self.step_size).unwrap_or(0)))
    }

    fn fitted(self, steps: u32) -> Self {
        Self { step_size: or(self.step_size, steps.div_ceil(3)), ..self }
    }
}

/// `base · gamma^t` (`ExponentialLR`)
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Exponential {
    pub gamma: f32,
}

impl Default for Exponential {
    fn default() -> Self {
        Self { gamma: 0.999 }
    }
}

impl Curve for Exponential {
    named! { "exponential", "Exponential", [Setting::number("gamma", "Factor a step", 0.0, 1.0)] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        base * libm::pow(f64::from(self.gamma), f64::from(step))
    }

    fn fitted(self, _steps: u32) -> Self {
        self
    }
}

/// `min_rate + (base − min_rate) · (1 + cos(π t / t_max)) / 2` (`CosineAnnealingLR`); after `t_max` steps it
/// rises again as it fell. A length of 0 is that of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Cosine {
    pub t_max: u32,
    pub min_rate: f32,
}

impl Curve for Cosine {
    named! { "cosine", "Cosine", [Setting::count("t_max", "Steps", 0, STEPS), Setting::number("min_rate", "Least rate", 0.0, 100.0)] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        if self.t_max == 0 {
            return base;
        }
        // The wave repeats: of large steps only the place in it counts.
        let place = u64::from(step) % (2 * u64::from(self.t_max));
        anneal(base, f64::from(self.min_rate), place as f64 / f64::from(self.t_max))
    }

    fn fitted(self, steps: u32) -> Self {
        Self { t_max: or(self.t_max, steps), ..self }
    }
}

/// A cosine over `t_0` steps, then from the top over `t_0 · t_mult`, and so on
/// (`CosineAnnealingWarmRestarts`; Loshchilov and Hutter, *SGDR*, 2017). A length of 0 is a seventh of the run,
/// which three falls fill where each is twice as long as the one before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct CosineRestarts {
    pub t_0: u32,
    pub t_mult: u32,
    pub min_rate: f32,
}

impl Default for CosineRestarts {
    fn default() -> Self {
        Self { t_0: 0, t_mult: 2, min_rate: 0.0 }
    }
}

impl Curve for CosineRestarts {
    named! { "cosine_restarts", "Cosine with restarts", [
        Setting::count("t_0", "Steps of the first fall", 0, STEPS),
        Setting::count("t_mult", "Each longer by", 1, 100),
        Setting::number("min_rate", "Least rate", 0.0, 100.0),
    ] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        if self.t_0 == 0 {
            return base;
        }
        let (mut place, mut length) = (u64::from(step), u64::from(self.t_0));
        if self.t_mult <= 1 {
            place %= length;
        }
        while place >= length {
            place -= length;
            length *= u64::from(self.t_mult);
        }
        anneal(base, f64::from(self.min_rate), place as f64 / length as f64)
    }

    fn fitted(self, steps: u32) -> Self {
        Self { t_0: or(self.t_0, steps.div_ceil(7)), ..self }
    }
}

/// From `base / div_factor` up to `base` over `pct_start` of the steps, then down to
/// `base / div_factor / final_div_factor`, both along half a wave (`OneCycleLR`; Smith, *A disciplined
/// approach to neural network hyper-parameters*, 2018). Afterwards it stays. A length of 0 is that of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct OneCycle {
    pub total_steps: u32,
    pub pct_start: f32,
    pub div_factor: f32,
    pub final_div_factor: f32,
}

impl Default for OneCycle {
    fn default() -> Self {
        Self { total_steps: 0, pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 }
    }
}

impl Curve for OneCycle {
    named! { "one_cycle", "One cycle", [
        Setting::count("total_steps", "Steps", 0, STEPS),
        Setting::number("pct_start", "Share that rises", 0.0, 1.0),
        Setting::number("div_factor", "Begins lower by", 1.0, 1e6),
        Setting::number("final_div_factor", "Ends lower still by", 1.0, 1e9),
    ] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        if self.total_steps == 0 {
            return base;
        }
        let first = base / f64::from(self.div_factor);
        let last = first / f64::from(self.final_div_factor);
        let step = f64::from(step);
        let (top, end) = (f64::from(self.pct_start) * f64::from(self.total_steps) - 1.0, f64::from(self.total_steps) - 1.0);
        if step <= top {
            // A rise of one step begins at its top.
            anneal(first, base, if top > 0.0 { step / top } else { 1.0 })
        } else if step < end {
            anneal(base, last, (step - top) / (end - top))
        } else {
            last
        }
    }

    fn fitted(self, steps: u32) -> Self {
        Self { total_steps: or(self.total_steps, steps), ..self }
    }
}

/// `base · (1 − min(t, total_iters) / total_iters)^power` (`PolynomialLR`). A length of 0 is that of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Polynomial {
    pub total_iters: u32,
    pub power: f32,
}

impl Default for Polynomial {
    fn default() -> Self {
        Self { total_iters: 0, power: 1.0 }
    }
}

impl Curve for Polynomial {
    named! { "polynomial", "Polynomial", [Setting::count("total_iters", "Steps", 0, STEPS), Setting::number("power", "Power", 0.0, 10.0)] }

    fn rate(&self, base: f64, step: u32) -> f64 {
        if self.total_iters == 0 {
            return base;
        }
        let left = self.total_iters - step.min(self.total_iters);
        base * libm::pow(f64::from(left) / f64::from(self.total_iters), f64::from(self.power))
    }

    fn fitted(self, steps: u32) -> Self {
        Self { total_iters: or(self.total_iters, steps), ..self }
    }
}
