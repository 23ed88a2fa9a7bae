//! Distillation: `loss = α T² KL(teacher ‖ student) + (1 − α) cross-entropy of the class`, where both
//! probabilities are softmaxes of scores divided by T (Hinton et al., *Distilling the Knowledge in a Neural
//! Network*, 2015). Gradient `α T (student − teacher) + (1 − α) (softmax(s) − onehot(class))`.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    cross_entropy::Softmax,
    error::{flat, within},
    launches::{READS, Share, term},
};
use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader},
    json::Read,
};

static SHADER: Shader = Shader { name: "loss/distillation", source: include_str!("distillation.wgsl") };
const SHADERS: &[&Shader] = &[&SHADER];

/// A teacher's scores as the target, softened by a temperature. Without a teacher the class alone
/// is what it would say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Distillation {
    /// Scores of both are divided by it: the higher, the more the lesser scores count.
    pub temperature: f32,
    /// Share of the teacher; the rest is cross-entropy with the class (that of the teacher's highest score
    /// where no other is known).
    pub alpha: f32,
}

impl Default for Distillation {
    fn default() -> Self {
        Self { temperature: 3.0, alpha: 1.0 }
    }
}

impl Loss for Distillation {
    fn name(&self) -> &'static str {
        "distillation"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("temperature", "Temperature", 0.01, 1000.0), Setting::number("alpha", "Teacher's share", 0.0, 1.0)] }
    }

    fn check(&self, output: Shape) -> Result<(), LossError> {
        flat(self.name(), output)?;
        within(self.name(), "temperature", self.temperature, 0.01, 1000.0)?;
        within(self.name(), "alpha", self.alpha, 0.0, 1.0)
    }

    fn class_weights(&self) -> &[f32] {
        &[]
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for Distillation {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        let (temperature, alpha, class) = (self.temperature, self.alpha, target.class());
        let (student, plain) = (Softmax::of(outputs, temperature), Softmax::of(outputs, 1.0));
        let teacher = target.row.map(|row| (row, Softmax::of(row, temperature)));
        let taught = |j: usize| match &teacher {
            Some((row, softmax)) => (softmax.probability(row[j]), softmax.log_probability(row[j])),
            None => (target.at(j), 0.0),
        };
        let mut divergence = 0.0;
        for (j, s) in outputs.iter().enumerate() {
            let (t, log_t) = taught(j);
            // What the teacher excludes costs nothing, however sure the student is of it.
            if t > 0.0 {
                divergence += t * (log_t - student.log_probability(*s));
            }
        }
        if let Some(d_outputs) = d_outputs {
            for (j, (s, d)) in outputs.iter().zip(d_outputs).enumerate() {
                let of_class = plain.probability(*s) - f32::from(u8::from(j == class));
                *d = alpha * temperature * (student.probability(*s) - taught(j).0) + (1.0 - alpha) * of_class;
            }
        }
        let softened = alpha * (temperature * temperature) * divergence;
        // Not 0 times what may be infinite.
        if alpha < 1.0 { softened - (1.0 - alpha) * plain.log_probability(outputs[class]) } else { softened }
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        let settings = [("temperature", self.temperature.into()), ("alpha", self.alpha.into())];
        term(&SHADER, READS, Share::Example, at, of, &settings)
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
