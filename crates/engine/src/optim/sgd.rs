//! `p -= rate · (g + weight_decay · p)`

use serde::{Deserialize, Serialize};

use super::{Optimizer, point_wise};
use crate::{
    StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
};

static UPDATE: Shader = Shader { name: "optim/sgd", source: include_str!("sgd.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Stochastic gradient descent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    pub weight_decay: f32,
}

impl Optimizer for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    fn update(&self, params: &mut [f32], grads: &[f32], _state: &mut [f32], now: &StepInputs) {
        for (p, g) in params.iter_mut().zip(grads) {
            *p -= now.rate * (g + self.weight_decay * *p);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(&UPDATE, &[Slot::Params], len, &[("weight_decay", self.weight_decay)])
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
