//! `v = momentum · v + g`, `p -= rate · (g + momentum · v)` (`torch.optim.SGD` with `nesterov=True`).

use serde::Serialize;

use super::{AVERAGE, DECAY, Optimizer, OptimizerKernel, Part, point_wise};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/nesterov", source: include_str!("nesterov.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Momentum that looks ahead along its running sum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Nesterov {
    pub momentum: f32,
    pub weight_decay: f32,
}

impl Default for Nesterov {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 0.0 }
    }
}

impl Optimizer for Nesterov {
    fn name(&self) -> &'static str {
        "nesterov"
    }

    fn title(&self) -> &'static str {
        "Nesterov"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("momentum", "Momentum", 0.0, AVERAGE), Setting::number("weight_decay", "Weight decay", 0.0, DECAY)] }
    }

    fn usual_rate(&self) -> f32 {
        0.02
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum_buffer"]
    }
}

impl OptimizerKernel for Nesterov {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let (rate, decay, [velocity, ..]) = (part.factor * now.rate, part.decay * self.weight_decay, part.slots);
        for ((p, g), v) in part.params.iter_mut().zip(part.grads).zip(velocity) {
            let g = g + decay * *p;
            *v = self.momentum * *v + g;
            *p -= rate * (g + self.momentum * *v);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[("momentum", self.momentum.into()), ("weight_decay", self.weight_decay.into())],
        )
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
