//! Losses as they are written down: what is accepted, what is refused and how.

use engine::{
    LossSpec, Shape,
    loss::{CrossEntropy, LossError},
};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::every_spec;

fn read(json: Value) -> Result<LossSpec, String> {
    serde_json::from_value(json).map_err(|e| e.to_string())
}

#[wasm_bindgen_test(unsupported = test)]
fn losses_come_back() {
    for spec in every_spec(10) {
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<LossSpec>(&text).unwrap(), spec, "{text}");
        assert!(text.starts_with(&format!("{{\"loss\":\"{}\"", spec.name())), "{text}");
    }
    let short = |name: &str| read(json!({ "loss": name }));
    for spec in LossSpec::all() {
        assert_eq!(short(spec.name()).unwrap(), spec, "the name alone is the usual settings");
    }
    assert_eq!(serde_json::to_value(LossSpec::default()).unwrap(), json!({"loss": "cross_entropy", "label_smoothing": 0.0}));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_train_is_refused() {
    let deep = |depth: usize| {
        (0..depth).fold(json!({"loss": "mse"}), |inner, _| json!({"loss": "sum", "terms": [{"weight": 1.0, "loss": inner}]}))
    };
    let many = |count: usize| json!({"loss": "sum", "terms": vec![json!({"weight": 1.0, "loss": {"loss": "l1"}}); count]});
    let cases = [
        (json!({"loss": "cross_entropy", "label_smoothing": 1.5}), "`label_smoothing` of `cross_entropy` is 1.5, but must lie in 0 to 1"),
        (
            json!({"loss": "cross_entropy", "weight": [1.0, 2.0]}),
            "`weight` of `cross_entropy` has 2 entries, but the network gives 10 scores: one entry for each, or none at all",
        ),
        (
            json!({"loss": "cross_entropy", "weight": [1, 1, 1, 1, 1, 1, 1, 1, 1, -1]}),
            "`weight` of `cross_entropy` is -1, but must lie in 0 to 1000000",
        ),
        (
            json!({"loss": "cross_entropy", "weight": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}),
            "`weight` of `cross_entropy` is 0 for every class: nothing would be learnt; give one of them a weight above 0",
        ),
        (json!({"loss": "focal", "gamma": -1.0}), "`gamma` of `focal` is -1, but must lie in 0 to 20"),
        (json!({"loss": "hinge", "margin": 1e9}), "`margin` of `hinge` is 1000000000, but must lie in 0 to 1000"),
        (json!({"loss": "dice", "smooth": 0.0}), "`smooth` of `dice` is 0, but must lie in 0.000001 to 1000000"),
        (json!({"loss": "distillation", "temperature": 0.0}), "`temperature` of `distillation` is 0, but must lie in 0.01 to 1000"),
        (json!({"loss": "distillation", "alpha": 1.01}), "`alpha` of `distillation` is 1.01, but must lie in 0 to 1"),
        (json!({"loss": "sum", "terms": []}), "a `sum` has 0 losses, but must have 1 to 8, those of sums within it counted"),
        (many(9), "a `sum` has 9 losses, but must have 1 to 8, those of sums within it counted"),
        (deep(5), "a `sum` within 5 others is too deep; 4 is the limit"),
        (
            json!({"loss": "sum", "terms": [{"weight": -1, "loss": {"loss": "mse"}}]}),
            "`weight` of `sum` is -1, but must lie in 0 to 1000000",
        ),
        (
            json!({"loss": "sum", "terms": [{"weight": 1, "loss": {"loss": "focal", "gamma": 99}}]}),
            "`gamma` of `focal` is 99, but must lie in 0 to 20",
        ),
    ];
    for (json, message) in cases {
        let spec = read(json.clone()).unwrap();
        assert_eq!(spec.check(Shape::flat(10)).unwrap_err().to_string(), message, "{json}");
    }
    for fine in [deep(4), many(8)] {
        assert_eq!(read(fine).unwrap().check(Shape::flat(10)), Ok(()));
    }
    for spec in every_spec(10) {
        assert_eq!(spec.check(Shape::flat(10)), Ok(()), "{spec:?}");
    }
    let lost = LossSpec::CrossEntropy(CrossEntropy { label_smoothing: f32::NAN, weight: vec![] });
    assert!(matches!(lost.check(Shape::flat(10)), Err(LossError::Setting { value, .. }) if value == "NaN"));
    // Nothing is too deep to be read, checked and let go of.
    let text = r#"{"loss":"sum","terms":[{"weight":1,"loss":"#.repeat(10_000);
    assert!(serde_json::from_str::<LossSpec>(&text).is_err());
    assert!(read(json!({"loss": "mse", "gamma": 1})).is_err());
    assert!(read(json!({"loss": "none"})).unwrap_err().contains("bce_with_logits"));
}

/// A loss over classes has no meaning for each pixel of a mask.
#[wasm_bindgen_test(unsupported = test)]
fn masks_have_their_losses() {
    let mask = Shape::new(2, 4, 4);
    let accepted: Vec<&str> = LossSpec::all().iter().filter(|l| l.check(mask).is_ok()).map(LossSpec::name).collect();
    assert_eq!(accepted, ["mse", "l1", "bce_with_logits", "dice"]);
    let error = LossSpec::default().check(mask).unwrap_err().to_string();
    assert!(
        error.starts_with("`cross_entropy` compares classes and needs a flat vector of scores, but the network gives 2×4×4;"),
        "{error}"
    );
}
