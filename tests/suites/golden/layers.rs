//! What a golden case asks for, as the engine writes it. The one place that knows both sets of names.

use engine::{
    Init, LayerSpec, ModelSpec, OptimizerSpec, Pair, Shape, Sides,
    ops::{
        AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, BatchNorm2d, Conv2d, Dense, Flatten, FractionalMaxPool2d, GlobalAvgPool2d,
        GlobalMaxPool2d, LpPool2d, MaxPool2d, Relu, StochasticPool2d, UpsampleBilinear2d, UpsampleNearest2d, conv2d::PadMode,
    },
    optim::{Adam, Momentum, Sgd},
};
use serde_json::Value;

use super::file::{Golden, GoldenCase};
use engine::Mode;

/// The layer of a single-layer case, the shape of an example, and the mode.
pub fn layer(case: &GoldenCase) -> (LayerSpec, Shape, Mode) {
    let input = &case.inputs["input"];
    let layer = match case.kind().as_str() {
        "conv2d" => {
            let weight = &case.inputs["weight"].dims;
            Conv2d {
                out_ch: weight[0],
                kernel: Pair::new(weight[2], weight[3]),
                stride: pair(&case.attrs["stride"]),
                pad: sides(&case.attrs["pad"]),
                pad_mode: pad_mode(&case.attrs["pad_mode"]),
                dilation: pair(&case.attrs["dilation"]),
                groups: case.count("groups"),
                bias: case.inputs.contains_key("bias"),
            }
            .into()
        }
        "pool2d max" => MaxPool2d { kernel: kernel(case), stride: pair(&case.attrs["stride"]), pad: sides(&case.attrs["pad"]) }.into(),
        "pool2d avg" => AvgPool2d {
            kernel: kernel(case),
            stride: pair(&case.attrs["stride"]),
            pad: sides(&case.attrs["pad"]),
            count_include_pad: case.attrs["count_include_pad"].as_bool().unwrap(),
        }
        .into(),
        "pool2d global_avg" => GlobalAvgPool2d {}.into(),
        "pool2d global_max" => GlobalMaxPool2d {}.into(),
        "pool2d adaptive_avg" => AdaptiveAvgPool2d { output: pair(&case.attrs["output"]) }.into(),
        "pool2d adaptive_max" => AdaptiveMaxPool2d { output: pair(&case.attrs["output"]) }.into(),
        "pool2d fractional_max" => fractional(case).into(),
        "pool2d stochastic_eval" => StochasticPool2d { kernel: kernel(case), stride: pair(&case.attrs["stride"]) }.into(),
        "pool2d lp" => LpPool2d { norm_type: case.number("norm_type"), kernel: kernel(case), stride: pair(&case.attrs["stride"]) }.into(),
        "upsample2d nearest" => UpsampleNearest2d { scale_factor: pair(&case.attrs["scale_factor"]) }.into(),
        "upsample2d bilinear" => UpsampleBilinear2d { scale_factor: pair(&case.attrs["scale_factor"]) }.into(),
        "dense" => Dense { out: case.inputs["weight"].dims[0], bias: true }.into(),
        "activation relu" => Relu {}.into(),
        "batch_norm_train" | "batch_norm_eval" => BatchNorm2d { eps: case.number("eps"), momentum: case.number("momentum") }.into(),
        other => panic!("{}: {other} is to run, but is translated to no layer", case.name),
    };
    let mode = if case.kind().ends_with("_eval") { Mode::Eval } else { Mode::Train };
    (layer, example(input), mode)
}

pub fn fractional(case: &GoldenCase) -> FractionalMaxPool2d {
    FractionalMaxPool2d { kernel: kernel(case), output: pair(&case.attrs["output"]) }
}

/// The tensors of a case in the order of the layer's parameters, and of its running statistics.
pub fn tensors(case: &GoldenCase) -> [Vec<f32>; 2] {
    let join = |keys: [&str; 4]| keys.iter().filter_map(|k| case.inputs.get(*k)).flat_map(|g| g.values.clone()).collect();
    [join(["weight", "gamma", "bias", "beta"]), join(["running_mean", "running_var", "", ""])]
}

/// The network of a training case, on images of its inputs' size.
pub fn model(case: &GoldenCase) -> ModelSpec {
    let layers = case.attrs["layers"].as_array().unwrap().iter().map(|layer| {
        let count = |key: &str| layer[key].as_u64().unwrap_or_else(|| panic!("{}: {layer} has no {key}", case.name)) as usize;
        let bias = layer["bias"].as_bool().unwrap_or(true);
        match layer["op"].as_str().unwrap() {
            "conv2d" => Conv2d {
                out_ch: count("out"),
                kernel: Pair::square(count("kernel")),
                pad: Sides::all(count("pad")),
                bias,
                ..Conv2d::default()
            }
            .into(),
            "batch_norm" => BatchNorm2d { eps: 1e-5, momentum: 0.1 }.into(),
            "relu" => Relu {}.into(),
            "max_pool" => {
                let kernel = Pair::square(count("kernel"));
                MaxPool2d { kernel, stride: kernel, pad: Sides::default() }.into()
            }
            "avg_pool" => {
                let kernel = Pair::square(count("kernel"));
                AvgPool2d { kernel, stride: kernel, pad: Sides::default(), count_include_pad: true }.into()
            }
            "global_avg_pool" => GlobalAvgPool2d {}.into(),
            "flatten" => Flatten {}.into(),
            "dense" => Dense { out: count("out"), bias: true }.into(),
            other => panic!("{}: {other} is translated to no layer", case.name),
        }
    });
    let [ch, h, w] = case.inputs["images"].dims[2..] else { panic!("{}: images are not five-dimensional", case.name) };
    ModelSpec { input: Shape::new(ch, h, w), layers: layers.collect(), init: Init::default() }
}

/// The update rule that `name` stands for, with the case's settings.
pub fn optimizer(case: &GoldenCase, name: &str) -> OptimizerSpec {
    let weight_decay = case.number_or("weight_decay", 0.0);
    match name {
        "sgd" => OptimizerSpec::Sgd(Sgd { weight_decay }),
        "momentum" => OptimizerSpec::Momentum(Momentum { momentum: case.number("momentum"), weight_decay }),
        "adam" => {
            let beta = |i: usize| case.attrs["betas"][i].as_f64().unwrap() as f32;
            OptimizerSpec::Adam(Adam { betas: [beta(0), beta(1)], eps: case.number("eps"), weight_decay })
        }
        other => panic!("{}: {other} is translated to no optimizer", case.name),
    }
}

fn example(input: &Golden) -> Shape {
    match input.dims[1..] {
        [features] => Shape::flat(features),
        [ch, h, w] => Shape::new(ch, h, w),
        ref other => panic!("unexpected extents {other:?}"),
    }
}

fn kernel(case: &GoldenCase) -> Pair {
    pair(&case.attrs["kernel"])
}

fn numbers<const N: usize>(value: &Value) -> [usize; N] {
    let list: Vec<usize> = value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    list.try_into().unwrap()
}

fn pair(value: &Value) -> Pair {
    let [h, w] = numbers(value);
    Pair::new(h, w)
}

fn sides(value: &Value) -> Sides {
    let [top, bottom, left, right] = numbers(value);
    Sides::new(top, bottom, left, right)
}

fn pad_mode(value: &Value) -> PadMode {
    serde_json::from_value(value.clone()).unwrap()
}
