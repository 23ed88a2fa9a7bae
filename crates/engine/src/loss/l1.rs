//! Mean absolute error: `loss = mean of |x − t|`, gradient `sign(x − t) / outputs`, 0 where both are equal.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    elements::mean,
    launches::{READS, Share, term},
};
use crate::{
    Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/l1", source: include_str!("l1.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// Distances between outputs and targets (PyTorch's `L1Loss`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct L1 {}

impl Loss for L1 {
    fn name(&self) -> &'static str {
        "l1"
    }

    fn check(&self, _output: Shape) -> Result<(), LossError> {
        Ok(())
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.5
    }
}

impl LossKernel for L1 {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        mean(outputs, target, d_outputs, |x, t| {
            let distance = x - t;
            // Not `signum`, which gives 0 a sign.
            (distance.abs(), f32::from(i8::from(distance > 0.0) - i8::from(distance < 0.0)))
        })
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Part, at, of, &[])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
