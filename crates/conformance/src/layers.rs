//! What a golden case asks for, as the engine writes it. The one place that knows both sets of names.

use engine::{
    Init, LayerSpec, ModelSpec, OptimizerSpec, Pair, Shape, Sides,
    ops::{AvgPool2d, BatchNorm2d, Conv2d, Dense, Flatten, GlobalAvgPool2d, MaxPool2d, Relu},
    optim::{Adam, Momentum, Sgd},
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
    let layer = match case.kind().as_str() {
        "conv2d" => {
            let (_, weight) = case.input_of::<4>("weight")?;
            Conv2d {
                out_ch: weight[0],
                kernel: Pair::new(weight[2], weight[3]),
                stride: case.pair("stride")?,
                pad: case.sides("pad")?,
                pad_mode: case.choice("pad_mode", "a way to pad")?,
                dilation: case.pair("dilation")?,
                groups: case.count("groups")?,
                bias: case.inputs.contains_key("bias"),
            }
            .into()
        }
        "pool2d max" => MaxPool2d { kernel: case.pair("kernel")?, stride: case.pair("stride")?, pad: case.sides("pad")? }.into(),
        "pool2d avg" => AvgPool2d {
            kernel: case.pair("kernel")?,
            stride: case.pair("stride")?,
            pad: case.sides("pad")?,
            count_include_pad: case.switch("count_include_pad")?,
        }
        .into(),
        "pool2d global_avg" => GlobalAvgPool2d {}.into(),
        "dense" => Dense { out: case.input_of::<2>("weight")?.1[0], bias: case.inputs.contains_key("bias") }.into(),
        "activation relu" => Relu {}.into(),
        "batch_norm_train" | "batch_norm_eval" => {
            BatchNorm2d { eps: case.number("eps")?, momentum: case.number_or("momentum", 0.1)? }.into()
        }
        other => return Err(CaseError::NotAvailable(format!("the operator `{other}`"))),
    };
    let mode = if case.kind().ends_with("_eval") { Mode::Eval } else { Mode::Train };
    Ok((layer, example(input)?, mode))
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
                pad: Sides::all(count("pad")?),
                bias,
                ..Conv2d::default()
            }
            .into(),
            "batch_norm" => BatchNorm2d { eps: 1e-5, momentum: 0.1 }.into(),
            "relu" => Relu {}.into(),
            "max_pool" => {
                let kernel = Pair::square(count("kernel")?);
                MaxPool2d { kernel, stride: kernel, pad: Sides::default() }.into()
            }
            "avg_pool" => {
                let kernel = Pair::square(count("kernel")?);
                AvgPool2d { kernel, stride: kernel, pad: Sides::default(), count_include_pad: true }.into()
            }
            "global_avg_pool" => GlobalAvgPool2d {}.into(),
            "flatten" => Flatten {}.into(),
            "dense" => Dense { out: count("out")?, bias: true }.into(),
            "residual" => residual(chain(items(layer, "body")?)?)?,
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
    let weight_decay = case.number_or("weight_decay", 0.0)?;
    Ok(match name {
        "sgd" => OptimizerSpec::Sgd(Sgd { weight_decay }),
        "momentum" => OptimizerSpec::Momentum(Momentum { momentum: case.number("momentum")?, weight_decay }),
        "adam" => {
            let beta = |i: usize| case.nth("betas", i);
            OptimizerSpec::Adam(Adam { betas: [beta(0)?, beta(1)?], eps: case.number("eps")?, weight_decay })
        }
        other => return Err(CaseError::NotAvailable(format!("the optimizer `{other}`"))),
    })
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
