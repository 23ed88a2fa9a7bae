//! Binary cross-entropy of every output for itself: `loss = mean of max(x, 0) − x t + ln(1 + exp(−|x|))`,
//! gradient `(σ(x) − t) / outputs`. The form is that of −t ln σ(x) − (1 − t) ln(1 − σ(x)) that never overflows.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    elements::{mean, sigmoid},
    launches::{READS, Share, term},
};
use crate::{
    Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/bce_with_logits", source: include_str!("bce_with_logits.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// Each output as the logit of a yes or no (PyTorch's `BCEWithLogitsLoss`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct BceWithLogits {}

impl Loss for BceWithLogits {
    fn name(&self) -> &'static str {
        "bce_with_logits"
    }

    fn check(&self, _output: Shape) -> Result<(), LossError> {
        Ok(())
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for BceWithLogits {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        mean(outputs, target, d_outputs, |x, t| {
            let loss = x.max(0.0) - x * t + libm::log1pf(libm::expf(-x.abs()));
            (loss, sigmoid(x) - t)
        })
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Part, at, of, &[])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
