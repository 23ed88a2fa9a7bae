//! The golden suite of losses.

use engine::{
    LossSpec, Shape,
    backend::gpu::alone::Judged,
    loss::{BatchResult, BceWithLogits, CrossEntropy, Dice, Distillation, Focal, Mse, Targets},
};

use super::file::GoldenCase;
use crate::{
    problem::{Tolerance, assert_close, wide},
    way::Way,
};

/// What the case asks for, as the engine writes it.
fn spec(case: &GoldenCase) -> LossSpec {
    match case.op.as_str() {
        "cross_entropy" | "cross_entropy_soft" => LossSpec::default(),
        "cross_entropy_smooth" => {
            LossSpec::CrossEntropy(CrossEntropy { label_smoothing: case.number("label_smoothing"), ..CrossEntropy::default() })
        }
        "cross_entropy_weighted" => {
            LossSpec::CrossEntropy(CrossEntropy { weight: case.inputs["class_weights"].values.clone(), ..CrossEntropy::default() })
        }
        "mse" => LossSpec::Mse(Mse {}),
        "focal" => LossSpec::Focal(Focal { gamma: case.number("gamma") }),
        "bce_logits" => LossSpec::BceWithLogits(BceWithLogits {}),
        "dice" => LossSpec::Dice(Dice { smooth: case.number("smooth") }),
        "distillation" => LossSpec::Distillation(Distillation { temperature: case.number("temperature"), alpha: 1.0 }),
        other => panic!("{}: {other}", case.name),
    }
}

pub async fn compared(case: &GoldenCase, way: &Way) {
    let either = |names: [&str; 2]| names.iter().find_map(|name| case.inputs.get(*name)).unwrap();
    let (scores, target) = (either(["logits", "prediction"]), either(["target", "teacher_logits"]));
    let [batch, outputs] = scores.dims[..] else { panic!("{}: {:?}", case.name, scores.dims) };
    let labels = if target.dims.len() == 1 { target.labels() } else { Vec::new() };
    let rows = if labels.is_empty() { &target.values[..] } else { &[] };
    let (spec, what, output) = (spec(case), format!("{} {} {way:?}", case.name, case.op), Shape::flat(outputs));
    spec.check(output).unwrap();

    let targets = Targets { labels: &labels, dense: rows, whole: &[] };
    let judged = Judged { outputs: &scores.values, output, targets, count: batch };
    let (result, d_scores) = way.gradient(&spec, &judged).await;
    let evaluated = way.evaluate(&spec, &judged).await;
    assert_eq!(result, evaluated, "{what}: evaluated with and without gradient");
    assert_eq!(result.count as usize, batch);
    assert_close(&format!("{what}: loss"), &[result.mean_loss()], &case.outputs["loss"].wide(), case.within);
    let want = case.grads.values().next().unwrap();
    assert_close(&format!("{what}: gradient"), &wide(&d_scores), &want.wide(), case.within);

    // In two parts, as when a batch is not full: sums and gradients are those of the whole, and what
    // does not count has none. With class weights a part must know the whole batch; a card has only that.
    let weighted = !spec.class_weights().is_empty();
    if weighted && matches!(way, Way::Card(_)) {
        return;
    }
    let middle = batch / 2;
    let mut sum = BatchResult::default();
    for part in [0..middle, middle..batch] {
        let first = |all: &[f32]| [&all[part.start * outputs..], &all[..part.start * outputs]].concat();
        let turned = if labels.is_empty() { Vec::new() } else { [&labels[part.start..], &labels[..part.start]].concat() };
        let (turned_scores, turned_rows) = (first(&scores.values), if rows.is_empty() { Vec::new() } else { first(rows) });
        let targets = Targets { labels: &turned, dense: &turned_rows, whole: if weighted { &labels } else { &[] } };
        let judged = Judged { outputs: &turned_scores, output, targets, count: part.len() };
        let (result, d_part) = way.gradient(&spec, &judged).await;
        let mut want = first(&d_scores);
        want[part.len() * outputs..].fill(0.0);
        assert_close(&format!("{what}: gradient of {part:?}"), &wide(&d_part), &wide(&want), Tolerance::EXACT);
        sum.add(result);
    }
    assert_eq!((sum.correct, sum.count), (result.correct, result.count), "{what}: in two parts");
    assert_close(&format!("{what}: loss in two parts"), &[sum.mean_loss()], &[result.mean_loss()], case.within);
}
