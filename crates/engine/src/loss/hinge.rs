//! Multi-class hinge: `loss = Σ over i ≠ class of max(0, margin − s_class + sᵢ) / outputs` (PyTorch's
//! `MultiMarginLoss` with p = 1). Each term above 0 pulls sᵢ down by 1 / outputs and the class's score up.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    error::{flat, within},
    launches::{READS, Share, term},
};
use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/hinge", source: include_str!("hinge.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// The class's score is to lead every other by a margin; more lead earns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Hinge {
    pub margin: f32,
}

impl Default for Hinge {
    fn default() -> Self {
        Self { margin: 1.0 }
    }
}

impl Loss for Hinge {
    fn name(&self) -> &'static str {
        "hinge"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("margin", "Margin", 0.0, 1000.0)] }
    }

    fn check(&self, output: Shape) -> Result<(), LossError> {
        flat(self.name(), output)?;
        within(self.name(), "margin", self.margin, 0.0, 1000.0)
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for Hinge {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        let (class, count) = (target.class(), outputs.len() as f32);
        let lack = |i: usize| if i == class { 0.0 } else { (self.margin - (outputs[class] - outputs[i])).max(0.0) };
        if let Some(d_outputs) = d_outputs {
            let mut lacking = 0.0;
            for (i, d) in d_outputs.iter_mut().enumerate() {
                *d = if lack(i) > 0.0 { 1.0 / count } else { 0.0 };
                lacking += *d;
            }
            d_outputs[class] = -lacking;
        }
        (0..outputs.len()).map(lack).sum::<f32>() / count
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        term(&SHADER, READS, Share::Example, at, of, &[("margin", self.margin.into())])
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
