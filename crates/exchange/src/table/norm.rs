//! Normalisations.

use super::{Entry, Input, Step};
use crate::{ExchangeError, tree::Layer};

pub fn batch_norm2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (eps, momentum) = (layer.number("eps")?, layer.number("momentum")?);
    let mut step = Step::new("BatchNormalization").float("epsilon", eps);
    for name in ["weight", "bias", "running_mean", "running_var"] {
        step = step.with(Input::Param(name));
    }
    // Keras keeps what PyTorch replaces.
    let keep = f64::from((1.0 - momentum) * 1e6).round() / 1e6;
    Ok(Entry::maps(format!("nn.BatchNorm2d({}, eps={eps}, momentum={momentum})", layer.input.ch))
        .keras(format!("layers.BatchNormalization(epsilon={eps}, momentum={keep}, name=\"{}\")({{x}})", layer.name))
        .keras_weights([("weight", ""), ("bias", ""), ("running_mean", ""), ("running_var", "")])
        .onnx(step))
}
