//! A tile of a layer taken apart: the maps between what goes in and what comes out, as the engine computes them.

use engine::{
    LayerSpec, Mode, Node, Shape, StepInputs,
    ops::{
        Conv2d, ConvTranspose2d, Family, Forward, Others, Placement,
        account::{Account, Cell, Form, Ground, PartKind},
    },
};

/// Points of a curve.
pub const CURVE_POINTS: usize = 65;

/// Numbers between input and output.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub kind: PartKind,
    pub shape: Shape,
    pub values: Vec<f32>,
}

/// Where `node` stands in a pass over one image as it is evaluated.
pub fn placement(node: &Node) -> Placement {
    Placement {
        node: node.id,
        batch: 1,
        mode: Mode::Eval,
        input: node.input,
        others: node.others,
        output: node.output,
        activation: None,
        pooled: None,
    }
}

/// How a number of the output of `node` comes about, for one image as it is evaluated.
pub fn account(node: &Node, ground: Ground<'_>, cell: Cell) -> Account {
    node.layer.account(&placement(node), &StepInputs::default(), ground, cell)
}

/// The parts of channel `channel` of what `node` gives. None where there is no such channel, and for layers
/// between whose input and output nothing stands.
pub fn parts(node: &Node, ground: Ground<'_>, channel: usize) -> Vec<Part> {
    let Some(input) = ground.inputs.first().filter(|_| channel < node.output.ch) else { return Vec::new() };
    match &node.layer {
        LayerSpec::Conv2d(conv) => return convolved(node, conv, ground, channel),
        LayerSpec::ConvTranspose2d(conv) => return stamped(node, conv, ground, channel),
        _ => {}
    }
    let at = |row, col| account(node, ground, Cell { example: 0, channel, row, col });
    let out = Shape { ch: 1, ..node.output };
    let every = |of: &dyn Fn(usize, usize) -> f32| -> Vec<f32> { (0..out.plane()).map(|i| of(i / out.w, i % out.w)).collect() };
    let one = |kind, shape, values| vec![Part { kind, shape, values }];
    let first = at(0, 0);
    match first.form {
        Form::Sum { .. } if matches!(node.layer, LayerSpec::Dense(_)) => {
            let products = first.terms.iter().map(|t| t.product() as f32).collect();
            let sum = Part { kind: PartKind::Sum, shape: Shape::flat(1), values: vec![first.sum() as f32] };
            vec![Part { kind: PartKind::Products, shape: Shape::flat(first.terms.len()), values: products }, sum]
        }
        Form::Standardised { mean, var, eps, .. } => {
            let root = libm::sqrt(var + f64::from(eps));
            let plane = &input[channel * out.plane()..][..out.plane()];
            one(PartKind::Standardised, out, plane.iter().map(|v| ((f64::from(*v) - mean) / root) as f32).collect())
        }
        Form::Largest | Form::Drawn { .. } if !node.input.is_flat() && node.layer.op().kind().name != "channel_pool2d" => {
            let width = node.input.w;
            let place = |row, col| {
                let account = at(row, col);
                let from = account.chosen.and_then(|i| account.terms.get(i)).and_then(|t| t.from);
                from.map_or(-1.0, |[_, y, x]| (y * width + x) as f32)
            };
            one(PartKind::Winners, out, every(&place))
        }
        // Of each box, before the mean or the root is taken.
        Form::Mean { .. } | Form::Norm { .. } if node.layer.op().kind().family == Family::Pooling => {
            let total = |row, col| {
                let account = at(row, col);
                let inside = account.terms.iter().filter(|t| t.from.is_some()).map(|t| f64::from(t.value));
                match account.form {
                    Form::Norm { p } => {
                        inside.map(|v| libm::pow(if p % 2.0 == 1.0 { v } else { v.abs() }, f64::from(p))).sum::<f64>() as f32
                    }
                    _ => inside.sum::<f64>() as f32,
                }
            };
            one(PartKind::Sum, out, every(&total))
        }
        Form::Share { .. } => {
            let greatest = first.terms.iter().fold(f32::MIN, |most, t| most.max(t.value));
            let values = first.terms.iter().map(|t| libm::expf(t.value - greatest)).collect();
            one(PartKind::Exponentials, Shape::flat(first.terms.len()), values)
        }
        Form::Function(f) => {
            // Wide enough for what the plane holds, and for the bend about zero.
            let plane = &input[channel * out.plane()..][..out.plane()];
            let most = plane.iter().filter(|v| v.is_finite()).fold(4.0f32, |most, v| most.max(v.abs()));
            let step = 2.0 * most / (CURVE_POINTS - 1) as f32;
            let points = (0..CURVE_POINTS).map(|i| f.value(f64::from(i as f32 * step - most)) as f32);
            one(PartKind::Curve, Shape::flat(CURVE_POINTS + 2), [-most, most].into_iter().chain(points).collect())
        }
        _ => Vec::new(),
    }
}

/// The share of each channel in `channels`: the layer `single` run on it alone with its own kernel.
fn shares<'a>(node: &Node, single: &LayerSpec, ground: Ground<'a>, channels: impl Iterator<Item = (usize, &'a [f32])>) -> Vec<Part> {
    let (input, out) = (Shape { ch: 1, ..node.input }, Shape { ch: 1, ..node.output });
    let at = Placement { input, output: out, others: Others::default(), ..placement(node) };
    let working = single.working(&at);
    let mut scratch = vec![0.0; working.scratch_len];
    let (mut products, mut sum, mut count) = (Vec::new(), vec![0.0; out.len()], 0);
    for (channel, kernel) in channels {
        let mut output = vec![0.0; out.len()];
        let plane = ground.inputs[0].get(channel * input.len()..(channel + 1) * input.len()).unwrap_or_default();
        if plane.is_empty() {
            return Vec::new();
        }
        single.forward(
            &at,
            Forward {
                first: 0,
                inputs: &[plane],
                params: kernel,
                state: &mut [],
                output: &mut output,
                saved: &mut [],
                table: &working.table,
                scratch: &mut scratch,
                now: &StepInputs::default(),
            },
        );
        sum.iter_mut().zip(&output).for_each(|(sum, v)| *sum += v);
        products.extend(output);
        count += 1;
    }
    vec![
        Part { kind: PartKind::Products, shape: Shape { ch: count, ..out }, values: products },
        Part { kind: PartKind::Sum, shape: out, values: sum },
    ]
}

fn convolved(node: &Node, conv: &Conv2d, ground: Ground<'_>, channel: usize) -> Vec<Part> {
    let (in_ch, out_ch) = (node.input.ch / conv.groups, node.output.ch / conv.groups);
    let area = conv.kernel.h * conv.kernel.w;
    let first = channel / out_ch * in_ch;
    let single = Conv2d { out_ch: 1, groups: 1, bias: false, ..conv.clone() }.into();
    let kernel = |c: usize| ground.params.get((channel * in_ch + c) * area..(channel * in_ch + c + 1) * area).unwrap_or_default();
    shares(node, &single, ground, (0..in_ch).map(|c| (first + c, kernel(c))))
}

fn stamped(node: &Node, conv: &ConvTranspose2d, ground: Ground<'_>, channel: usize) -> Vec<Part> {
    let (in_ch, out_ch) = (node.input.ch / conv.groups, node.output.ch / conv.groups);
    let area = conv.kernel.h * conv.kernel.w;
    let first = channel / out_ch * in_ch;
    let single = ConvTranspose2d { out_ch: 1, groups: 1, bias: false, ..conv.clone() }.into();
    let kernel = |c: usize| {
        let place = (c * out_ch + channel % out_ch) * area;
        ground.params.get(place..place + area).unwrap_or_default()
    };
    shares(node, &single, ground, (first..first + in_ch).map(|c| (c, kernel(c))))
}
