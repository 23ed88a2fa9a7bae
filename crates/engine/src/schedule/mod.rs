//! How the learning rate changes over a run: pure functions of the step, and one that watches a number.
//!
//! Definitions and names are those of `torch.optim.lr_scheduler`. A curve is a few lines in `curves.rs` and a
//! word in the list below. Lengths count steps of training; 0 stands for what fits the run
//! ([`ScheduleSpec::fitted`]).

mod curves;
mod plateau;

use std::ops::RangeInclusive;

use serde::Serialize;

pub use curves::{Constant, Cosine, CosineRestarts, Exponential, OneCycle, Polynomial, Step};
pub use plateau::{Plateau, Reduction, ThresholdMode};

use crate::{Setting, SettingError, json::Read};

/// Most steps of any length.
pub const STEPS: u32 = 100_000_000;
/// Of [`ScheduleSpec::start_factor`].
pub const START_FACTORS: RangeInclusive<f32> = 1e-6..=1.0;

/// How the rate changes with the step alone.
pub trait Curve {
    fn name(&self) -> &'static str;

    fn title(&self) -> &'static str;

    fn settings(&self) -> &'static [Setting];

    /// The rate of step `step`, counted from 0, where `base` is the one that was set.
    fn rate(&self, base: f64, step: u32) -> f64;

    /// With lengths of 0 replaced by what fits a run of `steps`.
    #[must_use]
    fn fitted(self, steps: u32) -> Self
    where
        Self: Sized;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Curve + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! curves {
    ($($settings:ident),+ $(,)?) => {
        /// A curve as it is written down.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
        #[serde(tag = "curve", rename_all = "snake_case")]
        pub enum CurveSpec {
            $($settings($settings)),+
        }

        crate::tagged::read_by_name!(CurveSpec, "curve", $($settings),+);

        impl CurveSpec {
            pub fn curve(&self) -> &dyn Curve {
                match self { $(Self::$settings(curve) => curve),+ }
            }

            /// Every curve with its usual settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$settings($settings::default())),+]
            }

            fn fitted(self, steps: u32) -> Self {
                match self { $(Self::$settings(curve) => Self::$settings(curve.fitted(steps))),+ }
            }
        }

        $(impl From<$settings> for CurveSpec {
            fn from(settings: $settings) -> Self { Self::$settings(settings) }
        })+
    };
}

curves! { Constant, Step, Exponential, Cosine, CosineRestarts, OneCycle, Polynomial, Plateau }

impl Default for CurveSpec {
    fn default() -> Self {
        Self::Constant(Constant {})
    }
}

/// A curve, and before it a linear warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleSpec {
    pub curve: CurveSpec,
    /// Steps over which the rate rises to the curve's first, which follows them; 0: none.
    pub warmup_steps: u32,
    /// What the rate begins with, as a share of the curve's first.
    pub start_factor: f32,
}

impl Default for ScheduleSpec {
    fn default() -> Self {
        Self { curve: CurveSpec::default(), warmup_steps: 0, start_factor: 1.0 / 3.0 }
    }
}

impl From<CurveSpec> for ScheduleSpec {
    fn from(curve: CurveSpec) -> Self {
        Self { curve, ..Self::default() }
    }
}

impl ScheduleSpec {
    /// Those of the warm-up.
    pub const SETTINGS: &'static [Setting] = &[
        Setting::count("warmup_steps", "Warm-up steps", 0, STEPS),
        Setting::number("start_factor", "Warm-up from", *START_FACTORS.start(), *START_FACTORS.end()),
    ];

    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), SettingError> {
        self.curve.curve().settings().iter().try_for_each(|setting| setting.check(&self.curve))?;
        Self::SETTINGS.iter().try_for_each(|setting| setting.check(self))
    }

    /// With the curve's lengths of 0 replaced by what fits a run of `steps`, the warm-up among them.
    #[must_use]
    pub fn fitted(self, steps: u32) -> Self {
        Self { curve: self.curve.fitted(steps.saturating_sub(self.warmup_steps).max(1)), ..self }
    }

    /// The rate of step `step`, counted from 0, where `base` is the one that was set. What
    /// [`Plateau`] takes off is a [`Reduction`].
    pub fn rate(&self, base: f32, step: u32) -> f32 {
        let (curve, base) = (self.curve.curve(), f64::from(base));
        if step >= self.warmup_steps {
            return curve.rate(base, step - self.warmup_steps) as f32;
        }
        let start = f64::from(self.start_factor);
        let factor = start + (1.0 - start) * f64::from(step) / f64::from(self.warmup_steps);
        (curve.rate(base, 0) * factor) as f32
    }
}
