//! Where random networks come from.

use engine::{
    Init, LayerSpec, ModelSpec, Padding, Pair, Shape, Sides,
    ops::{
        Add, AvgPool2d, BatchNorm2d, Concat, Control, Conv2d, ConvTranspose2d, Dense, Dropout, Dropout2d, Elu, Flatten, Gelu,
        GlobalAvgPool2d, GroupNorm, Hardswish, InstanceNorm2d, KINDS, LayerNorm, LeakyRelu, LogSoftmax, MaxPool2d, PADDINGS, Prelu, Relu,
        Scale, Sigmoid, Silu, Softmax, Softplus, StochasticDepth, Tanh, conv2d::PadMode,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Numbers at and beyond every limit.
fn extreme_count() -> impl Strategy<Value = usize> {
    // As wide as the machine's words, so that products overflow on 32 bits as on 64.
    prop_oneof![
        6 => 0_usize..8,
        2 => select(vec![10, 28, 64, 255, 256, 4095, 4096, 4097]),
        1 => select(vec![1 << 16, 1 << 26, usize::MAX / 2, usize::MAX - 1, usize::MAX]),
    ]
}

fn extreme_number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-0.0), Just(0.5), Just(1.0), Just(-1.0), Just(2.0), Just(1e-30), Just(3e38), Just(-3e38), -2.0..2.0_f64]
}

/// A specification that parses, with any value in any setting.
pub fn extreme() -> impl Strategy<Value = Value> {
    let layers: Vec<_> =
        KINDS.iter().map(|kind| extreme_layer(kind.name, kind.knobs.iter().map(|k| (k.key, k.control)).collect())).collect();
    let layer = proptest::strategy::Union::new(layers).boxed();
    // Every third layer stands in branches of whatever operator: only joins accept that.
    let joins: Vec<&str> = KINDS.iter().map(|k| k.name).filter(|n| ["add", "concat", "scale"].contains(n)).collect();
    let layer = layer.prop_recursive(2, 12, 3, move |inner| {
        (select(joins.clone()), vec(vec(inner, 0..3), 0..4)).prop_map(|(op, branches)| json!({ "op": op, "branches": branches }))
    });
    // Half of the inputs are ordinary: a network with a hopeless one says nothing of its layers.
    let input = prop_oneof![
        Just(json!([1, 28, 28])),
        Just(json!([3, 9, 14])),
        Just(json!([10, 1, 1])),
        vec(extreme_count(), 3).prop_map(|e| json!(e))
    ];
    (input, vec(layer, 0..5), any::<bool>()).prop_map(|(input, mut layers, headed)| {
        if headed {
            layers.extend([json!({"op": "flatten"}), json!({"op": "dense", "out": 10})]);
        }
        json!({ "input": input, "layers": layers })
    })
}

fn extreme_layer(op: &'static str, knobs: Vec<(&'static str, Control)>) -> BoxedStrategy<Value> {
    let settings: Vec<_> = knobs
        .into_iter()
        .map(|(key, control)| {
            let value = match control {
                Control::Count { .. } => {
                    let sides = if key == "pad" { 4 } else { 2 };
                    let several = !["out", "out_ch", "groups"].contains(&key);
                    let count = extreme_count().prop_map(|n| json!(n));
                    if several {
                        prop_oneof![2 => count, 1 => vec(extreme_count(), sides).prop_map(|v| json!(v))].boxed()
                    } else {
                        count.boxed()
                    }
                }
                Control::Padding { .. } => prop_oneof![
                    2 => extreme_count().prop_map(|n| json!(n)),
                    1 => vec(extreme_count(), 4).prop_map(|v| json!(v)),
                    2 => select(PADDINGS).prop_map(|n| json!(n)),
                ]
                .boxed(),
                Control::Ratio { .. } => extreme_number().prop_map(|v| json!(v)).boxed(),
                Control::Choice(names) => select(names).prop_map(|n| json!(n)).boxed(),
                Control::Switch => any::<bool>().prop_map(|b| json!(b)).boxed(),
            };
            // Most settings stay usual, so that some networks get past the first check.
            option::weighted(0.3, value).prop_map(move |v| v.map(|v| (key.to_owned(), v)))
        })
        .collect();
    settings
        .prop_map(move |settings| {
            let mut layer: Map<String, Value> = settings.into_iter().flatten().collect();
            layer.insert("op".to_owned(), json!(op));
            if op == "dense" && !layer.contains_key("out") {
                layer.insert("out".to_owned(), json!(10));
            }
            Value::Object(layer)
        })
        .boxed()
}

/// Something in the likeness of a specification, with anything where anything may stand.
pub fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        extreme_count().prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        select(vec!["conv2d", "dense", "zeros", "he_normal", "", "\u{0}"]).prop_map(|s| json!(s)),
    ];
    let any_value = leaf.prop_recursive(2, 8, 4, |inner| vec(inner, 0..5).prop_map(Value::Array)).boxed();
    let keys = ["kernel", "stride", "pad", "dilation", "groups", "out", "out_ch", "p", "eps", "momentum", "pad_mode", "bias", "x"];
    let ops: Vec<&str> = KINDS.iter().map(|k| k.name).chain(["no_such_op"]).collect();
    let layer = (select(ops), vec((select(keys.to_vec()), any_value.clone()), 0..3)).prop_map(|(op, settings)| {
        let mut layer: Map<String, Value> = settings.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        layer.insert("op".to_owned(), json!(op));
        Value::Object(layer)
    });
    let input = prop_oneof![3 => Just(json!([1, 28, 28])), 1 => any_value.clone()];
    (input, vec(layer, 0..4), option::weighted(0.2, any_value)).prop_map(|(input, layers, init)| match init {
        Some(init) => json!({ "input": input, "layers": layers, "init": init }),
        None => json!({ "input": input, "layers": layers }),
    })
}

/// A small network in which every shape agrees, with layers of every kind.
pub fn legal() -> impl Strategy<Value = ModelSpec> {
    let side = || prop_oneof![6 => 4_usize..13, 1 => 24_usize..31];
    let input = (1_usize..4, side(), side());
    let hidden = (option::of(1_usize..20), any::<bool>(), 2_usize..8);
    (input, vec(prop_oneof![4 => window_layer(), 1 => join()], 0..5), any::<bool>(), hidden).prop_map(
        |((ch, h, w), candidates, global, (hidden, dropped, classes))| {
            let input = Shape::new(ch, h, w);
            let (mut layers, mut shape): (Vec<LayerSpec>, _) = (Vec::new(), input);
            let mut push = |layer: LayerSpec| {
                // A layer that does not fit where it would stand is left out.
                if let Some(output) = through(&layer, shape) {
                    shape = output;
                    layers.push(layer);
                }
            };
            candidates.into_iter().for_each(&mut push);
            push(if global { GlobalAvgPool2d {}.into() } else { Flatten {}.into() });
            if let Some(out) = hidden {
                push(Dense { out, bias: true }.into());
                push(Relu {}.into());
            }
            if dropped {
                push(Dropout { p: 0.4 }.into());
            }
            push(Dense { out: classes, bias: classes % 2 == 0 }.into());
            ModelSpec { input, layers, init: Init::default() }
        },
    )
}

/// What `layer` makes of `shape`, if it can stand there.
fn through(layer: &LayerSpec, shape: Shape) -> Option<Shape> {
    let inputs = match layer.op().branches() {
        [] => vec![shape],
        some => some.iter().map(|b| b.iter().try_fold(shape, |s, l| through(l, s))).collect::<Option<_>>()?,
    };
    layer.op().infer(&inputs).ok().map(|inferred| inferred.output)
}

/// A join of branches that keep the image's extents, and where need be its channels; also within another.
fn join() -> impl Strategy<Value = LayerSpec> {
    let keeps = || prop_oneof![Just(Relu {}.into()), Just(BatchNorm2d::default().into()), Just(Dropout { p: 0.3 }.into())];
    let conv = |ch| Conv2d { out_ch: ch, pad: Padding::all(1), ..Conv2d::default() }.into();
    let add = vec(vec(keeps(), 0..3), 2..5).prop_map(|branches| Add { branches }.into()).boxed();
    let gate = prop_oneof![Just(vec![GlobalAvgPool2d {}.into()]), Just(vec![conv(1)]), Just(vec![])];
    let scale = (vec(keeps(), 0..2), gate).prop_map(|(maps, gate)| Scale { branches: vec![maps, gate] }.into()).boxed();
    let inner = prop_oneof![2 => keeps(), 2 => (1_usize..6).prop_map(conv), 1 => add.clone(), 1 => scale.clone()];
    let concat = vec(vec(inner, 0..3), 2..4).prop_map(|branches| Concat { branches }.into());
    prop_oneof![add, scale, concat]
}

fn window_layer() -> impl Strategy<Value = LayerSpec> {
    let pair = |least: usize, most: usize| (least..=most, least..=most).prop_map(|(h, w)| Pair::new(h, w));
    let sides = |most: usize| (0..=most, 0..=most, 0..=most, 0..=most).prop_map(|(t, b, l, r)| Sides::new(t, b, l, r));
    let padding = |most: usize| prop_oneof![3 => sides(most).prop_map(Padding::Sides), 1 => Just(Padding::Same), 1 => Just(Padding::Valid)];
    let switches = (any::<bool>(), prop::bool::weighted(0.25));
    let conv = (1_usize..10, pair(1, 4), pair(1, 2), padding(2), select(PadMode::ALL.to_vec()), pair(1, 2), 1_usize..4, switches).prop_map(
        |(out_ch, kernel, stride, pad, pad_mode, dilation, groups, (bias, flipped))| {
            Conv2d { out_ch: out_ch * groups, kernel, stride, pad, pad_mode, dilation, groups, bias, flipped }.into()
        },
    );
    // The plain 3×3, which the presets are made of, has kernels of its own.
    let plain = (1_usize..10, 0_usize..2).prop_map(|(out_ch, pad)| Conv2d { out_ch, pad: Padding::all(pad), ..Conv2d::default() }.into());
    let wider = (1_usize..5, pair(1, 4), pair(1, 3), sides(1), pair(0, 1), pair(1, 2), 1_usize..3, any::<bool>()).prop_map(
        |(out_ch, kernel, stride, pad, output_padding, dilation, groups, bias)| {
            ConvTranspose2d { out_ch: out_ch * groups, kernel, stride, pad, output_padding, dilation, groups, bias }.into()
        },
    );
    let max = (pair(1, 3), pair(1, 3), padding(1)).prop_map(|(kernel, stride, pad)| MaxPool2d { kernel, stride, pad }.into());
    let avg = (pair(1, 3), pair(1, 3), padding(1), any::<bool>())
        .prop_map(|(kernel, stride, pad, count_include_pad)| AvgPool2d { kernel, stride, pad, count_include_pad }.into());
    prop_oneof![
        2 => conv,
        3 => plain,
        1 => wider,
        2 => max,
        1 => avg,
        1 => Just(MaxPool2d::default().into()),
        3 => Just(Relu {}.into()),
        1 => Just(BatchNorm2d::default().into()),
        1 => Just(Dropout { p: 0.3 }.into()),
        2 => select(smooth()),
        1 => select(single_example()),
    ]
}

/// Activations other than the rectifier.
fn smooth() -> Vec<LayerSpec> {
    vec![
        LeakyRelu::default().into(),
        Prelu { per_channel: false }.into(),
        Prelu { per_channel: true }.into(),
        Elu::default().into(),
        Gelu::default().into(),
        Silu {}.into(),
        Sigmoid {}.into(),
        Tanh {}.into(),
        Softplus::default().into(),
        Hardswish {}.into(),
        Softmax {}.into(),
        LogSoftmax {}.into(),
    ]
}

/// Norms and drops that work on each example by itself.
fn single_example() -> Vec<LayerSpec> {
    vec![
        LayerNorm::default().into(),
        GroupNorm { groups: 2, ..GroupNorm::default() }.into(),
        InstanceNorm2d::default().into(),
        Dropout2d { p: 0.3 }.into(),
        StochasticDepth { p: 0.3 }.into(),
    ]
}
