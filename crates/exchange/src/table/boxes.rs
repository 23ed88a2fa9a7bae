//! Poolings over boxes of differing size, and enlarging: what is written as lists of places or as matrices.

use engine::Pair;

use super::{Entry, Input, Step, both, hw, short};
use crate::{ExchangeError, tree::Layer};

/// Rows (or columns) of each box.
type Boxes = Vec<std::ops::Range<usize>>;

/// PyTorch's intervals of adaptive pooling.
fn adaptive(extent: usize, outputs: usize) -> Boxes {
    (0..outputs).map(|i| i * extent / outputs..((i + 1) * extent).div_ceil(outputs)).collect()
}

/// Graham's intervals of fractional pooling with the number ½, which evaluation takes.
fn fractional(extent: usize, outputs: usize, kernel: usize) -> Boxes {
    let room = extent.saturating_sub(kernel);
    let start = |i: usize| match outputs - 1 {
        steps if i == steps => room,
        // ⌊(i + ½)·room/steps⌋ − ⌊½·room/steps⌋
        steps => (2 * i + 1) * room / (2 * steps) - room / (2 * steps),
    };
    (0..outputs).map(|i| start(i)..start(i) + kernel).collect()
}

/// The largest number of each box, in Keras and ONNX: boxes of one length, the last place of a short one repeated, laid
/// end to end, and then an ordinary pooling over them.
fn largest(mut entry: Entry, rows: &Boxes, columns: &Boxes) -> Entry {
    let longest = |boxes: &Boxes| boxes.iter().map(ExactSizeIterator::len).max().unwrap_or(1);
    let window = Pair::new(longest(rows), longest(columns));
    for (axis, boxes, len) in [(1, rows, window.h), (2, columns, window.w)] {
        let places = boxes.iter().flat_map(|b| (0..len).map(|i| (b.start + i).min(b.end - 1) as i64)).collect::<Vec<_>>();
        entry = entry
            .keras(format!("keras.ops.take({{x}}, {places:?}, axis={axis})"))
            .onnx(Step::new("Gather").with(Input::Ints(places)).int("axis", axis + 1));
    }
    entry
        .keras(format!("layers.MaxPooling2D({w}, strides={w})({{x}})", w = both(window)))
        .onnx(Step::new("MaxPool").ints("kernel_shape", hw(window)).ints("strides", hw(window)))
}

pub fn adaptive_max_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (i, out) = (layer.input, layer.pair("output")?);
    let entry = Entry::maps(format!("nn.AdaptiveMaxPool2d({})", short(out)));
    Ok(largest(entry, &adaptive(i.h, out.h), &adaptive(i.w, out.w)))
}

/// PyTorch draws the windows in evaluation too: what stands for the module here does not.
pub fn fractional_max_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (i, k, out) = (layer.input, layer.pair("kernel")?, layer.pair("output")?);
    let entry = Entry::maps(format!("FractionalMaxPool2d({}, output_size={})", both(k), both(out))).part("fractional_max_pool2d");
    Ok(largest(entry, &fractional(i.h, out.h, k.h), &fractional(i.w, out.w, k.w)))
}

/// The mean of each box is a product with two matrices.
pub fn adaptive_avg_pool2d(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let (i, out) = (layer.input, layer.pair("output")?);
    let mean = |extent: usize, boxes: &Boxes| -> Vec<f32> {
        boxes.iter().flat_map(|b| (0..extent).map(|p| if b.contains(&p) { 1.0 / b.len() as f32 } else { 0.0 })).collect()
    };
    let (rows, columns) = (adaptive(i.h, out.h), adaptive(i.w, out.w));
    let across = mean(i.w, &columns);
    let turned = (0..i.w * out.w).map(|at| across[at % out.w * i.w + at / out.w]).collect();
    let matrix = |extent: usize, boxes: &Boxes| {
        let rows: Vec<String> = boxes.iter().map(|b| format!("[{}, {}]", b.start, b.end)).collect();
        format!("means({extent}, [{}])", rows.join(", "))
    };
    Ok(Entry::maps(format!("nn.AdaptiveAvgPool2d({})", short(out)))
        .keras(format!("keras.ops.einsum(\"yh,nhwc->nywc\", {}, {{x}})", matrix(i.h, &rows)))
        .keras(format!("keras.ops.einsum(\"xw,nywc->nyxc\", {}, {{x}})", matrix(i.w, &columns)))
        .onnx(Step::of("MatMul", vec![Input::Floats(vec![out.h, i.h], mean(i.h, &rows)), Input::Before]))
        .onnx(Step::new("MatMul").with(Input::Floats(vec![i.w, out.w], turned))))
}

/// Enlarging by whole factors.
pub fn upsample(layer: &Layer<'_>, bilinear: bool) -> Result<Entry, ExchangeError> {
    let by = layer.pair("scale_factor")?;
    let (torch, keras, mode) = if bilinear { ("bilinear", "bilinear", "linear") } else { ("nearest", "nearest", "nearest") };
    let scales = Input::Floats(vec![4], vec![1.0, 1.0, by.h as f32, by.w as f32]);
    let step = Step::new("Resize").with(Input::Nothing).with(scales).text("mode", mode);
    let step = if bilinear {
        step.text("coordinate_transformation_mode", "half_pixel")
    } else {
        step.text("coordinate_transformation_mode", "asymmetric").text("nearest_mode", "floor")
    };
    Ok(Entry::maps(format!("nn.Upsample(scale_factor={}, mode=\"{torch}\")", both(by)))
        .keras(format!("layers.UpSampling2D({}, interpolation=\"{keras}\")({{x}})", both(by)))
        .onnx(step))
}
