//! PyTorch's numbers, on every way: every case of every golden file whose operator the engine has.

use std::collections::BTreeMap;

use conformance::{Backend, CaseError, GoldenCase, Suite, suites::loss::LossCase};
use engine::{
    OptimizerSpec, StepInputs,
    backend::gpu::alone::Judged,
    loss::{BatchResult, Targets},
    optim::{Momentum, Sgd},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    numbers::normals,
    problem::{Tolerance, assert_close, wide},
    way::{Way, every_way},
};

/// A suite by its name and the content of its two files, which are part of the test binary.
type Files = (&'static str, &'static str, &'static [u8]);

macro_rules! suites {
    ($($name:literal),+ $(,)?) => {
        const SUITES: &[Files] = &[$((
            $name,
            include_str!(concat!("../../golden/", $name, ".json")),
            include_bytes!(concat!("../../golden/", $name, ".safetensors")),
        )),+];
    };
}

suites![
    "conv2d",
    "conv_transpose2d",
    "pool",
    "resample",
    "dense_activation",
    "norm",
    "loss",
    "optimizer",
    "schedule",
    "network",
    "metric",
    "receptive_field",
    "explain",
    "layer_more",
    "loss_more",
    "optimizer_more",
    "schedule_more",
    "network_more"
];

/// Suites and the kinds of cases in them that must run. A kind without a case is a mistake here;
/// a case of another kind waits for its operator.
const COVERED: &[(&str, &[&str])] = &[
    ("conv2d", &["conv2d"]),
    ("conv_transpose2d", &["conv_transpose2d"]),
    (
        "pool",
        &[
            "pool2d max",
            "pool2d avg",
            "pool2d global_max",
            "pool2d global_avg",
            "pool2d adaptive_max",
            "pool2d adaptive_avg",
            "pool2d fractional_max",
            "pool2d stochastic_eval",
        ],
    ),
    ("resample", &["pool2d lp", "upsample2d nearest", "upsample2d bilinear"]),
    (
        "dense_activation",
        &[
            "dense",
            "activation relu",
            "activation leaky_relu",
            "activation sigmoid",
            "activation tanh",
            "activation elu",
            "activation gelu",
            "activation silu",
            "activation softplus",
            "activation softmax",
            "activation log_softmax",
        ],
    ),
    ("norm", &["batch_norm_train", "batch_norm_eval", "layer_norm", "group_norm"]),
    (
        "loss",
        &[
            "cross_entropy",
            "cross_entropy_smooth",
            "cross_entropy_weighted",
            "cross_entropy_soft",
            "mse",
            "focal",
            "bce_logits",
            "dice",
            "distillation",
        ],
    ),
    ("optimizer", &["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]),
    ("schedule", &["step", "exponential", "cosine", "cosine_restarts", "one_cycle", "linear_warmup", "plateau"]),
    ("network", &["train plain", "train norm", "train residual", "train mlp"]),
    ("metric", &["classification", "segmentation"]),
    ("receptive_field", &["receptive_field"]),
    ("explain", &["explain"]),
    ("layer_more", &["prelu", "hardswish", "instance_norm2d", "channel_pool2d", "conv2d flipped"]),
    ("loss_more", &["l1", "hinge", "sum"]),
    ("optimizer_more", &["lion"]),
    ("schedule_more", &["constant", "polynomial"]),
    (
        "network_more",
        &[
            "train concat",
            "train squeeze_excite",
            "train attention",
            "train sum",
            "train l1 l2",
            "train l1 penalise_all",
            "train clip_value",
            "train clip_norm",
            "train clip_norm clip_value",
            "train accumulate",
            "train accumulate clip_norm l2",
            "train sam",
            "train rates",
        ],
    ),
];

every_way! { conv2d, conv_transpose2d, pool, resample, dense_activation, norm, loss, optimizer, network, layer_more, loss_more, optimizer_more, network_more, loss_in_two_parts, momentum_of_nothing_is_plain_descent }

fn cases(suite: &str) -> Vec<GoldenCase> {
    let (name, json, tensors) = SUITES.iter().find(|(name, ..)| *name == suite).unwrap();
    let suite = Suite::read(name, json.as_bytes(), tensors).unwrap();
    suite.cases.into_iter().map(|listed| listed.case.unwrap()).collect()
}

/// Runs the cases of a suite, says how many ran and what waits for its operator.
async fn run(suite: &str, way: &Way) {
    let (_, kinds) = COVERED.iter().find(|(name, _)| *name == suite).unwrap();
    let on = match way {
        Way::Cpu => Backend::Cpu,
        Way::Card(card) => Backend::Card(card.clone()),
    };
    let (mut ran, mut waiting, mut worst) = (BTreeMap::new(), BTreeMap::new(), 0.0f64);
    for case in cases(suite) {
        let (kind, what) = (case.kind(), format!("{} {}, {way:?}", case.name, case.attrs));
        match conformance::check(suite, &case, &on).await {
            Ok(found) => {
                assert!(found.tolerances <= 1.0, "{what}: {found}");
                assert!(kinds.contains(&kind.as_str()), "{what}: {kind} is there, but not listed as covered");
                worst = worst.max(found.tolerances);
                *ran.entry(kind).or_insert(0) += 1;
            }
            Err(CaseError::NotAvailable(_)) if !kinds.contains(&kind.as_str()) => *waiting.entry(kind).or_insert(0) += 1,
            Err(error) => panic!("{what}: {error}"),
        }
    }
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    report(&format!(
        "golden {suite} {way:?}: {} cases ran {ran:?}, at most {worst:.3} of what is allowed off; {} wait for their operator {waiting:?}",
        sum(&ran),
        sum(&waiting)
    ));
    for kind in *kinds {
        assert!(ran.contains_key(*kind), "golden {suite}: no case of {kind} ran");
    }
}

fn report(line: &str) {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_arch = "wasm32"))]
    println!("{line}");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_suite_is_covered() {
    let names = |list: &mut dyn Iterator<Item = &'static str>| list.collect::<Vec<_>>();
    let covered = names(&mut COVERED.iter().map(|(name, _)| *name));
    assert_eq!(covered, names(&mut SUITES.iter().map(|(name, ..)| *name)));
    assert_eq!(covered, conformance::suites::NAMES);
}

macro_rules! whole {
    ($($suite:ident),+) => {$(
        async fn $suite(way: Way) {
            run(stringify!($suite), &way).await;
        }
    )+};
}

whole! {
    conv2d, conv_transpose2d, pool, resample, dense_activation, norm, loss, optimizer, network, layer_more, loss_more, optimizer_more,
    network_more
}

/// What computes on the processor alone.
macro_rules! on_cpu {
    ($($suite:ident),+) => {$(
        #[wasm_bindgen_test(unsupported = test)]
        fn $suite() {
            crate::way::finished(run(stringify!($suite), &Way::Cpu));
        }
    )+};
}

on_cpu! { schedule, metric, receptive_field, explain, schedule_more }

/// In two parts, as when a batch is not full: sums and gradients are those of the whole, and what
/// does not count has none.
async fn loss_in_two_parts(way: Way) {
    for case in cases("loss") {
        let (own, what) = (LossCase::new(&case).unwrap(), format!("{} {} {way:?}", case.name, case.op));
        let (result, d_scores) = way.gradient(&own.loss, &own.judged()).await;
        let (batch, outputs, labels) = (own.batch, own.output.len(), &own.labels);
        assert_eq!(result.count as usize, batch);
        // With class weights a part must know the whole batch; a card has only that.
        let weighted = !own.loss.class_weights().is_empty();
        if weighted && matches!(way, Way::Card(_)) {
            continue;
        }
        let middle = batch / 2;
        let mut sum = BatchResult::default();
        for part in [0..middle, middle..batch] {
            let first = |all: &[f32]| [&all[part.start * outputs..], &all[..part.start * outputs]].concat();
            let turned = if labels.is_empty() { Vec::new() } else { [&labels[part.start..], &labels[..part.start]].concat() };
            let (turned_scores, turned_rows) = (first(&own.outputs), if own.rows.is_empty() { Vec::new() } else { first(&own.rows) });
            let targets = Targets { labels: &turned, dense: &turned_rows, whole: if weighted { labels } else { &[] } };
            let judged = Judged { outputs: &turned_scores, output: own.output, targets, count: part.len() };
            let (result, d_part) = way.gradient(&own.loss, &judged).await;
            let mut want = first(&d_scores);
            want[part.len() * outputs..].fill(0.0);
            assert_close(&format!("{what}: gradient of {part:?}"), &wide(&d_part), &wide(&want), Tolerance::EXACT);
            assert_eq!(result, way.evaluate(&own.loss, &judged).await, "{what}: without gradient");
            sum.add(result);
        }
        assert_eq!((sum.correct, sum.count), (result.correct, result.count), "{what}: in two parts");
        let within = Tolerance { rtol: case.within.rtol, atol: case.within.atol };
        assert_close(&format!("{what}: loss in two parts"), &[sum.mean_loss()], &[result.mean_loss()], within);
    }
}

/// No golden case has momentum with weight decay: there the rule must pass over into the plain one.
async fn momentum_of_nothing_is_plain_descent(way: Way) {
    let (start, gradients) = (normals(100, 1), normals(100, 2));
    let weight_decay = 0.3;
    let mut reached = Vec::new();
    for rule in [OptimizerSpec::Sgd(Sgd { weight_decay }), OptimizerSpec::Momentum(Momentum { momentum: 0.0, weight_decay })] {
        let (mut params, mut state) = (start.clone(), vec![0.0; rule.state_len(start.len())]);
        for step in 0..3 {
            way.update(&rule, &mut params, &gradients, &mut state, &StepInputs { rate: 0.1, step, seed: 0 }).await;
        }
        reached.push(params);
    }
    assert_ne!(reached[0], start);
    assert_eq!(reached[0], reached[1], "{way:?}");
}
