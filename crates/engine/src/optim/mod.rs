//! Update rules. One file each, one line in the list below.
//!
//! Parameters, gradients and the rule's own state are contiguous blocks, so a rule is one loop.

mod adam;
mod momentum;
mod sgd;

use serde::{Deserialize, Serialize};

pub use adam::Adam;
pub use momentum::Momentum;
pub use sgd::Sgd;

use crate::{
    StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot, Word, spread},
};

/// An update rule. Formulas and names are PyTorch's.
pub trait Optimizer: std::fmt::Debug {
    fn name(&self) -> &'static str;

    /// Names of the blocks that the rule keeps beside each parameter, as PyTorch calls them.
    fn slots(&self) -> &'static [&'static str];

    /// One update. `state` holds the slots one after another, each as long as `params`; it starts as zeros.
    fn update(&self, params: &mut [f32], grads: &[f32], state: &mut [f32], now: &StepInputs);

    /// The same on a graphics card, over `len` parameters: `Grads` into `Params` and, where the rule has
    /// slots, `OptimizerState`.
    fn launch(&self, len: usize) -> Launch;

    /// What the formula takes from the number of the step and cannot work out in `f32`; the shader finds
    /// it in `now.rule`.
    fn rule(&self, now: &StepInputs) -> [f32; 4];

    /// Every file that the launch may name.
    fn shaders(&self) -> &'static [&'static Shader];
}

/// One parameter for each invocation. `settings` follow the length in the shader's `Dims`.
fn point_wise(shader: &'static Shader, writes: &'static [Slot], len: usize, settings: &[(&'static str, f32)]) -> Launch {
    let settings = settings.iter().map(|(name, value)| (*name, Word::F32(*value)));
    let dims = std::iter::once(("len", len.into())).chain(settings).collect();
    Launch { shader, reads: &[Slot::Grads], writes, dims, groups: spread(len, 64) }
}

macro_rules! optimizers {
    ($($settings:ident),+ $(,)?) => {
        /// An update rule as it is written down.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "optimizer", rename_all = "snake_case")]
        pub enum OptimizerSpec {
            $($settings($settings)),+
        }

        impl OptimizerSpec {
            pub fn rule(&self) -> &dyn Optimizer {
                match self { $(Self::$settings(rule) => rule),+ }
            }

            /// Every rule with its usual settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$settings($settings::default())),+]
            }
        }
    };
}

optimizers! { Sgd, Momentum, Adam }

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
}
