//! How weights are changed: the update rules, and what stands around any of them.
//!
//! A rule is a file and a line in the list below. Parameters, gradients and the rule's own state are
//! contiguous blocks, so a rule is one loop. Around it stand penalties, clipping, accumulation, rates of
//! single layers and sharpness-aware minimisation, as data in an [`UpdateSpec`].

mod adagrad;
mod adam;
mod adamw;
mod launches;
mod lion;
mod momentum;
mod nesterov;
mod passes;
mod rmsprop;
mod sgd;
mod treatment;
mod update;

use serde::Serialize;

pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamw::Adamw;
pub use launches::{Launches, SHADERS};
pub use lion::Lion;
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use rmsprop::Rmsprop;
pub use sgd::Sgd;
pub use treatment::{Treatment, UpdateError, UpdateSpec};
pub use update::{Clock, Group, Update};

use crate::{
    Setting, SettingError, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot, Word, spread},
};

/// Most blocks that a rule keeps.
pub const SLOTS_LIMIT: usize = 3;
/// Most that a running average may keep of itself: with 1 it would never move.
const AVERAGE: f32 = 0.999_999;
/// Most weight decay.
const DECAY: f32 = 100.0;
/// Least of what keeps a quotient finite.
const EPS: f32 = 1e-12;

/// Weights that follow each other, with what belongs to them.
#[derive(Debug)]
pub struct Part<'a> {
    pub params: &'a mut [f32],
    pub grads: &'a [f32],
    /// The rule's blocks, in the order of [`Optimizer::slots`]; empty beyond.
    pub slots: [&'a mut [f32]; SLOTS_LIMIT],
    /// Of the rate.
    pub factor: f32,
    /// Of the rule's weight decay: 1, or 0 where these weights do not decay.
    pub decay: f32,
}

/// An update rule as it is described. Formulas and names are PyTorch's.
pub trait Optimizer {
    fn name(&self) -> &'static str;

    fn title(&self) -> &'static str;

    fn settings(&self) -> &'static [Setting];

    /// A rate at which the rule usually works on small networks.
    fn usual_rate(&self) -> f32;

    /// Names of the blocks that the rule keeps beside each parameter, as PyTorch calls them. They start
    /// as zeros.
    fn slots(&self) -> &'static [&'static str];
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Optimizer + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What runs a rule. Apart, so that a program that only describes updates, such as the page, does not carry it.
pub trait OptimizerKernel: Optimizer {
    /// One update.
    fn update(&self, part: Part<'_>, now: &StepInputs);

    /// The same on a graphics card, over all `len` parameters: `Grads` and `Rates` into `Params` and, where
    /// the rule has slots, `OptimizerState`.
    fn launch(&self, len: usize) -> Launch;

    /// What the formula takes from the number of the step and cannot work out in `f32`; the shader finds
    /// it in `now.rule`.
    fn rule(&self, now: &StepInputs) -> [f32; 4];

    /// Every file that the launch may name.
    fn shaders(&self) -> &'static [&'static Shader];
}

/// One parameter for each invocation. `settings` follow the length in the shader's `Dims`.
fn point_wise(shader: &'static Shader, writes: &'static [Slot], len: usize, settings: &[(&'static str, Word)]) -> Launch {
    let dims = std::iter::once(("len", len.into())).chain(settings.iter().copied()).collect();
    Launch { shader, reads: &[Slot::Grads, Slot::Rates], writes, dims, groups: spread(len, 64) }
}

/// −1, 0 or 1. (`f32::signum` gives 1 for 0.)
fn sign(x: f32) -> f32 {
    f32::from(u8::from(x > 0.0)) - f32::from(u8::from(x < 0.0))
}

macro_rules! optimizers {
    ($($settings:ident),+ $(,)?) => {
        /// An update rule as it is written down.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
        #[serde(tag = "optimizer", rename_all = "snake_case")]
        pub enum OptimizerSpec {
            $($settings($settings)),+
        }

        crate::tagged::read_by_name!(OptimizerSpec, "optimizer", $($settings),+);

        impl OptimizerSpec {
            pub fn rule(&self) -> &dyn Optimizer {
                match self { $(Self::$settings(rule) => rule),+ }
            }

            pub fn kernel(&self) -> &dyn OptimizerKernel {
                match self { $(Self::$settings(rule) => rule),+ }
            }

            /// Every rule with its usual settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$settings($settings::default())),+]
            }
        }

        $(impl From<$settings> for OptimizerSpec {
            fn from(settings: $settings) -> Self { Self::$settings(settings) }
        })+
    };
}

optimizers! { Sgd, Momentum, Nesterov, Adagrad, Rmsprop, Adam, Adamw, Lion }

impl Default for OptimizerSpec {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl OptimizerSpec {
    /// Numbers of state for `params_len` parameters.
    pub fn state_len(&self, params_len: usize) -> usize {
        self.rule().slots().len() * params_len
    }

    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), SettingError> {
        self.rule().settings().iter().try_for_each(|setting| setting.check(self))
    }

    /// One update of all parameters alike. `state` holds the slots one after another, each as long as `params`.
    pub fn update(&self, params: &mut [f32], grads: &[f32], state: &mut [f32], now: &StepInputs) {
        let slots = update::pieces(state, params.len(), 0..params.len());
        self.kernel().update(Part { params, grads, slots, factor: 1.0, decay: 1.0 }, now);
    }
}
