//! What every operator is called in PyTorch, in Keras and in ONNX: one arm for each, which gives all three.

mod activation;
mod boxes;
mod norm;
mod pool;
mod window;

use engine::Pair;

use crate::{ExchangeError, tree::Layer};

/// What a layer wants to be given. A vector has no rows and columns in the other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Anything,
    Maps,
    Vector,
}

/// What a layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A vector if it was given one, else maps.
    Same,
    Maps,
    Vector,
}

/// A layer in the three languages.
#[derive(Debug)]
pub struct Entry {
    pub takes: Takes,
    pub gives: Gives,
    /// An expression that makes the module.
    pub torch: String,
    /// Names of the pieces of code (`parts/`) that it needs.
    pub parts: Vec<&'static str>,
    /// Expressions in `{x}`, one after another; or why there is none.
    pub keras: Result<Vec<String>, String>,
    /// For each weight of the Keras layer our tensor and what turns it round.
    pub keras_weights: Vec<(&'static str, &'static str)>,
    pub onnx: Vec<Step>,
}

/// A node of an ONNX graph.
#[derive(Clone, Debug)]
pub struct Step {
    pub op: &'static str,
    pub inputs: Vec<Input>,
    pub attributes: Vec<(&'static str, Attribute)>,
}

#[derive(Clone, Debug)]
pub enum Input {
    /// What the step before gives; for the first, what the layer is given.
    Before,
    /// What the layer is given.
    Layer,
    /// What the step of this number gives.
    Step(usize),
    /// A tensor of the layer, in its own extents.
    Param(&'static str),
    /// A tensor of kernels, each turned by half a turn.
    Turned(&'static str),
    /// A tensor of the layer in others.
    Shaped(&'static str, Vec<usize>),
    Floats(Vec<usize>, Vec<f32>),
    /// An input that is left out.
    Nothing,
    /// A vector of whole numbers.
    Ints(Vec<i64>),
}

#[derive(Clone, Debug)]
pub enum Attribute {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
    Text(&'static str),
}

impl Step {
    /// A node that takes in what the one before gives.
    #[inline(never)] // Called from every arm.
    pub fn new(op: &'static str) -> Self {
        Self { op, inputs: vec![Input::Before], attributes: Vec::new() }
    }

    #[inline(never)] // Called from every arm.
    pub fn with(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    pub fn of(op: &'static str, inputs: Vec<Input>) -> Self {
        Self { op, inputs, attributes: Vec::new() }
    }

    #[inline(never)] // Called from every arm.
    pub fn int(mut self, name: &'static str, value: i64) -> Self {
        self.attributes.push((name, Attribute::Int(value)));
        self
    }

    #[inline(never)] // Called from every arm.
    pub fn float(mut self, name: &'static str, value: f32) -> Self {
        self.attributes.push((name, Attribute::Float(value)));
        self
    }

    pub fn text(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, Attribute::Text(value)));
        self
    }

    pub fn ints(mut self, name: &'static str, values: impl IntoIterator<Item = usize>) -> Self {
        self.attributes.push((name, Attribute::Ints(values.into_iter().map(|n| n as i64).collect())));
        self
    }

    /// With a number.
    pub fn scalar(self, value: f32) -> Self {
        self.with(Input::Floats(vec![], vec![value]))
    }
}

impl Entry {
    #[inline(never)] // Called from every arm.
    fn new(takes: Takes, gives: Gives, torch: String) -> Self {
        Self { takes, gives, torch, parts: Vec::new(), keras: Ok(Vec::new()), keras_weights: Vec::new(), onnx: Vec::new() }
    }

    /// Number by number, whatever it is given.
    fn pointwise(torch: impl Into<String>) -> Self {
        Self::new(Takes::Anything, Gives::Same, torch.into())
    }

    /// Maps to maps.
    fn maps(torch: impl Into<String>) -> Self {
        Self::new(Takes::Maps, Gives::Maps, torch.into())
    }

    fn part(mut self, name: &'static str) -> Self {
        self.parts.push(name);
        self
    }

    fn keras(self, expression: impl Into<String>) -> Self {
        self.keras_line(expression.into())
    }

    #[inline(never)] // Called from every arm.
    fn keras_line(mut self, line: String) -> Self {
        if let Ok(list) = &mut self.keras {
            list.push(line);
        }
        self
    }

    fn keras_weights(mut self, weights: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        self.keras_weights.extend(weights);
        self
    }

    /// Keras has no such thing: a reason that goes after its name.
    fn no_keras(mut self, cause: impl Into<String>) -> Self {
        self.keras = Err(cause.into());
        self
    }

    #[inline(never)] // Called from every arm.
    fn onnx(mut self, step: Step) -> Self {
        self.onnx.push(step);
        self
    }
}

/// `3`, or `(3, 5)` where they differ.
fn short(p: Pair) -> String {
    if p.h == p.w { p.h.to_string() } else { both(p) }
}

fn both(p: Pair) -> String {
    format!("({}, {})", p.h, p.w)
}

fn hw(p: Pair) -> [usize; 2] {
    [p.h, p.w]
}

/// `, name=value` where the value is not the usual one.
fn unless<T: PartialEq>(usual: T, value: T, text: impl FnOnce(T) -> String) -> String {
    if value == usual { String::new() } else { format!(", {}", text(value)) }
}

/// Whether this layer is a join: its branches are written by each language's own recursion.
pub fn joins(layer: &Layer<'_>) -> bool {
    !layer.branches.is_empty()
}

/// The layer in the three languages.
///
/// # Errors
/// An operator that stands in no arm.
pub fn entry(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    match layer.op.as_str() {
        "conv2d" => window::conv2d(layer),
        "conv_transpose2d" => window::conv_transpose2d(layer),
        "max_pool2d" => pool::max_pool2d(layer),
        "avg_pool2d" => pool::avg_pool2d(layer),
        "global_avg_pool2d" => Ok(pool::global_avg_pool2d()),
        "global_max_pool2d" => Ok(pool::global_max_pool2d()),
        "lp_pool2d" => pool::lp_pool2d(layer),
        "stochastic_pool2d" => pool::stochastic_pool2d(layer),
        "channel_pool2d" => Ok(pool::channel_pool2d()),
        "adaptive_avg_pool2d" => boxes::adaptive_avg_pool2d(layer),
        "adaptive_max_pool2d" => boxes::adaptive_max_pool2d(layer),
        "fractional_max_pool2d" => boxes::fractional_max_pool2d(layer),
        "upsample_nearest2d" => boxes::upsample(layer, false),
        "upsample_bilinear2d" => boxes::upsample(layer, true),
        "batch_norm2d" => norm::batch_norm2d(layer),
        "group_norm" => norm::group_norm(layer),
        "layer_norm" => norm::layer_norm(layer),
        "instance_norm2d" => norm::instance_norm2d(layer),
        "relu" => Ok(activation::plain("ReLU", "keras.activations.relu", "Relu")),
        "leaky_relu" => activation::leaky_relu(layer),
        "prelu" => activation::prelu(layer),
        "elu" => activation::elu(layer),
        "gelu" => activation::gelu(layer),
        "silu" => Ok(activation::silu()),
        "sigmoid" => Ok(activation::plain("Sigmoid", "keras.activations.sigmoid", "Sigmoid")),
        "tanh" => Ok(activation::plain("Tanh", "keras.activations.tanh", "Tanh")),
        "softplus" => activation::softplus(layer),
        "hardswish" => Ok(activation::plain("Hardswish", "keras.ops.hard_silu", "HardSwish")),
        "softmax" => Ok(activation::softmax(false)),
        "log_softmax" => Ok(activation::softmax(true)),
        "dropout" => activation::dropout(layer),
        "dropout2d" => activation::dropout2d(layer),
        "stochastic_depth" => activation::stochastic_depth(layer),
        "flatten" => Ok(flatten(layer)),
        "dense" => dense(layer),
        _ => Err(ExchangeError::Unknown { layer: layer.name.to_owned(), op: layer.op.clone() }),
    }
}

fn flatten(layer: &Layer<'_>) -> Entry {
    let entry = Entry::new(Takes::Anything, Gives::Vector, "nn.Flatten()".to_owned()).onnx(Step::new("Flatten").int("axis", 1));
    // There channels come last, here they come first: the order of the numbers that the next layer sees.
    if layer.input.is_flat() {
        entry.keras("layers.Flatten()({x})")
    } else {
        entry.keras("layers.Permute((3, 1, 2))({x})").keras("layers.Flatten()({x})")
    }
}

fn dense(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (out, bias) = (layer.count("out")?, layer.flag("bias")?);
    let torch = format!("nn.Linear({}, {out}{})", layer.input.len(), unless(true, bias, |_| "bias=False".to_owned()));
    let keras = format!("layers.Dense({out}{}, name=\"{}\")({{x}})", unless(true, bias, |_| "use_bias=False".to_owned()), layer.name);
    let mut step = Step::new("Gemm").with(Input::Param("weight")).int("transB", 1);
    if bias {
        step = step.with(Input::Param("bias"));
    }
    let weights = [("weight", ".T"), ("bias", "")].into_iter().take(1 + usize::from(bias));
    Ok(Entry::new(Takes::Vector, Gives::Vector, torch).keras(keras).keras_weights(weights).onnx(step))
}
