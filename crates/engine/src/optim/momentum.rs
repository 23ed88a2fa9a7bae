//! `v = momentum · v + g`, `p -= rate · v` (PyTorch's form: the rate stands outside the average).

use serde::{Deserialize, Serialize};

use super::{Optimizer, point_wise};
use crate::{
    StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
};

static UPDATE: Shader = Shader { name: "optim/momentum", source: include_str!("momentum.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Stochastic gradient descent with a running sum of gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Momentum {
    pub momentum: f32,
    pub weight_decay: f32,
}

impl Default for Momentum {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 0.0 }
    }
}

impl Optimizer for Momentum {
    fn name(&self) -> &'static str {
        "momentum"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum_buffer"]
    }

    fn update(&self, params: &mut [f32], grads: &[f32], state: &mut [f32], now: &StepInputs) {
        for ((p, g), v) in params.iter_mut().zip(grads).zip(state) {
            *v = self.momentum * *v + (g + self.weight_decay * *p);
            *p -= now.rate * *v;
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(&UPDATE, &[Slot::Params, Slot::OptimizerState], len, &[("momentum", self.momentum), ("weight_decay", self.weight_decay)])
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
