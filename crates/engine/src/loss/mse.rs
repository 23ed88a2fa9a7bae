//! Mean squared error: `loss = mean of (x − t)²`, gradient `2 (x − t) / outputs`.

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

static SHADER: Shader = Shader { name: "loss/mse", source: include_str!("mse.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// Squares of the distances between outputs and targets (PyTorch's `MSELoss`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Mse {}

impl Loss for Mse {
    fn name(&self) -> &'static str {
        "mse"
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

impl LossKernel for Mse {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        mean(outputs, target, d_outputs, |x, t| {
            let distance = x - t;
            (distance * distance, 2.0 * distance)
        })
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Part, at, of, &[])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
