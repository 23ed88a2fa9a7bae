//! `p -= rate · weight_decay · p`, then the step of Adam on the gradient alone
//! (Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2019).

use serde::Serialize;

use super::{AVERAGE, DECAY, EPS, Optimizer, OptimizerKernel, Part, adam::bias_corrections, point_wise};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/adamw", source: include_str!("adamw.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Adam whose weights decay by themselves instead of through the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Adamw {
    pub betas: [f32; 2],
    pub eps: f32,
    pub weight_decay: f32,
}

impl Default for Adamw {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 1e-2 }
    }
}

impl Optimizer for Adamw {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn title(&self) -> &'static str {
        "AdamW"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("betas/0", "β₁", 0.0, AVERAGE),
                Setting::number("betas/1", "β₂", 0.0, AVERAGE),
                Setting::number("eps", "ε", EPS, 1.0),
                Setting::number("weight_decay", "Weight decay", 0.0, DECAY),
            ]
        }
    }

    fn usual_rate(&self) -> f32 {
        0.001
    }

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }
}

impl OptimizerKernel for Adamw {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let [b1, b2] = self.betas;
        let [averages, squares, _] = part.slots;
        let [rate, correct2, ..] = self.rule(now);
        let rate = part.factor * rate;
        let kept = 1.0 - part.factor * now.rate * (part.decay * self.weight_decay);
        for (((p, g), m), v) in part.params.iter_mut().zip(part.grads).zip(averages).zip(squares) {
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * (g * g);
            *p = *p * kept - rate * *m / (v.sqrt() / correct2 + self.eps);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[
                ("beta1", self.betas[0].into()),
                ("beta2", self.betas[1].into()),
                ("eps", self.eps.into()),
                ("weight_decay", self.weight_decay.into()),
            ],
        )
    }

    /// `rate / (1 − β₁ᵗ)` and `√(1 − β₂ᵗ)`.
    fn rule(&self, now: &StepInputs) -> [f32; 4] {
        bias_corrections(self.betas, now)
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
