use serde_json::json;

use super::*;
use crate::Graph;

fn model(layers: serde_json::Value) -> ModelSpec {
    serde_json::from_value(json!({ "input": [1, 28, 28], "layers": layers })).unwrap()
}

/// The words of what is offered; each is tried here too.
fn offered(model: &ModelSpec) -> Vec<String> {
    let error = Graph::check_classifier(model, 10).unwrap_err();
    let repairs = error.repairs(model);
    for repair in &repairs {
        assert!(error.is_put_right(model, repair), "{}", repair.words);
        assert_ne!(Graph::check_classifier(&repair.model, 10), Err(error.clone()), "{}", repair.words);
    }
    repairs.into_iter().map(|r| r.words).collect()
}

#[test]
fn every_kind_of_error_has_its_repair() {
    let end = || vec![json!({"op": "flatten"}), json!({"op": "dense", "out": 10})];
    let with = |layer: serde_json::Value| model([vec![layer], end()].concat().into());
    let mut otherwise = Vec::new();
    for (broken, first) in [
        (with(json!({"op": "conv2d", "kernel": 31})), "Set kernel size to 28"),
        (with(json!({"op": "conv2d", "kernel": [3, 40], "dilation": 2})), "Set kernel size to 3×14"),
        (with(json!({"op": "max_pool2d", "kernel": 30, "stride": 2})), "Set window to 28"),
        (with(json!({"op": "conv2d", "kernel": 0})), "Set kernel size to 1"),
        (with(json!({"op": "conv2d", "pad": 28, "pad_mode": "reflect"})), "Set padding to 27"),
        (with(json!({"op": "max_pool2d", "kernel": 2, "pad": 2})), "Set padding to 1"),
        (with(json!({"op": "conv_transpose2d", "kernel": 3, "stride": 1, "pad": 20})), "Set padding to 14"),
        (with(json!({"op": "conv2d", "groups": 3})), "Set groups to 1"),
        (with(json!({"op": "group_norm", "groups": 4})), "Set groups to 1"),
        (with(json!({"op": "dropout", "p": 1.5})), "Set share dropped to 0.99"),
        (with(json!({"op": "batch_norm2d", "eps": 0.0})), "Set epsilon to 1e-5"),
        (with(json!({"op": "fractional_max_pool2d", "kernel": 2, "output": 40})), "Set output size to 27"),
        (with(json!({"op": "upsample_nearest2d", "scale_factor": 4000})), "Set factor to 250"),
        (model(json!([{"op": "dense", "out": 10}])), "Put flatten before it"),
        (model(json!([])), "Add flatten and a dense layer of 10"),
        (model(json!([{"op": "relu"}])), "Add flatten and a dense layer of 10"),
        (model(json!([{"op": "flatten"}, {"op": "dense", "out": 7}])), "Give the last dense 10 outputs"),
        (model(json!([{"op": "conv2d", "out_ch": 4}])), "Give the last convolution 10 outputs and take their means"),
        (with(json!({"op": "add", "branches": []})), "Add 2 empty branches"),
        (with(json!({"op": "scale", "branches": [[], [], []]})), "Keep the first 2 branches"),
        (with(json!({"op": "concat", "branches": [[{"op": "relu"}]]})), "Add an empty branch"),
        (with(json!({"op": "add", "branches": [[], [{"op": "conv2d", "out_ch": 4, "stride": 2}]]})), "Fit branch 2 to branch 1"),
    ] {
        let error = Graph::check_classifier(&broken, 10).expect_err(first);
        let words = offered(&broken);
        if words.first().map(String::as_str) != Some(first) {
            otherwise.push(format!("{first}: {error}: {words:?}"));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}

#[test]
fn an_error_of_no_layer_has_one_too() {
    let mut broken = crate::presets::PRESETS[0].model();
    broken.input = Shape::new(0, 28, 5000);
    assert_eq!(offered(&broken), ["Take images of 1×28×4096", "Take images of 1×28×28"]);
    broken.input = Shape::new(1, 28, 28);
    broken.init = crate::Init::Normal { std: -1.0 };
    assert_eq!(offered(&broken), ["Set standard deviation to 0", "Use He, uniform"]);
    let mut long = crate::presets::PRESETS[0].model();
    long.layers.splice(1..1, vec![crate::ops::Relu {}.into(); 300]);
    assert_eq!(offered(&long), ["Remove 55 layers before the last"]);
    let mut deep = vec![LayerSpec::from(crate::ops::Relu {})];
    for _ in 0..12 {
        deep = vec![crate::ops::Add { branches: vec![deep, vec![]] }.into()];
    }
    let deep = ModelSpec { layers: deep, ..crate::presets::PRESETS[0].model() };
    assert_eq!(offered(&deep), ["Put its first branch in its place", "Remove the join"]);
}

/// Branches of other rows, columns and channels are fitted, whichever leads.
#[test]
fn branches_are_fitted() {
    for (op, one, other) in [
        ("add", json!([]), json!([{"op": "conv2d", "out_ch": 8}])),
        ("add", json!([{"op": "conv2d", "out_ch": 8, "stride": 2}]), json!([{"op": "max_pool2d"}])),
        ("add", json!([{"op": "global_avg_pool2d"}]), json!([{"op": "conv2d", "out_ch": 3}])),
        ("concat", json!([{"op": "conv2d", "out_ch": 8, "stride": 3}]), json!([])),
        ("concat", json!([{"op": "max_pool2d"}]), json!([{"op": "upsample_nearest2d"}])),
        ("scale", json!([]), json!([{"op": "conv2d", "out_ch": 3}])),
        ("scale", json!([{"op": "conv2d", "out_ch": 4}]), json!([{"op": "global_avg_pool2d"}, {"op": "dense", "out": 3}])),
    ] {
        let broken = model(json!([{"op": op, "branches": [one, other]}, {"op": "flatten"}, {"op": "dense", "out": 10}]));
        let error = Graph::check_classifier(&broken, 10).unwrap_err();
        let repair = &error.repairs(&broken)[0];
        assert!(repair.words.starts_with("Fit branch"), "{op}: {}", repair.words);
        Graph::check_classifier(&repair.model, 10).unwrap_or_else(|e| panic!("{op} {one} {other}: {e}"));
    }
}
