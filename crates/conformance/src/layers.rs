//! What a golden case asks for, as the engine writes it. The one place that knows both sets of names: a case may also say it
//! in the engine's own words (`layer`, `model`, `rule`, `update`; `loss` of a loss).

use engine::{
    Init, LayerSpec, ModelSpec, OptimizerSpec, Padding, Pair, ScheduleSpec, Shape,
    ops::{
        AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, BatchNorm2d, Conv2d, ConvTranspose2d, Dense, Elu, Flatten, FractionalMaxPool2d,
        Gelu, GlobalAvgPool2d, GlobalMaxPool2d, GroupNorm, LayerNorm, LeakyRelu, LogSoftmax, LpPool2d, MaxPool2d, Relu, Sigmoid, Silu,
        Softmax, Softplus, StochasticPool2d, Tanh, UpsampleBilinear2d, UpsampleNearest2d,
    },
    optim::{Adagrad, Adam, Adamw, Momentum, Nesterov, Rmsprop, Sgd, UpdateSpec},
    schedule::{Constant, Cosine, CosineRestarts, CurveSpec, Exponential, OneCycle, Plateau, Polynomial, Step},
};
use serde_json::Value;

use crate::{
    attributes::{count, items, word},
    file::{CaseError, Golden, GoldenCase},
    suites::network::residual,
};
use engine::Mode;

/// The layer of a single-layer case, the shape of an example, and the mode.
///
/// # Errors
/// An operator that the engine has not, a setting that is missing or makes no sense.
pub fn layer(case: &GoldenCase) -> Result<(LayerSpec, Shape, Mode), CaseError> {
    let input = case.input("input")?;
    if let Some(layer) = case.own("layer")? {
        return Ok((layer, example(input)?, Mode::Train));
    }
    let layer = match case.kind().as_str() {
        "conv2d" => {
            let (_, weight) = case.input_of::<4>("weight")?;
            Conv2d {
                out_ch: weight[0],
                kernel: Pair::new(weight[2], weight[3]),
                stride: case.pair("stride")?,
                pad: case.sides("pad")?.into(),
                pad_mode: case.choice("pad_mode", "a way to pad")?,
                dilation: case.pair("dilation")?,
                groups: case.count("groups")?,
                bias: case.inputs.contains_key("bias"),
                ..Conv2d::default()
            }
            .into()
        }
        "conv_transpose2d" => {
            let ((_, weight), groups) = (case.input_of::<4>("weight")?, case.count("groups")?);
            ConvTranspose2d {
                out_ch: weight[1].saturating_mul(groups),
                kernel: Pair::new(weight[2], weight[3]),
                stride: case.pair("stride")?,
                pad: case.sides("pad")?,
                output_padding: case.pair("output_padding")?,
                dilation: case.pair("dilation")?,
                groups,
                bias: case.inputs.contains_key("bias"),
            }
            .into()
        }
        "pool2d max" => MaxPool2d { kernel: case.pair("kernel")?, stride: case.pair("stride")?, pad: case.sides("pad")?.into() }.into(),
        "pool2d avg" => AvgPool2d {
            kernel: case.pair("kernel")?,
            stride: case.pair("stride")?,
            pad: case.sides("pad")?.into(),
            count_include_pad: case.switch("count_include_pad")?,
        }
        .into(),
        "pool2d global_avg" => GlobalAvgPool2d {}.into(),
        "pool2d global_max" => GlobalMaxPool2d {}.into(),
        "pool2d adaptive_avg" => AdaptiveAvgPool2d { output: case.pair("output")? }.into(),
        "pool2d adaptive_max" => AdaptiveMaxPool2d { output: case.pair("output")? }.into(),
        "pool2d fractional_max" => fractional(case)?.into(),
        "pool2d stochastic_eval" => StochasticPool2d { kernel: case.pair("kernel")?, stride: case.pair("stride")? }.into(),
        "pool2d lp" => LpPool2d { norm_type: case.number("norm_type")?, kernel: case.pair("kernel")?, stride: case.pair("stride")? }.into(),
        "upsample2d nearest" => UpsampleNearest2d { scale_factor: case.pair("scale_factor")? }.into(),
        "upsample2d bilinear" => UpsampleBilinear2d { scale_factor: case.pair("scale_factor")? }.into(),
        "dense" => Dense { out: case.input_of::<2>("weight")?.1[0], bias: case.inputs.contains_key("bias") }.into(),
        "activation relu" => Relu {}.into(),
        "activation leaky_relu" => LeakyRelu { negative_slope: case.number("slope")? }.into(),
        "activation elu" => Elu::default().into(),
        "activation gelu" => Gelu::default().into(),
        "activation silu" => Silu {}.into(),
        "activation sigmoid" => Sigmoid {}.into(),
        "activation tanh" => Tanh {}.into(),
        "activation softplus" => Softplus::default().into(),
        "activation softmax" => Softmax {}.into(),
        "activation log_softmax" => LogSoftmax {}.into(),
        "layer_norm" => LayerNorm { eps: case.number("eps")?, affine: true }.into(),
        "group_norm" => GroupNorm { groups: case.count("groups")?, eps: case.number("eps")?, affine: true }.into(),
        "batch_norm_train" | "batch_norm_eval" => {
            BatchNorm2d { eps: case.number("eps")?, momentum: case.number_or("momentum", 0.1)? }.into()
        }
        other => return Err(CaseError::NotAvailable(format!("the operator `{other}`"))),
    };
    let mode = if case.kind().ends_with("_eval") { Mode::Eval } else { Mode::Train };
    Ok((layer, example(input)?, mode))
}

/// # Errors
/// A setting that is missing or makes no sense.
pub fn fractional(case: &GoldenCase) -> Result<FractionalMaxPool2d, CaseError> {
    Ok(FractionalMaxPool2d { kernel: case.pair("kernel")?, output: case.pair("output")? })
}

/// The tensors of a case in the order of the layer's parameters, and of its running statistics.
pub fn tensors(case: &GoldenCase) -> [Vec<f32>; 2] {
    let join = |keys: [&str; 4]| keys.iter().filter_map(|k| case.inputs.get(*k)).flat_map(|g| g.values.clone()).collect();
    [join(["weight", "gamma", "bias", "beta"]), join(["running_mean", "running_var", "", ""])]
}

/// The network of a training case, on images of its inputs' size.
///
/// # Errors
/// As [`layer`].
pub fn model(case: &GoldenCase) -> Result<ModelSpec, CaseError> {
    if let Some(model) = case.own("model")? {
        return Ok(model);
    }
    let (_, [_, _, ch, h, w]) = case.input_of("images")?;
    Ok(ModelSpec { input: Shape::new(ch, h, w), layers: chain(case.list("layers")?)?, init: Init::default() })
}

/// Layers one after another.
fn chain(layers: &[Value]) -> Result<Vec<LayerSpec>, CaseError> {
    let translated = layers.iter().map(|layer| {
        let count = |key: &str| count(layer, key);
        let bias = layer["bias"].as_bool().unwrap_or(true);
        Ok(match word(layer, "op")? {
            "conv2d" => Conv2d {
                out_ch: count("out")?,
                kernel: Pair::square(count("kernel")?),
                pad: Padding::all(count("pad")?),
                bias,
                ..Conv2d::default()
            }
            .into(),
            "batch_norm" => BatchNorm2d { eps: 1e-5, momentum: 0.1 }.into(),
            "relu" => Relu {}.into(),
            "max_pool" => {
                let kernel = Pair::square(count("kernel")?);
                MaxPool2d { kernel, stride: kernel, pad: Padding::default() }.into()
            }
            "avg_pool" => {
                let kernel = Pair::square(count("kernel")?);
                AvgPool2d { kernel, stride: kernel, pad: Padding::default(), count_include_pad: true }.into()
            }
            "global_avg_pool" => GlobalAvgPool2d {}.into(),
            "flatten" => Flatten {}.into(),
            "dense" => Dense { out: count("out")?, bias: true }.into(),
            "residual" => residual(chain(items(layer, "body")?)?),
            other => return Err(CaseError::NotAvailable(format!("the layer `{other}`"))),
        })
    });
    translated.collect()
}

/// The update rule that `name` stands for, with the case's settings.
///
/// # Errors
/// As [`layer`].
pub fn optimizer(case: &GoldenCase, name: &str) -> Result<OptimizerSpec, CaseError> {
    if let Some(rule) = case.own("rule")? {
        return Ok(rule);
    }
    let weight_decay = case.number_or("weight_decay", 0.0)?;
    let betas = || Ok::<_, CaseError>([case.nth("betas", 0)?, case.nth("betas", 1)?]);
    Ok(match name {
        "sgd" => Sgd { weight_decay }.into(),
        "momentum" => Momentum { momentum: case.number("momentum")?, weight_decay }.into(),
        "nesterov" => Nesterov { momentum: case.number("momentum")?, weight_decay }.into(),
        "adagrad" => Adagrad { lr_decay: case.number_or("lr_decay", 0.0)?, eps: case.number("eps")?, weight_decay }.into(),
        "rmsprop" => Rmsprop {
            alpha: case.number("alpha")?,
            eps: case.number("eps")?,
            weight_decay,
            momentum: case.number_or("momentum", 0.0)?,
            centered: case.attrs["centered"].as_bool().unwrap_or(false),
        }
        .into(),
        "adam" => Adam { betas: betas()?, eps: case.number("eps")?, weight_decay }.into(),
        "adamw" => Adamw { betas: betas()?, eps: case.number("eps")?, weight_decay }.into(),
        other => return Err(CaseError::NotAvailable(format!("the optimizer `{other}`"))),
    })
}

/// The rule of a training case and what stands around it.
///
/// # Errors
/// As [`layer`].
pub fn update(case: &GoldenCase) -> Result<UpdateSpec, CaseError> {
    match case.own("update")? {
        Some(update) => Ok(update),
        None => Ok(optimizer(case, case.word("optimizer")?)?.into()),
    }
}

/// The schedule of a case.
///
/// # Errors
/// As [`layer`].
pub fn schedule(case: &GoldenCase) -> Result<ScheduleSpec, CaseError> {
    let count = |key: &str| case.count(key).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let min_rate = case.number_or("min_lr", 0.0)?;
    let curve: CurveSpec = match case.op.as_str() {
        "constant" => Constant {}.into(),
        "linear_warmup" => {
            let (warmup_steps, start_factor) = (count("warmup_steps")?, case.number("start_factor")?);
            return Ok(ScheduleSpec { warmup_steps, start_factor, ..ScheduleSpec::default() });
        }
        "step" => Step { step_size: count("step_size")?, gamma: case.number("gamma")? }.into(),
        "exponential" => Exponential { gamma: case.number("gamma")? }.into(),
        "cosine" => Cosine { t_max: count("t_max")?, min_rate }.into(),
        "cosine_restarts" => CosineRestarts { t_0: count("t_0")?, t_mult: count("t_mult")?, min_rate }.into(),
        "one_cycle" => OneCycle {
            total_steps: count("total_steps")?,
            pct_start: case.number("pct_start")?,
            div_factor: case.number("div_factor")?,
            final_div_factor: case.number("final_div_factor")?,
        }
        .into(),
        "polynomial" => Polynomial { total_iters: count("total_iters")?, power: case.number("power")? }.into(),
        "plateau" => Plateau {
            factor: case.number("factor")?,
            patience: count("patience")?,
            threshold: case.number("threshold")?,
            threshold_mode: case.choice("threshold_mode", "a way to compare")?,
            ..Plateau::default()
        }
        .into(),
        other => return Err(CaseError::NotAvailable(format!("the schedule `{other}`"))),
    };
    Ok(curve.into())
}

fn example(input: &Golden) -> Result<Shape, CaseError> {
    match input.dims[..] {
        _ if input.dims.contains(&0) => Err(extents(input, "without a 0")),
        [_, features] => Ok(Shape::flat(features)),
        [_, ch, h, w] => Ok(Shape::new(ch, h, w)),
        _ => Err(extents(input, "two (batch, feature) or four (batch, channel, row, column)")),
    }
}

fn extents(input: &Golden, expected: &str) -> CaseError {
    CaseError::Extents { key: "input".to_owned(), found: input.dims.clone(), expected: expected.to_owned() }
}
