//! Focal loss: `loss = −(1 − p)^γ ln p` with `p = softmax(s)_class` (Lin et al., *Focal Loss for Dense
//! Object Detection*, 2017). Gradient `(softmax(s) − onehot(class)) · (1 − p)^γ (1 − γ p ln(p) / (1 − p))`.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    cross_entropy::Softmax,
    error::{flat, within},
    launches::{READS, Share, term},
};
use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/focal", source: include_str!("focal.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// Cross-entropy that counts an example the less, the surer its class already is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Focal {
    /// 0 is cross-entropy.
    pub gamma: f32,
}

impl Default for Focal {
    fn default() -> Self {
        Self { gamma: 2.0 }
    }
}

impl Loss for Focal {
    fn name(&self) -> &'static str {
        "focal"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("gamma", "Gamma", 0.0, 20.0)] }
    }

    fn check(&self, output: Shape) -> Result<(), LossError> {
        flat(self.name(), output)?;
        within(self.name(), "gamma", self.gamma, 0.0, 20.0)
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for Focal {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        let (class, softmax) = (target.class(), Softmax::of(outputs, 1.0));
        let p = softmax.probability(outputs[class]);
        // The others' sum, since 1 − p has no digits left where p is near 1.
        let others = outputs.iter().enumerate().filter(|(j, _)| *j != class);
        let rest: f32 = others.map(|(_, s)| softmax.probability(*s)).sum();
        // ln(1 − r) / r, by its series where r is small.
        let ratio = if rest < 0.01 {
            -(1.0 + rest * (0.5 + rest * (1.0 / 3.0 + rest * 0.25)))
        } else {
            softmax.log_probability(outputs[class]) / rest
        };
        let focus = libm::powf(rest, self.gamma);
        if let Some(d_outputs) = d_outputs {
            // Where p has vanished, ln p may have no number.
            let factor = focus * if p > 0.0 { 1.0 - self.gamma * p * ratio } else { 1.0 };
            for (j, (s, d)) in outputs.iter().zip(d_outputs).enumerate() {
                *d = factor * if j == class { -rest } else { softmax.probability(*s) };
            }
        }
        -focus * (ratio * rest)
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Example, at, of, &[("gamma", self.gamma.into())])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
