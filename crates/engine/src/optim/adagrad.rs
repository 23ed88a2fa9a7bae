//! `s += g²`, `p -= rate / (1 + t · lr_decay) · g / (√s + eps)`, `t` the updates made before
//! (Duchi, Hazan and Singer, *Adaptive Subgradient Methods*, 2011). The sum starts at 0.

use serde::Serialize;

use super::{DECAY, EPS, Optimizer, OptimizerKernel, Part, point_wise};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/adagrad", source: include_str!("adagrad.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Steps scaled by the sum of all squared gradients so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Adagrad {
    pub lr_decay: f32,
    pub eps: f32,
    pub weight_decay: f32,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self { lr_decay: 0.0, eps: 1e-10, weight_decay: 0.0 }
    }
}

impl Optimizer for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn title(&self) -> &'static str {
        "AdaGrad"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("lr_decay", "Decay of the rate", 0.0, 1.0),
                Setting::number("eps", "ε", EPS, 1.0),
                Setting::number("weight_decay", "Weight decay", 0.0, DECAY),
            ]
        }
    }

    fn usual_rate(&self) -> f32 {
        0.02
    }

    fn slots(&self) -> &'static [&'static str] {
        &["sum"]
    }
}

impl OptimizerKernel for Adagrad {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let (decay, [sums, ..]) = (part.decay * self.weight_decay, part.slots);
        let rate = part.factor * self.rule(now)[0];
        for ((p, g), s) in part.params.iter_mut().zip(part.grads).zip(sums) {
            let g = g + decay * *p;
            *s += g * g;
            *p -= rate * g / (s.sqrt() + self.eps);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[("eps", self.eps.into()), ("weight_decay", self.weight_decay.into())],
        )
    }

    /// `rate / (1 + t · lr_decay)`.
    fn rule(&self, now: &StepInputs) -> [f32; 4] {
        let rate = f64::from(now.rate) / (1.0 + f64::from(now.step) * f64::from(self.lr_decay));
        [rate as f32, 0.0, 0.0, 0.0]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
