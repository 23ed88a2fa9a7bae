//! `m = β₁m + (1−β₁)g`, `v = β₂v + (1−β₂)g²`, `p -= rate · m̂ / (√v̂ + eps)` with
//! `m̂ = m / (1−β₁ᵗ)`, `v̂ = v / (1−β₂ᵗ)` (Kingma and Ba, *Adam*, 2015).

use serde::{Deserialize, Serialize};

use super::{Optimizer, point_wise};
use crate::{
    StepInputs,
    backend::cpu::simd::{Kernel, Vector, dispatch},
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
        let [rate, correct2, ..] = self.rule(now);
        dispatch(Update { rule: self, rate, inverse2: 1.0 / correct2, params, grads, averages, squares });
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

struct Update<'a> {
    rule: &'a Adam,
    rate: f32,
    /// One division less for each parameter.
    inverse2: f32,
    params: &'a mut [f32],
    grads: &'a [f32],
    averages: &'a mut [f32],
    squares: &'a mut [f32],
}

impl Kernel for Update<'_> {
    // A plain loop, which compiles to the vectors of the function that this is inlined into.
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { rule, rate, inverse2, params, grads, averages, squares } = self;
        let ([b1, b2], eps, decay) = (rule.betas, rule.eps, rule.weight_decay);
        let len = params.len();
        let (grads, averages, squares) = (&grads[..len], &mut averages[..len], &mut squares[..len]);
        for i in 0..len {
            let g = grads[i] + decay * params[i];
            let m = b1 * averages[i] + (1.0 - b1) * g;
            let v = b2 * squares[i] + (1.0 - b2) * (g * g);
            (averages[i], squares[i]) = (m, v);
            params[i] -= rate * m / (v.sqrt() * inverse2 + eps);
        }
    }
}
