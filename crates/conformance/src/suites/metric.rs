//! What answers and masks are worth.

use metrics::{Overlap, Probabilities, overlap};

use crate::{
    compare::Comparison,
    file::{CaseError, GoldenCase},
};

pub fn check(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    match case.op.as_str() {
        "classification" => classification(case, into),
        "segmentation" => segmentation(case, into),
        other => Err(CaseError::NotAvailable(format!("the metric `{other}`"))),
    }
}

fn classification(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    let (scores, [_, classes]) = case.input_of("logits")?;
    let stated = case.count("classes")?;
    if stated != classes {
        return Err(CaseError::Length { what: "scores of an example".to_owned(), got: classes, want: stated });
    }
    let labels: Vec<usize> = case.labels("target", classes)?.into_iter().map(usize::from).collect();
    let found = Probabilities::of_scores(&scores.values, &labels, classes)?;
    let table = found.confusion();
    let each = |of: &dyn Fn(usize) -> Option<f64>, absent: f64| (0..classes).map(|c| of(c).unwrap_or(absent)).collect::<Vec<f64>>();
    let one = |of: Option<f64>| vec![of.unwrap_or(f64::NAN)];
    let results = [
        ("confusion", table.counts().iter().map(|n| f64::from(*n)).collect()),
        ("accuracy", one(table.accuracy())),
        // Shares of nothing are 0 in the files, areas under no curve are no number.
        ("precision", each(&|c| table.precision(c), 0.0)),
        ("recall", each(&|c| table.recall(c), 0.0)),
        ("f1", each(&|c| table.f1(c), 0.0)),
        ("roc_auc", each(&|c| found.roc_auc(c), f64::NAN)),
        ("ece", one(found.ece(case.count("ece_bins")?))),
        ("brier", one(found.brier())),
    ];
    case.gives_only(&results.each_ref().map(|(key, _)| *key), &[])?;
    for (key, got) in &results {
        into.add(key, got, &case.output(key)?.wide())?;
    }
    Ok(())
}

/// Masks of several images, (image, row, column).
fn segmentation(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["iou", "dice"], &[])?;
    let (predicted, [images, rows, columns]) = case.input_of("prediction")?;
    let (truth, dims) = case.input_of::<3>("target")?;
    if dims != [images, rows, columns] {
        let expected = format!("{:?}, those of the prediction", [images, rows, columns]);
        return Err(CaseError::Extents { key: "target".to_owned(), found: dims.to_vec(), expected });
    }
    let masks =
        |values: &[f32]| values.chunks_exact(rows * columns).map(|m| m.iter().map(|v| *v != 0.0).collect()).collect::<Vec<Vec<bool>>>();
    let found: Result<Vec<Overlap>, _> = masks(&predicted.values).iter().zip(masks(&truth.values)).map(|(a, b)| overlap(a, &b)).collect();
    let found = found?;
    into.add("iou", &found.iter().map(|o| o.iou).collect::<Vec<_>>(), &case.output("iou")?.wide())?;
    into.add("dice", &found.iter().map(|o| o.dice).collect::<Vec<_>>(), &case.output("dice")?.wide())
}
