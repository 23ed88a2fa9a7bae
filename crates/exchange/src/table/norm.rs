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

pub fn group_norm(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let groups = layer.count("groups")?;
    grouped(layer, groups, |ch, rest| format!("nn.GroupNorm({groups}, {ch}{rest})"))
}

/// Over all numbers of an example, with a gain and a bias for each channel: to PyTorch a group norm of one group (its
/// `LayerNorm` has a gain for every number).
pub fn layer_norm(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    grouped(layer, 1, |ch, rest| format!("nn.GroupNorm(1, {ch}{rest})"))
}

pub fn instance_norm2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let affine = layer.flag("affine")?;
    let usual = if affine { ", affine=True" } else { "" };
    let eps = layer.number("eps")?;
    grouped(layer, layer.input.ch, |ch, _| format!("nn.InstanceNorm2d({ch}, eps={eps}{usual})"))
}

/// Mean and variance over groups of channels of an example. ONNX has it for single channels: groups are shaped as such.
fn grouped(layer: &Layer<'_>, groups: usize, torch: impl Fn(usize, &str) -> String) -> Result<Entry, ExchangeError> {
    let (eps, affine, i) = (layer.number("eps")?, layer.flag("affine")?, layer.input);
    let rest = format!(", eps={eps}{}", if affine { "" } else { ", affine=False" });
    let whole = |n: usize| n as i64;
    let each = i.len() / groups.max(1);
    let keras = format!(
        "layers.GroupNormalization({groups}, epsilon={eps}{}, name=\"{}\")({{x}})",
        if affine { "" } else { ", center=False, scale=False" },
        layer.name
    );
    let mut entry = Entry::maps(torch(i.ch, &rest))
        .keras(keras)
        .onnx(Step::new("Reshape").with(Input::Ints(vec![-1, whole(groups), whole(each)])))
        .onnx(
            Step::new("InstanceNormalization")
                .with(Input::Floats(vec![groups], vec![1.0; groups]))
                .with(Input::Floats(vec![groups], vec![0.0; groups]))
                .float("epsilon", eps),
        )
        .onnx(Step::new("Reshape").with(Input::Ints(vec![-1, whole(i.ch), whole(i.h), whole(i.w)])));
    if affine {
        let across = vec![i.ch, 1, 1];
        entry = entry
            .keras_weights([("weight", ""), ("bias", "")])
            .onnx(Step::new("Mul").with(Input::Shaped("weight", across.clone())))
            .onnx(Step::new("Add").with(Input::Shaped("bias", across)));
    }
    Ok(entry)
}
