//! `p -= rate · (g + weight_decay · p)`

use serde::Serialize;

use super::{DECAY, Optimizer, OptimizerKernel, Part, point_wise};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/sgd", source: include_str!("sgd.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Stochastic gradient descent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    pub weight_decay: f32,
}

impl Optimizer for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn title(&self) -> &'static str {
        "SGD"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("weight_decay", "Weight decay", 0.0, DECAY)] }
    }

    fn usual_rate(&self) -> f32 {
        0.1
    }

    fn slots(&self) -> &'static [&'static str] {
        &[]
    }
}

impl OptimizerKernel for Sgd {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let (rate, decay) = (part.factor * now.rate, part.decay * self.weight_decay);
        for (p, g) in part.params.iter_mut().zip(part.grads) {
            *p -= rate * (g + decay * *p);
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(&UPDATE, &[Slot::Params], len, &[("weight_decay", self.weight_decay.into())])
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
