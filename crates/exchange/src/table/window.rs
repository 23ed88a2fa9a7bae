//! Convolutions.

use engine::{Padding, Pair, Shape, Sides, ops::conv2d::PadMode};

use super::{Entry, Input, Step, both, hw, short, unless};
use crate::{ExchangeError, tree::Layer};

/// The extents, where both sides of each axis agree.
pub fn even(p: Sides) -> Option<Pair> {
    (p.top == p.bottom && p.left == p.right).then(|| Pair::new(p.top, p.left))
}

/// `((top, bottom), (left, right))`
pub fn nested(p: Sides) -> String {
    format!("(({}, {}), ({}, {}))", p.top, p.bottom, p.left, p.right)
}

pub fn plane(s: Shape) -> Pair {
    Pair::new(s.h, s.w)
}

/// The pixel that stands at each place of the padded axis; `None` where that is zero.
fn sources(mode: PadMode, extent: usize, before: usize, after: usize) -> Option<Vec<i64>> {
    let end = (extent + after) as isize;
    (-(before as isize)..end).map(|place| mode.source(place, extent).map(|p| p as i64)).collect()
}

pub fn conv2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (k, s, d) = (layer.pair("kernel")?, layer.pair("stride")?, layer.pair("dilation")?);
    let (groups, bias) = (layer.count("groups")?, layer.flag("bias")?);
    let flipped = layer.switch("flipped")?;
    let (padding, mode): (Padding, PadMode) = (layer.get("pad")?, layer.get("pad_mode")?);
    let sides = padding.sides(plane(layer.input), k, s, d);
    let pads = sides != Sides::default();
    let one = Pair::one();

    let mut torch = format!("{}, {}, {}", layer.input.ch, layer.output.ch, short(k));
    torch += &unless(one, s, |s| format!("stride={}", short(s)));
    let (mut class, mut parts) = ("nn.Conv2d", vec![]);
    let native_mode = mode != PadMode::Symmetric || !pads;
    match even(sides) {
        _ if flipped => {
            (class, parts) = ("FlippedConv2d", vec!["padded_conv2d", "flipped_conv2d"]);
            torch += &format!(", sides=({}, {}, {}, {})", sides.top, sides.bottom, sides.left, sides.right);
        }
        Some(pad) if native_mode => torch += &unless(Pair::square(0), pad, |p| format!("padding={}", short(p))),
        None if native_mode && padding == Padding::Same && s == one => torch += ", padding=\"same\"",
        _ => {
            (class, parts) = ("PaddedConv2d", vec!["padded_conv2d"]);
            torch += &format!(", sides=({}, {}, {}, {})", sides.top, sides.bottom, sides.left, sides.right);
        }
    }
    torch += &unless(one, d, |d| format!("dilation={}", short(d)));
    torch += &unless(1, groups, |g| format!("groups={g}"));
    torch += &unless(true, bias, |_| "bias=False".to_owned());
    if pads && mode != PadMode::Zeros {
        torch += &format!(", {}=\"{}\"", if class == "nn.Conv2d" { "padding_mode" } else { "mode" }, mode.name());
    }

    let mut entry = Entry::maps(format!("{class}({torch})"));
    entry.parts = parts;
    let mut step = Step::new("Conv").with(if flipped { Input::Turned("weight") } else { Input::Param("weight") });
    let copied = sources(mode, layer.input.h, sides.top, sides.bottom).zip(sources(mode, layer.input.w, sides.left, sides.right));
    match copied {
        Some((rows, columns)) if pads => {
            for (axis, places) in [(1, rows), (2, columns)] {
                entry = entry
                    .keras(format!("keras.ops.take({{x}}, {places:?}, axis={axis})"))
                    .onnx(Step::new("Gather").with(Input::Ints(places)).int("axis", axis + 1));
            }
        }
        _ if pads => {
            entry = entry.keras(format!("layers.ZeroPadding2D({})({{x}})", nested(sides)));
            step = step.ints("pads", [sides.top, sides.left, sides.bottom, sides.right]);
        }
        _ => {}
    }
    if bias {
        step = step.with(Input::Param("bias"));
    }
    let step = step.ints("kernel_shape", hw(k)).ints("strides", hw(s)).ints("dilations", hw(d)).int("group", groups as i64);
    let keras = format!(
        "layers.Conv2D({}, {}{}{}{}{}, name=\"{}\")({{x}})",
        layer.output.ch,
        both(k),
        unless(one, s, |s| format!("strides={}", both(s))),
        unless(one, d, |d| format!("dilation_rate={}", both(d))),
        unless(1, groups, |g| format!("groups={g}")),
        unless(true, bias, |_| "use_bias=False".to_owned()),
        layer.name
    );
    let entry = entry.keras(keras).keras_weights(turned(bias, flipped)).onnx(step);
    Ok(if s != one && d != one { entry.no_keras("has no convolution with both a stride and a dilation") } else { entry })
}

/// Keras has rows and columns of a kernel first, then what PyTorch has second, then what it has first. It knows no
/// flipped kernels, so theirs are turned as they are read.
fn turned(bias: bool, flipped: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let weight = if flipped { ".transpose(2, 3, 1, 0)[::-1, ::-1].copy()" } else { ".transpose(2, 3, 1, 0)" };
    [("weight", weight), ("bias", "")].into_iter().take(1 + usize::from(bias))
}

pub fn conv_transpose2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (k, s, d) = (layer.pair("kernel")?, layer.pair("stride")?, layer.pair("dilation")?);
    let (groups, bias, more) = (layer.count("groups")?, layer.flag("bias")?, layer.pair("output_padding")?);
    let sides: Sides = layer.get("pad")?;
    let (one, none) = (Pair::one(), Pair::square(0));

    let mut torch = format!("{}, {}, {}", layer.input.ch, layer.output.ch, short(k));
    torch += &unless(one, s, |s| format!("stride={}", short(s)));
    let (mut class, mut parts) = ("nn.ConvTranspose2d", vec![]);
    match even(sides) {
        Some(pad) => torch += &unless(none, pad, |p| format!("padding={}", short(p))),
        None => {
            (class, parts) = ("CutConvTranspose2d", vec!["cut_conv_transpose2d"]);
            torch += &format!(", sides=({}, {}, {}, {})", sides.top, sides.bottom, sides.left, sides.right);
        }
    }
    torch += &unless(none, more, |p| format!("output_padding={}", short(p)));
    torch += &unless(one, d, |d| format!("dilation={}", short(d)));
    torch += &unless(1, groups, |g| format!("groups={g}"));
    torch += &unless(true, bias, |_| "bias=False".to_owned());
    let mut entry = Entry::maps(format!("{class}({torch})")).keras_weights(turned(bias, false));
    entry.parts = parts;

    let step = Step::new("ConvTranspose")
        .with(Input::Param("weight"))
        .ints("kernel_shape", hw(k))
        .ints("strides", hw(s))
        .ints("dilations", hw(d))
        .int("group", groups as i64);
    let entry = if more.h < s.h && more.w < s.w {
        let step = if bias { step.with(Input::Param("bias")) } else { step };
        entry.onnx(step.ints("pads", [sides.top, sides.left, sides.bottom, sides.right]).ints("output_padding", hw(more)))
    } else {
        // onnxruntime takes no output padding as large as the stride. It makes up for what is cut off there; what is
        // left of it is rows and columns without a stamp, which have the bias alone.
        let (cut_h, cut_w) = (sides.bottom.saturating_sub(more.h), sides.right.saturating_sub(more.w));
        let empty = [more.h.saturating_sub(sides.bottom), more.w.saturating_sub(sides.right)].map(|n| n as i64);
        let entry = entry
            .onnx(step.ints("pads", [sides.top, sides.left, cut_h, cut_w]))
            .onnx(Step::new("Pad").with(Input::Ints(vec![0, 0, 0, 0, 0, 0, empty[0], empty[1]])));
        if bias { entry.onnx(Step::new("Add").with(Input::Shaped("bias", vec![layer.output.ch, 1, 1]))) } else { entry }
    };
    if groups > 1 {
        return Ok(entry.no_keras("has no transposed convolution in groups"));
    }
    if s != one && d != one {
        return Ok(entry.no_keras("has no transposed convolution with both a stride and a dilation"));
    }
    // There `valid` gives at least a stride for each pixel; what is too much is cut off.
    let full = |extent: usize, k: usize, s: usize, d: usize| (extent - 1) * s + s.max((k - 1) * d + 1);
    let (i, o) = (layer.input, layer.output);
    let beyond_h = full(i.h, k.h, s.h, d.h).checked_sub(sides.top + o.h);
    let beyond_w = full(i.w, k.w, s.w, d.w).checked_sub(sides.left + o.w);
    let Some((bottom, right)) = beyond_h.zip(beyond_w) else {
        return Ok(entry.no_keras("has no output padding beyond the last stamp"));
    };
    let entry = entry.keras(format!(
        "layers.Conv2DTranspose({}, {}{}{}{}, name=\"{}\")({{x}})",
        o.ch,
        both(k),
        unless(one, s, |s| format!("strides={}", both(s))),
        unless(one, d, |d| format!("dilation_rate={}", both(d))),
        unless(true, bias, |_| "use_bias=False".to_owned()),
        layer.name
    ));
    let cut = Sides::new(sides.top, bottom, sides.left, right);
    Ok(if cut == Sides::default() { entry } else { entry.keras(format!("layers.Cropping2D({})({{x}})", nested(cut))) })
}
