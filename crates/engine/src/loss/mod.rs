//! What training makes small. One file each, one line in the list.
//!
//! Names, formulas and means are PyTorch's: the loss of a batch is (sum of its examples' losses) / count, where an
//! example's loss is already the mean over its outputs for `mse`, `l1` and `bce_with_logits`. Class weights
//! divide by the weights of the batch's classes; over several batches the mean is that of their means.

mod batch;
mod bce_with_logits;
mod cross_entropy;
mod dice;
mod distillation;
mod elements;
mod error;
mod focal;
mod hinge;
mod l1;
pub mod launches;
mod mse;
mod result;
mod sum;
mod targets;

use serde::Serialize;

pub use bce_with_logits::BceWithLogits;
pub use cross_entropy::{CrossEntropy, softmax};
pub use dice::Dice;
pub use distillation::Distillation;
pub use error::LossError;
pub use focal::Focal;
pub use hinge::Hinge;
pub use l1::L1;
pub use launches::{Given, LossPlace, LossTerm};
pub use mse::Mse;
pub use result::BatchResult;
pub use sum::{Sum, Term};
pub use targets::{Target, Targets, arg_max, is_mask};

use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader},
};

/// A loss of one example's outputs against its target, as it is described.
pub trait Loss {
    fn name(&self) -> &'static str;

    /// What can be set, but for class weights.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// # Errors
    /// A setting outside its limits, or an output that this loss is not for.
    fn check(&self, output: Shape) -> Result<(), LossError>;

    /// One for each output, or none at all.
    fn class_weights(&self) -> &[f32];

    /// The output from which on a pixel counts as covered: see [`Targets`].
    fn threshold(&self) -> f32;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Loss + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What runs a loss. Apart, so that a program that only describes losses, such as the page, does not carry it.
pub trait LossKernel: Loss {
    /// The loss, and its gradient with respect to the outputs in `d_outputs` (overwritten).
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32;

    /// [`LossKernel::example`] of a batch on a graphics card, times the term's weight: outputs in `Output`, the losses in
    /// `Losses`, the gradient divided by the batch in `DOutput`. Examples from `now.count` on have a loss and a
    /// gradient of 0.
    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch;

    /// Every file that the launches may name.
    fn shaders(&self) -> &'static [&'static Shader];
}

macro_rules! losses {
    ($($settings:ident),+ $(,)?) => {
        /// A loss as it is written down.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "loss", rename_all = "snake_case")]
        pub enum LossSpec {
            $($settings($settings),)+
            Sum(Sum),
        }

        crate::tagged::read_by_name!(LossSpec, "loss", $($settings,)+ Sum);

        impl LossSpec {
            /// Every loss with its usual settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$settings($settings::default()),)+ Self::Sum(Sum::default())]
            }

            /// The loss; `None` for a sum, which has several.
            fn single(&self) -> Option<&dyn Loss> {
                match self {
                    $(Self::$settings(loss) => Some(loss),)+
                    Self::Sum(_) => None,
                }
            }

            /// What runs it; `None` for a sum.
            fn kernel(&self) -> Option<&dyn LossKernel> {
                match self {
                    $(Self::$settings(loss) => Some(loss),)+
                    Self::Sum(_) => None,
                }
            }
        }
    };
}

losses! { CrossEntropy, Mse, L1, Hinge, Focal, BceWithLogits, Dice, Distillation }

impl Default for LossSpec {
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropy::default())
    }
}

impl LossSpec {
    pub fn name(&self) -> &'static str {
        self.single().map_or("sum", Loss::name)
    }

    /// What can be set; of a sum, nothing: its losses have their own.
    pub fn settings(&self) -> &'static [Setting] {
        self.single().map_or(&[], Loss::settings)
    }

    /// The class weights of every cross-entropy in it. False where there is none.
    pub fn set_class_weights(&mut self, weights: &[f32]) -> bool {
        match self {
            Self::CrossEntropy(loss) => {
                loss.weight = weights.to_vec();
                true
            }
            Self::Sum(sum) => {
                let mut taken = false;
                for term in &mut sum.terms {
                    taken |= term.loss.set_class_weights(weights);
                }
                taken
            }
            _ => false,
        }
    }

    /// Each loss and its weight, those of sums within sums too.
    fn each<'a>(&'a self, weight: f32, take: &mut dyn FnMut(f32, &'a dyn LossKernel)) {
        match self {
            Self::Sum(sum) => sum.terms.iter().for_each(|term| term.loss.each(weight * term.weight, take)),
            // Every other has a formula.
            single => single.kernel().into_iter().for_each(|loss| take(weight, loss)),
        }
    }

    /// Whether this loss can train a network that gives `output`.
    ///
    /// # Errors
    /// What is wrong with the first of its losses that cannot.
    pub fn check(&self, output: Shape) -> Result<(), LossError> {
        match self {
            Self::Sum(sum) => sum.check(output),
            single => single.single().map_or(Ok(()), |loss| loss.check(output)),
        }
    }

    /// What a graphics card runs for a batch, in order: losses and right answers in `Results`, the
    /// gradient of (sum of losses) / batch in `DOutput` where it is wanted. An output that is NaN or
    /// infinite makes the sum of losses NaN.
    pub fn launches(&self, at: &LossPlace) -> Vec<Launch> {
        if let Self::CrossEntropy(loss) = self
            && loss.is_plain()
            && at.given.labels
        {
            return vec![loss.plain_launch(at)];
        }
        let mut terms = Vec::new();
        self.each(1.0, &mut |weight, loss| terms.push((weight, loss)));
        launches::all(&terms, at)
    }

    /// The class weights of all losses, one after another, as the launches read them.
    pub fn class_weights(&self) -> Vec<f32> {
        let mut all = Vec::new();
        self.each(1.0, &mut |_, loss| all.extend_from_slice(loss.class_weights()));
        all
    }

    /// Every file that [`LossSpec::launches`] may name.
    pub fn shaders(&self) -> Vec<&'static Shader> {
        let mut all = launches::SHADERS.to_vec();
        self.each(1.0, &mut |_, loss| all.extend_from_slice(loss.shaders()));
        all
    }
}
