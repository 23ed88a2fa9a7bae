//! `m = β₁m + (1−β₁)g`, `v = β₂v + (1−β₂)g²`, `p -= rate · m̂ / (√v̂ + eps)` with
//! `m̂ = m / (1−β₁ᵗ)`, `v̂ = v / (1−β₂ᵗ)` (Kingma and Ba, *Adam*, 2015).

use serde::Serialize;

use super::{AVERAGE, DECAY, EPS, Optimizer, OptimizerKernel, Part, point_wise};
use crate::{
    Setting, StepInputs,
    backend::cpu::simd::{Kernel, Vector, dispatch},
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/adam", source: include_str!("adam.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Steps scaled by running averages of the gradient and its square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
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

    fn title(&self) -> &'static str {
        "Adam"
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

impl OptimizerKernel for Adam {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let [rate, correct2, ..] = self.rule(now);
        let [averages, squares, _] = part.slots;
        dispatch(Update {
            rule: self,
            rate: part.factor * rate,
            decay: part.decay * self.weight_decay,
            inverse2: 1.0 / correct2,
            params: part.params,
            grads: part.grads,
            averages,
            squares,
        });
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

/// `rate / (1 − β₁ᵗ)` and `√(1 − β₂ᵗ)`, `t` the number of the update from 1.
pub(super) fn bias_corrections(betas: [f32; 2], now: &StepInputs) -> [f32; 4] {
    let t = f64::from(now.step) + 1.0;
    // In f64: 1 - 0.999ᵗ loses half its digits in f32 at t = 1.
    let correct1 = (1.0 - libm::pow(f64::from(betas[0]), t)) as f32;
    let correct2 = libm::sqrt(1.0 - libm::pow(f64::from(betas[1]), t)) as f32;
    [now.rate / correct1, correct2, 0.0, 0.0]
}

struct Update<'a> {
    rule: &'a Adam,
    rate: f32,
    decay: f32,
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
        let Self { rule, rate, decay, inverse2, params, grads, averages, squares } = self;
        let ([b1, b2], eps) = (rule.betas, rule.eps);
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
