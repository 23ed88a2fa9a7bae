//! Softmax cross-entropy: `loss = ln Σⱼ exp(sⱼ) − s_label`, gradient `softmax(s) − onehot(label)`.
//!
//! With soft targets t (which take the place of the one-hot vector), smoothing ε over n classes and class
//! weights w, as PyTorch has it: `t' = (1 − ε) t + ε / n`, `loss = Σ wⱼ t'ⱼ (ln Σ exp(s) − sⱼ)`, gradient
//! `(Σ wᵢ t'ᵢ) softmax(s)ⱼ − wⱼ t'ⱼ`. The mean is over the weights of the examples' classes; over the
//! examples where targets are soft.

use serde::Serialize;

use super::{
    Loss, LossError, LossKernel, LossPlace, LossTerm, Target,
    error::{flat, within},
    launches::{Share, term},
};
use crate::{
    Setting, Shape,
    backend::gpu::launch::{Launch, Shader, Slot},
    json::Read,
};

static GRADIENT: Shader = Shader { name: "cross_entropy/gradient", source: include_str!("cross_entropy/gradient.wgsl") };
static EVALUATE: Shader = Shader { name: "cross_entropy/evaluate", source: include_str!("cross_entropy/evaluate.wgsl") };
static GENERAL: Shader = Shader { name: "cross_entropy/general", source: include_str!("cross_entropy/general.wgsl") };
const SHADERS: &[&Shader] = &[&GRADIENT, &EVALUATE, &GENERAL];

/// Cross-entropy between softmax probabilities and the class, or probabilities that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// Share of the target that is spread evenly over all classes.
    pub label_smoothing: f32,
    /// How much each class counts, one number for each; empty where all count the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weight: Vec<f32>,
}

/// Turns scores into probabilities in place and returns `ln Σ exp(score)`.
pub fn softmax(scores: &mut [f32]) -> f32 {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for s in &mut *scores {
        *s = libm::expf(*s - highest);
        sum += *s;
    }
    for s in &mut *scores {
        *s /= sum;
    }
    highest + libm::logf(sum)
}

/// `ln Σ exp(score)`.
fn log_sum(scores: &[f32]) -> f32 {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|s| libm::expf(s - highest)).sum();
    highest + libm::logf(sum)
}

/// The softmax of scores that are divided by a temperature, one score at a time.
pub(super) struct Softmax {
    temperature: f32,
    highest: f32,
    sum: f32,
    log_sum: f32,
}

impl Softmax {
    pub(super) fn of(scores: &[f32], temperature: f32) -> Self {
        let highest = scores.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = scores.iter().map(|s| libm::expf((s - highest) / temperature)).sum();
        Self { temperature, highest, sum, log_sum: libm::logf(sum) }
    }

    pub(super) fn probability(&self, score: f32) -> f32 {
        libm::expf((score - self.highest) / self.temperature) / self.sum
    }

    pub(super) fn log_probability(&self, score: f32) -> f32 {
        (score - self.highest) / self.temperature - self.log_sum
    }
}

impl CrossEntropy {
    /// Nothing but the class counts.
    pub(super) fn is_plain(&self) -> bool {
        self.label_smoothing == 0.0 && self.weight.is_empty()
    }

    /// Everything in one launch: for a network's outputs and classes alone.
    pub(super) fn plain_launch(&self, at: &LossPlace) -> Launch {
        let reads = &[Slot::Output, Slot::Labels];
        let dims = vec![("classes", at.output.len().into()), ("batch", at.batch.into())];
        if at.gradient {
            Launch { shader: &GRADIENT, reads, writes: &[Slot::DOutput, Slot::Results], dims, groups: [1, 1, 1] }
        } else {
            Launch { shader: &EVALUATE, reads, writes: &[Slot::Results], dims, groups: [1, 1, 1] }
        }
    }

    fn plain(outputs: &[f32], label: usize, d_outputs: Option<&mut [f32]>) -> f32 {
        let log_sum = match d_outputs {
            None => log_sum(outputs),
            Some(d_outputs) => {
                d_outputs.copy_from_slice(outputs);
                let log_sum = softmax(d_outputs);
                d_outputs[label] -= 1.0;
                log_sum
            }
        };
        log_sum - outputs[label]
    }
}

impl Loss for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("label_smoothing", "Label smoothing", 0.0, 1.0)] }
    }

    fn check(&self, output: Shape) -> Result<(), LossError> {
        let loss = self.name();
        flat(loss, output)?;
        within(loss, "label_smoothing", self.label_smoothing, 0.0, 1.0)?;
        if self.weight.is_empty() {
            return Ok(());
        }
        if self.weight.len() != output.len() {
            return Err(LossError::Weights { loss: loss.to_owned(), got: self.weight.len(), wanted: output.len() });
        }
        self.weight.iter().try_for_each(|weight| within(loss, "weight", *weight, 0.0, 1e6))?;
        if self.weight.iter().all(|weight| *weight == 0.0) {
            return Err(LossError::NoWeight { loss: loss.to_owned() });
        }
        Ok(())
    }

    fn class_weights(&self) -> &[f32] {
        &self.weight
    }

    fn threshold(&self) -> f32 {
        0.0
    }
}

impl LossKernel for CrossEntropy {
    fn example(&self, outputs: &[f32], target: Target<'_>, d_outputs: Option<&mut [f32]>) -> f32 {
        if let Some(label) = target.label
            && self.is_plain()
        {
            return Self::plain(outputs, label, d_outputs);
        }
        let even = self.label_smoothing / outputs.len() as f32;
        let wanted = |j: usize| {
            let t = target.label.map_or_else(|| target.at(j), |label| f32::from(u8::from(j == label)));
            let smoothed = (1.0 - self.label_smoothing) * t + even;
            self.weight.get(j).map_or(smoothed, |weight| weight * smoothed)
        };
        let softmax = Softmax::of(outputs, 1.0);
        let (mut loss, mut all) = (0.0, 0.0);
        for (j, s) in outputs.iter().enumerate() {
            let t = wanted(j);
            all += t;
            // Not 0 times what may be infinite.
            if t != 0.0 {
                loss -= t * softmax.log_probability(*s);
            }
        }
        if let Some(d_outputs) = d_outputs {
            for (j, (s, d)) in outputs.iter().zip(d_outputs).enumerate() {
                *d = all * softmax.probability(*s) - wanted(j);
            }
        }
        loss
    }

    fn launch(&self, at: &LossPlace, of: &LossTerm) -> Launch {
        let settings = [
            ("smoothing", self.label_smoothing.into()),
            ("is_weighted", (!self.weight.is_empty()).into()),
            ("first_weight", of.class_weights.into()),
        ];
        let reads = &[Slot::Output, Slot::Labels, Slot::Targets, Slot::ClassWeights];
        term(&GENERAL, reads, Share::Example, at, of, &settings)
    }

    fn shaders(&self) -> &'static [&'static Shader] {
        SHADERS
    }
}
