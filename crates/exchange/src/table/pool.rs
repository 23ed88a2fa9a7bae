//! Poolings.

use engine::{Padding, Pair, Sides};

use super::{
    Entry, Gives, Input, Step, Takes, both, hw, short, unless,
    window::{even, nested, plane},
};
use crate::{ExchangeError, tree::Layer};

/// Window, stride and padding of a pooling.
struct Window {
    kernel: Pair,
    stride: Pair,
    sides: Sides,
}

impl Window {
    fn of(layer: &Layer<'_>) -> Result<Self, ExchangeError> {
        let (kernel, stride, padding): (_, _, Padding) = (layer.pair("kernel")?, layer.pair("stride")?, layer.get("pad")?);
        Ok(Self { kernel, stride, sides: padding.sides(plane(layer.input), kernel, stride, Pair::one()) })
    }

    fn pads(&self) -> bool {
        self.sides != Sides::default()
    }

    /// The padding, where PyTorch's poolings have it: the same on both sides, and at most half a window.
    fn native(&self) -> Option<Pair> {
        even(self.sides).filter(|p| 2 * p.h <= self.kernel.h && 2 * p.w <= self.kernel.w)
    }

    /// PyTorch's arguments, with the padding given.
    fn torch(&self, pad: Pair) -> String {
        let mut text = short(self.kernel);
        text += &unless(self.kernel, self.stride, |s| format!("stride={}", short(s)));
        text + &unless(Pair::square(0), pad, |p| format!("padding={}", short(p)))
    }

    /// Left, right, top, bottom, as PyTorch's paddings want them.
    fn torch_sides(&self) -> String {
        let p = self.sides;
        format!("({}, {}, {}, {})", p.left, p.right, p.top, p.bottom)
    }

    fn keras(&self) -> String {
        format!("{}, strides={}", both(self.kernel), both(self.stride))
    }

    fn onnx(&self, op: &'static str) -> Step {
        let (p, step) = (self.sides, Step::new(op).ints("kernel_shape", hw(self.kernel)).ints("strides", hw(self.stride)));
        if self.pads() { step.ints("pads", [p.top, p.left, p.bottom, p.right]) } else { step }
    }
}

pub fn max_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let w = Window::of(layer)?;
    let torch = match w.native() {
        Some(pad) => format!("nn.MaxPool2d({})", w.torch(pad)),
        None => {
            let inner = w.torch(Pair::square(0));
            format!("nn.Sequential(nn.ConstantPad2d({}, float(\"-inf\")), nn.MaxPool2d({inner}))", w.torch_sides())
        }
    };
    let (mut entry, p) = (Entry::maps(torch), w.sides);
    if w.pads() {
        let around = format!("((0, 0), ({}, {}), ({}, {}), (0, 0))", p.top, p.bottom, p.left, p.right);
        entry = entry.keras(format!("keras.ops.pad({{x}}, {around}, constant_values=float(\"-inf\"))"));
    }
    Ok(entry.keras(format!("layers.MaxPooling2D({})({{x}})", w.keras())).onnx(w.onnx("MaxPool")))
}

pub fn avg_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (w, counted) = (Window::of(layer)?, layer.flag("count_include_pad")?);
    let not_counted = w.pads() && !counted;
    let bare = w.torch(Pair::square(0));
    let mut entry = match w.native() {
        Some(pad) if not_counted => Entry::maps(format!("nn.AvgPool2d({}, count_include_pad=False)", w.torch(pad))),
        Some(pad) => Entry::maps(format!("nn.AvgPool2d({})", w.torch(pad))),
        None if not_counted => {
            Entry::maps(format!("MeanOfPixels(nn.ZeroPad2d({}), nn.AvgPool2d({bare}))", w.torch_sides())).part("mean_of_pixels")
        }
        None => Entry::maps(format!("nn.Sequential(nn.ZeroPad2d({}), nn.AvgPool2d({bare}))", w.torch_sides())),
    };
    let (pad, pool) = (format!("layers.ZeroPadding2D({})", nested(w.sides)), format!("layers.AveragePooling2D({})", w.keras()));
    entry = match (w.pads(), not_counted) {
        (false, _) => entry.keras(format!("{pool}({{x}})")),
        (true, false) => entry.keras(format!("{pad}({{x}})")).keras(format!("{pool}({{x}})")),
        (true, true) => entry.keras(format!("{pool}({pad}({{x}})) / {pool}({pad}(keras.ops.ones_like({{x}})))")),
    };
    Ok(entry.onnx(w.onnx("AveragePool").int("count_include_pad", i64::from(!not_counted))))
}

pub fn global_avg_pool2d() -> Entry {
    Entry::new(Takes::Maps, Gives::Vector, "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())".to_owned())
        .keras("layers.GlobalAveragePooling2D()({x})")
        .onnx(Step::new("GlobalAveragePool"))
        .onnx(Step::new("Flatten").int("axis", 1))
}

pub fn global_max_pool2d() -> Entry {
    Entry::new(Takes::Maps, Gives::Vector, "nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())".to_owned())
        .keras("layers.GlobalMaxPooling2D()({x})")
        .onnx(Step::new("GlobalMaxPool"))
        .onnx(Step::new("Flatten").int("axis", 1))
}

/// A pooling without padding.
fn bare(layer: &Layer<'_>) -> Result<Window, ExchangeError> {
    Ok(Window { kernel: layer.pair("kernel")?, stride: layer.pair("stride")?, sides: Sides::default() })
}

/// `(Σ xᵖ)^(1/p)`, of |x| unless p is odd; an odd root keeps the sign. PyTorch gives no number where that matters.
pub fn lp_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (w, p) = (bare(layer)?, layer.number("norm_type")?);
    let area = (w.kernel.h * w.kernel.w) as f32;
    let pool = format!("layers.AveragePooling2D({})", w.keras());
    let entry = Entry::maps(format!("LpPool2d({p}, {}, {})", both(w.kernel), both(w.stride))).part("lp_pool2d");
    let mean = w.onnx("AveragePool");
    if p % 2.0 != 1.0 {
        return Ok(entry
            .keras(format!("({pool}(keras.ops.abs({{x}}) ** {p}) * {area}) ** (1 / {p})"))
            .onnx(Step::new("Abs"))
            .onnx(Step::new("Pow").scalar(p))
            .onnx(mean)
            .onnx(Step::new("Mul").scalar(area))
            .onnx(Step::new("Pow").scalar(1.0 / p)));
    }
    Ok(entry
        .keras(format!("{pool}({{x}} ** {p}) * {area}"))
        .keras(format!("keras.ops.sign({{x}}) * keras.ops.abs({{x}}) ** (1 / {p})"))
        .onnx(Step::new("Pow").scalar(p))
        .onnx(mean)
        .onnx(Step::new("Mul").scalar(area))
        .onnx(Step::new("Abs"))
        .onnx(Step::new("Pow").scalar(1.0 / p))
        .onnx(Step::of("Sign", vec![Input::Step(2)]))
        .onnx(Step::new("Mul").with(Input::Step(4))))
}

/// In evaluation `Σ a² / Σ a` with `a = max(x, 0)`, and 0 where all of them are.
pub fn stochastic_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let w = bare(layer)?;
    let pool = format!("layers.AveragePooling2D({})", w.keras());
    let mut square = w.onnx("AveragePool");
    square.inputs = vec![Input::Step(1)];
    let mut sum = w.onnx("AveragePool");
    sum.inputs = vec![Input::Step(0)];
    Ok(Entry::maps(format!("StochasticPool2d({}, {})", both(w.kernel), both(w.stride)))
        .part("stochastic_pool2d")
        .keras("keras.activations.relu({x})")
        .keras(format!("{pool}({{x}} * {{x}}) / keras.ops.maximum({pool}({{x}}), 1e-30)"))
        .onnx(Step::new("Relu"))
        .onnx(Step::new("Mul").with(Input::Step(0)))
        .onnx(square)
        .onnx(sum)
        .onnx(Step::new("Max").scalar(1e-30))
        .onnx(Step::of("Div", vec![Input::Step(2), Input::Step(4)])))
}

/// Mean and maximum over the channels.
pub fn channel_pool2d() -> Entry {
    let over = |op| Step::of(op, vec![Input::Layer]).ints("axes", [1]).int("keepdims", 1);
    Entry::maps("ChannelPool2d()")
        .part("channel_pool2d")
        .keras("keras.ops.concatenate([keras.ops.mean({x}, axis=-1, keepdims=True), keras.ops.max({x}, axis=-1, keepdims=True)], axis=-1)")
        .onnx(over("ReduceMean"))
        .onnx(over("ReduceMax"))
        .onnx(Step::of("Concat", vec![Input::Step(0), Input::Step(1)]).int("axis", 1))
}
