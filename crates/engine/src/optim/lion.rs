//! `p -= rate · (sign(β₁m + (1−β₁)g) + weight_decay · p)`, then `m = β₂m + (1−β₂)g`
//! (Chen et al., *Symbolic Discovery of Optimization Algorithms*, 2023, algorithm 2).

use serde::Serialize;

use super::{AVERAGE, DECAY, Optimizer, OptimizerKernel, Part, point_wise, sign};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/lion", source: include_str!("lion.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// The sign of a running average: every weight moves by the same amount.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Lion {
    pub betas: [f32; 2],
    pub weight_decay: f32,
}

impl Default for Lion {
    fn default() -> Self {
        Self { betas: [0.9, 0.99], weight_decay: 0.0 }
    }
}

impl Optimizer for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }

    fn title(&self) -> &'static str {
        "Lion"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("betas/0", "β₁", 0.0, AVERAGE),
                Setting::number("betas/1", "β₂", 0.0, AVERAGE),
                Setting::number("weight_decay", "Weight decay", 0.0, DECAY),
            ]
        }
    }

    fn usual_rate(&self) -> f32 {
        0.0005
    }

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg"]
    }
}

impl OptimizerKernel for Lion {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let [b1, b2] = self.betas;
        let (rate, decay, [averages, ..]) = (part.factor * now.rate, part.decay * self.weight_decay, part.slots);
        for ((p, g), m) in part.params.iter_mut().zip(part.grads).zip(averages) {
            let direction = sign(b1 * *m + (1.0 - b1) * g);
            *p -= rate * (direction + decay * *p);
            *m = b2 * *m + (1.0 - b2) * g;
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[("beta1", self.betas[0].into()), ("beta2", self.betas[1].into()), ("weight_decay", self.weight_decay.into())],
        )
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
