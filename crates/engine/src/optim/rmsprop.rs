//! `s = alpha · s + (1 − alpha) · g²`, `p -= rate · g / (√s + eps)` (Hinton, lecture 6e of *Neural Networks
//! for Machine Learning*, 2012; `torch.optim.RMSprop`). Centered, the root is that of `s` less the square of a
//! running average of `g`. With momentum, `v = momentum · v + quotient` and `p -= rate · v`.

use serde::Serialize;

use super::{AVERAGE, DECAY, EPS, Optimizer, OptimizerKernel, Part, point_wise};
use crate::{
    Setting, StepInputs,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static UPDATE: Shader = Shader { name: "optim/rmsprop", source: include_str!("rmsprop.wgsl") };
const SHADERS: &[&Shader] = &[&UPDATE];

/// Steps scaled by a running average of the squared gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Rmsprop {
    pub alpha: f32,
    pub eps: f32,
    pub weight_decay: f32,
    pub momentum: f32,
    pub centered: bool,
}

impl Default for Rmsprop {
    fn default() -> Self {
        Self { alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false }
    }
}

impl Optimizer for Rmsprop {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn title(&self) -> &'static str {
        "RMSProp"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("alpha", "α", 0.0, AVERAGE),
                Setting::number("eps", "ε", EPS, 1.0),
                Setting::number("momentum", "Momentum", 0.0, AVERAGE),
                Setting::switch("centered", "Centered"),
                Setting::number("weight_decay", "Weight decay", 0.0, DECAY),
            ]
        }
    }

    fn usual_rate(&self) -> f32 {
        0.001
    }

    fn slots(&self) -> &'static [&'static str] {
        match (self.momentum > 0.0, self.centered) {
            (false, false) => &["square_avg"],
            (true, false) => &["square_avg", "momentum_buffer"],
            (false, true) => &["square_avg", "grad_avg"],
            (true, true) => &["square_avg", "momentum_buffer", "grad_avg"],
        }
    }
}

impl OptimizerKernel for Rmsprop {
    fn update(&self, part: Part<'_>, now: &StepInputs) {
        let (rate, decay, [squares, second, third]) = (part.factor * now.rate, part.decay * self.weight_decay, part.slots);
        let (velocities, averages) = if self.momentum > 0.0 { (second, third) } else { (third, second) };
        for (i, ((p, g), s)) in part.params.iter_mut().zip(part.grads).zip(squares).enumerate() {
            let g = g + decay * *p;
            *s = self.alpha * *s + (1.0 - self.alpha) * (g * g);
            let mut variance = *s;
            if self.centered {
                averages[i] = self.alpha * averages[i] + (1.0 - self.alpha) * g;
                variance -= averages[i] * averages[i];
            }
            // Rounding may leave a little less than nothing.
            let mut change = g / (variance.max(0.0).sqrt() + self.eps);
            if self.momentum > 0.0 {
                change += self.momentum * velocities[i];
                velocities[i] = change;
            }
            *p -= rate * change;
        }
    }

    fn launch(&self, len: usize) -> Launch {
        point_wise(
            &UPDATE,
            &[Slot::Params, Slot::OptimizerState],
            len,
            &[
                ("alpha", self.alpha.into()),
                ("eps", self.eps.into()),
                ("momentum", self.momentum.into()),
                ("weight_decay", self.weight_decay.into()),
                ("centered", self.centered.into()),
            ],
        )
    }

    fn rule(&self, _now: &StepInputs) -> [f32; 4] {
        [0.0; 4]
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
