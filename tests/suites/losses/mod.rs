//! Every loss, with every kind of target, on every way: against the naive formula and its differences.

mod check;
mod reference;
mod training;

use engine::{
    LossSpec, Shape,
    backend::gpu::alone::Judged,
    loss::{BceWithLogits, CrossEntropy, Dice, Distillation, Focal, Hinge, L1, Mse, Sum, Targets, Term},
    rng::{Stream, uniform},
};
use reference::Wanted;

use crate::{
    numbers::normals,
    problem::{Tolerance, assert_close, wide},
    way::{Way, every_way},
};

every_way! { losses_agree_with_their_formulas, losses_by_hand, huge_outputs_stay_numbers, answers_are_judged, nothing_to_learn_from }

/// Every loss with usual and unusual settings, for `outputs` scores.
pub fn every_spec(outputs: usize) -> Vec<LossSpec> {
    let weight: Vec<f32> = (0..outputs).map(|j| if j == 1 { 0.0 } else { 0.5 + j as f32 }).collect();
    let entropy = |label_smoothing, weight: &[f32]| LossSpec::CrossEntropy(CrossEntropy { label_smoothing, weight: weight.to_vec() });
    let mut all = LossSpec::all();
    all.extend([entropy(0.1, &[]), entropy(1.0, &[]), entropy(0.0, &weight), entropy(0.3, &weight)]);
    all.extend([0.0, 0.5, 1.0, 5.0].map(|gamma| LossSpec::Focal(Focal { gamma })));
    all.extend([0.0, 0.25, 3.0].map(|margin| LossSpec::Hinge(Hinge { margin })));
    all.extend([1e-3, 20.0].map(|smooth| LossSpec::Dice(Dice { smooth })));
    let taught = [(1.0, 1.0), (4.0, 0.3), (0.5, 0.9), (2.0, 0.0)];
    all.extend(taught.map(|(temperature, alpha)| LossSpec::Distillation(Distillation { temperature, alpha })));
    let sum =
        |terms: Vec<(f32, LossSpec)>| LossSpec::Sum(Sum { terms: terms.into_iter().map(|(weight, loss)| Term { weight, loss }).collect() });
    let inner = sum(vec![(0.5, LossSpec::L1(L1 {})), (2.0, entropy(0.2, &weight))]);
    let other: Vec<f32> = weight.iter().rev().copied().collect();
    all.push(sum(vec![(0.7, LossSpec::Mse(Mse {})), (0.3, LossSpec::default())]));
    all.push(sum(vec![(1.0, entropy(0.0, &other)), (3.0, inner), (0.0, LossSpec::Focal(Focal::default()))]));
    all
}

/// Losses for outputs of any shape.
pub fn for_masks() -> Vec<LossSpec> {
    let term = |weight, loss| Term { weight, loss };
    let (bce, dice) = (LossSpec::BceWithLogits(BceWithLogits {}), LossSpec::Dice(Dice::default()));
    let both = Sum { terms: vec![term(0.5, bce.clone()), term(2.0, dice.clone())] };
    vec![LossSpec::Mse(Mse {}), LossSpec::L1(L1 {}), bce, dice, LossSpec::Sum(both)]
}

/// Probabilities in rows.
fn rows(batch: usize, outputs: usize) -> Vec<f32> {
    let mut rows: Vec<f32> = (0..batch * outputs).map(|i| 0.05 + uniform(3, Stream(0x7e58_0000), i as u32)).collect();
    for row in rows.chunks_exact_mut(outputs) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|t| *t /= sum);
    }
    rows
}

async fn losses_agree_with_their_formulas(way: Way) {
    for (batch, outputs) in [(1, 2), (5, 3), (70, 10), (3, 130)] {
        let labels: Vec<u8> = (0..batch).map(|i| ((7 * i + 2) % outputs) as u8).collect();
        let (scores, rows) = (normals(batch * outputs, 11).iter().map(|s| 2.0 * s).collect::<Vec<_>>(), rows(batch, outputs));
        for spec in every_spec(outputs) {
            spec.check(Shape::flat(outputs)).unwrap();
            for targets in [Targets::labels(&labels), Targets::dense(&rows), Targets { labels: &labels, dense: &rows, whole: &[] }] {
                for count in [batch, batch - batch / 3] {
                    let judged = Judged { outputs: &scores, output: Shape::flat(outputs), targets, count };
                    agrees(&way, &spec, &judged).await;
                }
            }
        }
    }
    for output in [Shape::new(2, 5, 7), Shape::new(1, 12, 12), Shape::flat(1)] {
        let batch = 3;
        let scores = normals(batch * output.len(), 5);
        let masks: Vec<f32> = normals(scores.len(), 6).iter().map(|x| f32::from(u8::from(*x > 0.3))).collect();
        for spec in for_masks() {
            spec.check(output).unwrap();
            for count in [3, 1] {
                agrees(&way, &spec, &Judged { outputs: &scores, output, targets: Targets::dense(&masks), count }).await;
            }
        }
    }
}

/// Values, gradients by differences of the naive formula, and both kinds of evaluation with each other.
async fn agrees(way: &Way, spec: &LossSpec, judged: &Judged<'_>) {
    let Judged { outputs, output, targets, count } = *judged;
    let (len, batch) = (output.len(), outputs.len() / output.len());
    let kinds = (!targets.labels.is_empty(), !targets.dense.is_empty());
    let what = format!("{spec:?}, {count} of {batch} with {output}, classes and rows {kinds:?}, {way:?}");
    let (result, gradient) = way.gradient(spec, judged).await;
    assert_eq!(way.evaluate(spec, judged).await, result, "{what}: with and without gradient");
    assert_eq!(result.count as usize, count, "{what}");

    let share = |weight: &[f32]| match (weight, targets.labels) {
        ([], _) | (_, []) => 1.0,
        (weight, labels) => match labels[..count].iter().map(|l| f64::from(weight[usize::from(*l)])).sum::<f64>() {
            0.0 => 0.0,
            sum => count as f64 / sum,
        },
    };
    let (wide_outputs, wide_rows) = (wide(outputs), wide(targets.dense));
    let mut sum = 0.0;
    let mut slopes = vec![0.0; outputs.len()];
    for example in 0..count {
        let at = example * len..(example + 1) * len;
        let wanted = Wanted {
            label: targets.labels.get(example).map(|l| usize::from(*l)),
            row: wide_rows.get(at.clone()).filter(|r| !r.is_empty()),
        };
        let mut x = wide_outputs[at.clone()].to_vec();
        sum += reference::value(spec, &x, wanted, &share);
        for (j, slope) in slopes[at].iter_mut().enumerate() {
            let (own, step) = (x[j], 1e-5);
            let [above, below] = [step, -step].map(|step| {
                x[j] = own + step;
                reference::value(spec, &x, wanted, &share)
            });
            x[j] = own;
            *slope = (above - below) / (2.0 * step) / batch as f64;
        }
    }
    let within = Tolerance { rtol: 5e-5, atol: 5e-6 };
    assert_close(&format!("{what}: loss"), &[result.loss_sum / count as f64], &[sum / count as f64], within);
    assert_close(&format!("{what}: gradient"), &wide(&gradient), &slopes, Tolerance { atol: 2e-6, ..within });
}

/// Numbers that can be followed on paper.
async fn losses_by_hand(way: Way) {
    let sum =
        |terms: Vec<(f32, LossSpec)>| LossSpec::Sum(Sum { terms: terms.into_iter().map(|(weight, loss)| Term { weight, loss }).collect() });
    let (mse, l1) = (LossSpec::Mse(Mse {}), LossSpec::L1(L1 {}));
    let ln2 = 2f64.ln();
    let focused = [-0.125 * (1.0 + 2.0 * ln2), 0.125 * (1.0 + 2.0 * ln2)];
    // Loss, outputs, class or row, the loss, its gradient.
    type Case<'a> = (LossSpec, &'a [f32], Option<u8>, &'a [f32], f64, &'a [f64]);
    let cases: Vec<Case<'_>> = vec![
        // Two equal scores: probabilities of one half.
        (LossSpec::default(), &[3.0, 3.0], Some(0), &[], ln2, &[-0.5, 0.5]),
        (LossSpec::default(), &[3.0, 3.0], None, &[0.25, 0.75], ln2, &[0.25, -0.25]),
        (LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.5, weight: vec![] }), &[0.0, 0.0], Some(1), &[], ln2, &[0.25, -0.25]),
        // One example: its weight cancels; so does that of the other class, which is not there.
        (
            LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.0, weight: vec![4.0, 9.0] }),
            &[0.0, 0.0],
            Some(0),
            &[],
            ln2,
            &[-0.5, 0.5],
        ),
        // Distances 3 and -1.
        (mse.clone(), &[5.0, 1.0], None, &[2.0, 2.0], 5.0, &[3.0, -1.0]),
        (l1.clone(), &[5.0, 1.0], None, &[2.0, 2.0], 2.0, &[0.5, -0.5]),
        // The class 1 stands for the row 0, 1: hit exactly in the second place, where `l1` is flat.
        (mse.clone(), &[2.0, 1.0], Some(1), &[], 2.0, &[2.0, 0.0]),
        (l1.clone(), &[2.0, 1.0], Some(1), &[], 1.0, &[0.5, 0.0]),
        // Class 0 leads by 0.5 and by 2: half a margin is lacking once.
        (LossSpec::Hinge(Hinge { margin: 1.0 }), &[2.0, 1.5, 0.0], Some(0), &[], 0.5 / 3.0, &[-1.0 / 3.0, 1.0 / 3.0, 0.0]),
        (LossSpec::Hinge(Hinge { margin: 1.0 }), &[2.0, 1.5, 0.0], None, &[9.0, 0.0, 8.0], 0.5 / 3.0, &[-1.0 / 3.0, 1.0 / 3.0, 0.0]),
        // p = 1/2: a quarter of ln 2; the slope is 1/2 · 1/4 · (1 + 2 ln 2).
        (LossSpec::Focal(Focal { gamma: 2.0 }), &[7.0, 7.0], Some(0), &[], ln2 / 4.0, &focused),
        (LossSpec::BceWithLogits(BceWithLogits {}), &[0.0, 0.0], None, &[1.0, 0.0], ln2, &[-0.25, 0.25]),
        // Both at one half, one pixel wanted: I = 1 + 1, U = 1 + 1 + 1.
        (LossSpec::Dice(Dice { smooth: 1.0 }), &[0.0, 0.0], None, &[1.0, 0.0], 1.0 / 3.0, &[(2.0 - 6.0) / 9.0 / 4.0, 2.0 / 9.0 / 4.0]),
        // The student says what the teacher says.
        (LossSpec::Distillation(Distillation { temperature: 5.0, alpha: 1.0 }), &[4.0, -1.0], None, &[4.0, -1.0], 0.0, &[0.0, 0.0]),
        // A teacher sure of nothing, and a label: 1/4 · 4 · 0 + 3/4 · ln 2.
        (
            LossSpec::Distillation(Distillation { temperature: 2.0, alpha: 0.25 }),
            &[1.0, 1.0],
            Some(1),
            &[6.0, 6.0],
            0.75 * ln2,
            &[0.375, -0.375],
        ),
        (sum(vec![(2.0, mse), (10.0, l1)]), &[5.0, 1.0], None, &[2.0, 2.0], 30.0, &[11.0, -7.0]),
    ];
    for (spec, outputs, label, row, loss, gradient) in cases {
        let labels: Vec<u8> = label.into_iter().collect();
        let targets = Targets { labels: &labels, dense: row, whole: &[] };
        let judged = Judged { outputs, output: Shape::flat(outputs.len()), targets, count: 1 };
        let (result, got) = way.gradient(&spec, &judged).await;
        let within = Tolerance { rtol: 1e-6, atol: 1e-6 };
        assert_close(&format!("{spec:?} {way:?}"), &[result.loss_sum], &[loss], within);
        assert_close(&format!("{spec:?} {way:?}: gradient"), &wide(&got), gradient, within);
    }
    // Two examples of weights 1 and 3, losses ln 2 and 0: the mean is over the weights, 1/4 ln 2.
    let weighted = LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.0, weight: vec![1.0, 3.0] });
    let (outputs, labels) = ([0.0, 0.0, -200.0, 200.0], [0, 1]);
    let judged = Judged { outputs: &outputs, output: Shape::flat(2), targets: Targets::labels(&labels), count: 2 };
    let (result, got) = way.gradient(&weighted, &judged).await;
    let within = Tolerance { rtol: 1e-6, atol: 1e-7 };
    assert_close(&"weighted", &[result.mean_loss()], &[ln2 / 4.0], within);
    assert_close(&"weighted: gradient", &wide(&got), &[-0.125, 0.125, 0.0, 0.0], within);
}

/// Scores so far apart that exp of them overflows, or that nothing is left of the lesser one.
async fn huge_outputs_stay_numbers(way: Way) {
    let edges = [0.0, 1.0, 80.0, 1e4, 1e18];
    let outputs: Vec<f32> = edges.iter().flat_map(|x| [*x, -x, 0.0, -x, 0.0, *x]).collect();
    let labels: Vec<u8> = (0..outputs.len() / 3).map(|i| (i % 3) as u8).collect();
    let (output, rows) = (Shape::flat(3), rows(labels.len(), 3));
    let teacher: Vec<f32> = outputs.iter().rev().copied().collect();
    for spec in every_spec(3) {
        let choices: [&[f32]; 3] = [&[], &rows, &teacher];
        for dense in choices {
            // A teacher's scores are wanted numbers of no other loss.
            if dense == teacher && !matches!(spec, LossSpec::Distillation(_)) {
                continue;
            }
            for labels in [&labels[..], &[]] {
                if labels.is_empty() && dense.is_empty() {
                    continue;
                }
                let judged = Judged { outputs: &outputs, output, targets: Targets { labels, dense, whole: &[] }, count: rows.len() / 3 };
                let (result, gradient) = way.gradient(&spec, &judged).await;
                assert!(result.loss_sum.is_finite() && result.loss_sum >= -1e-3, "{spec:?} {way:?}: {result:?}");
                assert!(gradient.iter().all(|d| d.is_finite()), "{spec:?} {way:?}: {gradient:?}");
                assert_eq!(way.evaluate(&spec, &judged).await, result, "{spec:?}");
            }
        }
    }
}

/// Classes by the largest, masks by their overlap.
async fn answers_are_judged(way: Way) {
    let (mse, bce) = (LossSpec::Mse(Mse {}), LossSpec::BceWithLogits(BceWithLogits {}));
    let correct = async |spec: &LossSpec, outputs: &[f32], output: Shape, targets: Targets<'_>| {
        let judged = Judged { outputs, output, targets, count: outputs.len() / output.len() };
        way.evaluate(spec, &judged).await.correct
    };
    let scores = [1.0, 3.0, 3.0, 0.5, 0.2, 0.1];
    // Of equals the first.
    assert_eq!(correct(&mse, &scores, Shape::flat(3), Targets::labels(&[1, 0])).await, 2);
    assert_eq!(correct(&mse, &scores, Shape::flat(3), Targets::labels(&[2, 0])).await, 1);
    assert_eq!(correct(&mse, &scores, Shape::flat(3), Targets::dense(&[0.0, 0.9, 0.9, 0.3, 0.2, 0.3])).await, 2);
    // Where there are both, the class counts.
    let both = Targets { labels: &[0, 1], dense: &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], whole: &[] };
    assert_eq!(correct(&mse, &scores, Shape::flat(3), both).await, 0);

    let mask = Shape::new(1, 2, 2);
    let outputs = [0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    // IoU of 1/2; of 1/3; nothing wanted and nothing there; one wanted, nothing there.
    let masks = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    assert_eq!(correct(&mse, &outputs, mask, Targets::dense(&masks)).await, 2);
    // As logits all are above one half: 1/4 at most.
    assert_eq!(correct(&bce, &outputs, mask, Targets::dense(&masks)).await, 0);
    let logits = outputs.map(|x| x - 0.5);
    assert_eq!(correct(&bce, &logits, mask, Targets::dense(&masks)).await, 2);
    // A single output is a mask of one pixel.
    assert_eq!(correct(&bce, &[2.0, -2.0, 2.0], Shape::flat(1), Targets::dense(&[1.0, 0.0, 0.0])).await, 2);
}

/// A batch of classes without weight, and one without examples.
async fn nothing_to_learn_from(way: Way) {
    let (outputs, output) = (normals(6, 2), Shape::flat(3));
    for label_smoothing in [0.0, 0.2] {
        let spec = LossSpec::CrossEntropy(CrossEntropy { label_smoothing, weight: vec![0.0, 0.0, 1.0] });
        let judged = Judged { outputs: &outputs, output, targets: Targets::labels(&[0, 1]), count: 2 };
        let (result, gradient) = way.gradient(&spec, &judged).await;
        assert_eq!((result.loss_sum, result.count), (0.0, 2), "{way:?}");
        assert!(gradient.iter().all(|d| *d == 0.0), "{way:?}: {gradient:?}");
    }
    for spec in every_spec(3) {
        let judged = Judged { outputs: &outputs, output, targets: Targets::labels(&[0, 2]), count: 0 };
        let (result, gradient) = way.gradient(&spec, &judged).await;
        assert_eq!((result.loss_sum, result.correct, result.count), (0.0, 0, 0), "{spec:?} {way:?}");
        assert!(gradient.iter().all(|d| *d == 0.0), "{spec:?} {way:?}: {gradient:?}");
    }
}
