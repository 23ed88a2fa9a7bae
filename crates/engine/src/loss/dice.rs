//! Soft Dice of an example: `loss = 1 − (2 Σ q t + smooth) / (Σ q + Σ t + smooth)` with `q = σ(x)`.
//! With I the numerator and U the denominator, the gradient is `(I − 2 t U) / U² · q (1 − q)`.
//! (Milletari et al., *V-Net*, 2016, with plain sums below as is common.)

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    elements::sigmoid,
    error::within,
    launches::{READS, Share, term},
};
use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/dice", source: include_str!("dice.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// How little two masks overlap, over all outputs of an example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Dice {
    /// Added above and below: what two empty masks are worth.
    pub smooth: f32,
}

impl Default for Dice {
    fn default() -> Self {
        Self { smooth: 1.0 }
    }
}

impl Loss for Dice {
    fn name(&self) -> &'static str {
        "dice"
    }

    /// Without `smooth`, all probabilities 0 and an empty target would divide 0 by 0.
    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("smooth", "Smoothing", 1e-6, 1e6)] }
    }

    fn check(&self, _output: Shape) -> Result<(), LossError> {
        within(self.name(), "smooth", self.smooth, 1e-6, 1e6)
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for Dice {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        let (mut both, mut each) = (0.0, 0.0);
        for (i, x) in outputs.iter().enumerate() {
            let (q, t) = (sigmoid(*x), target.at(i));
            both += q * t;
            each += q + t;
        }
        let (upper, lower) = (2.0 * both + self.smooth, each + self.smooth);
        if let Some(d_outputs) = d_outputs {
            for (i, (x, d)) in outputs.iter().zip(d_outputs).enumerate() {
                let q = sigmoid(*x);
                // Divided twice: the square of the lower part may overflow.
                *d = (upper / lower - 2.0 * target.at(i)) / lower * (q * (1.0 - q));
            }
        }
        1.0 - upper / lower
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Part, at, of, &[("smooth_by", self.smooth.into())])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
