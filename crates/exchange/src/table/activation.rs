//! Functions of single numbers, shares of channels, and what does nothing in evaluation.

use super::{Entry, Input, Step, unless};
use crate::{ExchangeError, tree::Layer};

/// One without settings: `torch.nn`'s name, Keras's, ONNX's.
pub fn plain(torch: &str, keras: &str, onnx: &'static str) -> Entry {
    Entry::pointwise(format!("nn.{torch}()")).keras(format!("{keras}({{x}})")).onnx(Step::new(onnx))
}

pub fn leaky_relu(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let slope = layer.number("negative_slope")?;
    Ok(Entry::pointwise(format!("nn.LeakyReLU({slope})"))
        .keras(format!("layers.LeakyReLU(negative_slope={slope})({{x}})"))
        .onnx(Step::new("LeakyRelu").float("alpha", slope)))
}

/// The slope of each channel, for maps; one for all stands in a vector of length 1.
pub fn prelu(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let slopes = layer.param("weight")?.dims.iter().product();
    let maps = !layer.input.is_flat();
    // Keras has a slope for every number, but for the axes that share one.
    let shared = match (maps, slopes == layer.input.ch) {
        (true, true) => "shared_axes=[1, 2], ",
        (true, false) => "shared_axes=[1, 2, 3], ",
        (false, true) => "",
        (false, false) => "shared_axes=[1], ",
    };
    let shape = if maps { ".reshape(1, 1, -1)" } else { "" };
    let entry = if maps { Entry::maps(format!("nn.PReLU({slopes})")) } else { Entry::pointwise(format!("nn.PReLU({slopes})")) };
    let dims = if maps { vec![slopes, 1, 1] } else { vec![slopes] };
    let entry = entry.onnx(Step::new("PRelu").with(Input::Shaped("weight", dims)));
    Ok(entry.keras(format!("layers.PReLU({shared}name=\"{}\")({{x}})", layer.name)).keras_weights([("weight", shape)]))
}

pub fn elu(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let alpha = layer.number("alpha")?;
    Ok(Entry::pointwise(format!("nn.ELU({alpha})"))
        .keras(format!("layers.ELU(alpha={alpha})({{x}})"))
        .onnx(Step::new("Elu").float("alpha", alpha)))
}

/// `x / 2 · (1 + erf(x / √2))`, or what is near to it.
pub fn gelu(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let by_tanh = layer.get::<String>("approximate")? == "tanh";
    let entry = Entry::pointwise(format!("nn.GELU({})", if by_tanh { "approximate=\"tanh\"" } else { "" }))
        .keras(format!("keras.activations.gelu({{x}}, approximate={})", if by_tanh { "True" } else { "False" }));
    let entry = if by_tanh {
        // tanh(√(2/π) · (x + 0.044715 x³))
        entry
            .onnx(Step::of("Mul", vec![Input::Layer, Input::Layer]))
            .onnx(Step::new("Mul").scalar(0.044_715))
            .onnx(Step::new("Add").scalar(1.0))
            .onnx(Step::new("Mul").with(Input::Layer))
            .onnx(Step::new("Mul").scalar(0.797_884_6))
            .onnx(Step::new("Tanh"))
    } else {
        entry.onnx(Step::new("Mul").scalar(std::f32::consts::FRAC_1_SQRT_2)).onnx(Step::new("Erf"))
    };
    Ok(entry.onnx(Step::new("Add").scalar(1.0)).onnx(Step::new("Mul").with(Input::Layer)).onnx(Step::new("Mul").scalar(0.5)))
}

/// `x · sigmoid(x)`
pub fn silu() -> Entry {
    plain("SiLU", "keras.activations.silu", "Sigmoid").onnx(Step::new("Mul").with(Input::Layer))
}

/// `ln(1 + e^(beta·x)) / beta`, and x itself where `beta·x` is above the threshold: from the usual one on that is the
/// same number.
pub fn softplus(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (beta, threshold) = (layer.number("beta")?, layer.number("threshold")?);
    let bent = format!("keras.activations.softplus({{x}} * {beta}) / {beta}");
    let entry = Entry::pointwise(format!("nn.Softplus(beta={beta}, threshold={threshold})"))
        .onnx(Step::new("Mul").scalar(beta))
        .onnx(Step::new("Softplus"))
        .onnx(Step::new("Div").scalar(beta));
    if threshold >= 20.0 {
        return Ok(entry.keras(bent));
    }
    Ok(entry
        .keras(format!("keras.ops.where({{x}} * {beta} > {threshold}, {{x}}, {bent})"))
        .onnx(Step::of("Greater", vec![Input::Step(0), Input::Floats(vec![], vec![threshold])]))
        .onnx(Step::of("Where", vec![Input::Before, Input::Layer, Input::Step(2)])))
}

/// Over the channels, wherever there are some.
pub fn softmax(log: bool) -> Entry {
    let (torch, keras, onnx) = if log { ("LogSoftmax", "log_softmax", "LogSoftmax") } else { ("Softmax", "softmax", "Softmax") };
    Entry::pointwise(format!("nn.{torch}(1)"))
        .keras(format!("keras.activations.{keras}({{x}}, axis=-1)"))
        .onnx(Step::new(onnx).int("axis", 1))
}

/// Nothing in evaluation, so nothing in ONNX.
pub fn dropout(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let p = layer.number("p")?;
    Ok(Entry::pointwise(format!("nn.Dropout({p})")).keras(format!("layers.Dropout({p})({{x}})")))
}

/// As dropout, whole channels.
pub fn dropout2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let p = layer.number("p")?;
    Ok(Entry::maps(format!("nn.Dropout2d({p})")).keras(format!("layers.SpatialDropout2D({p})({{x}})")))
}

/// As dropout, whole examples.
pub fn stochastic_depth(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let p = layer.number("p")?;
    let shape = if layer.input.is_flat() { "(None, 1)" } else { "(None, 1, 1, 1)" };
    let keras = format!("layers.Dropout({p}{})({{x}})", unless("", shape, |s| format!("noise_shape={s}")));
    Ok(Entry::pointwise(format!("StochasticDepth({p})")).part("stochastic_depth").keras(keras))
}
