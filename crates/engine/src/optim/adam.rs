//! `m = β₁m + (1−β₁)g`, `v = β₂v + (1−β₂)g²`, `p -= rate · m̂ / (√v̂ + eps)` with
//! `m̂ = m / (1−β₁ᵗ)`, `v̂ = v / (1−β₂ᵗ)` (Kingma and Ba, *Adam*, 2015).

use serde::{Deserialize, Serialize};

use super::{Optimizer, point_wise};
use crate::{
    StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
};

static UPDATE: Shader = Shader { name: "optim/adam", source: include_str!("adam.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Steps scaled by running averages of the gradient and its square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    pub betas: [f32; 2],
    pub eps: f32,
    pub weight_decay: f32,
}

impl Default for Adam {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn update(&self, params: &mut [f32], grads: &[f32], state: &mut [f32], now: &StepInputs) {
        let (averages, squares) = state.split_at_mut(params.len());
        let [b1, b2] = self.betas;
        let [rate, correct2, ..] = self.rule(now);
        for (((p, g), m), v) in params.iter_mut().zip(grads).zip(averages).zip(squares) {
            let g = g + self.weight_decay * *p;
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * (g * g);
            *p -= rate * *m / (v.sqrt() / correct2 + self.eps);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[("beta1", self.betas[0]), ("beta2", self.betas[1]), ("eps", self.eps), ("weight_decay", self.weight_decay)],
        )
    }

    /// `rate / (1 − β₁ᵗ)` and `√(1 − β₂ᵗ)`.
    fn rule(&self, now: &StepInputs) -> [f32; 4] {
        let t = f64::from(now.step) + 1.0;
        // In f64: 1 - 0.999ᵗ loses half its digits in f32 at t = 1.
        let correct1 = (1.0 - libm::pow(f64::from(self.betas[0]), t)) as f32;
        let correct2 = libm::sqrt(1.0 - libm::pow(f64::from(self.betas[1]), t)) as f32;
        [now.rate / correct1, correct2, 0.0, 0.0]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
