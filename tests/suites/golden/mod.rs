//! PyTorch's numbers: every case of every golden file whose operator the engine has.

mod file;
mod layers;
mod network;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use engine::{
    Cpu, Graph, Init, LossSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Run, StepInputs,
    ops::Reference,
    optim::{Momentum, Sgd},
    plan::Watch,
};
use file::{Golden, GoldenCase, SUITES};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    numbers::normals,
    problem::{Problem, Tolerance, assert_close, wide},
};

/// Suites and the kinds of cases in them that must run. A kind without a case is a mistake here;
/// a case of another kind waits for its operator.
const COVERED: &[(&str, &[&str])] = &[
    ("conv2d", &["conv2d"]),
    ("pool", &["pool2d max", "pool2d avg", "pool2d global_avg"]),
    ("dense_activation", &["dense", "activation relu"]),
    ("norm", &["batch_norm_train", "batch_norm_eval"]),
    ("loss", &["cross_entropy"]),
    ("optimizer", &["sgd", "momentum", "adam"]),
    ("network", &["train plain", "train norm", "train mlp"]),
];

/// Runs the covered cases of a suite and says how many ran and what waits.
fn run(suite: &str, check: impl Fn(&GoldenCase)) {
    let (_, kinds) = COVERED.iter().find(|(name, _)| *name == suite).unwrap();
    let file = SUITES.iter().find(|s| s.name == suite).unwrap();
    let (mut ran, mut waiting) = (BTreeMap::new(), BTreeMap::new());
    for case in file.cases() {
        let kind = case.kind();
        let covered = kinds.contains(&kind.as_str());
        if covered {
            check(&case);
        }
        *if covered { &mut ran } else { &mut waiting }.entry(kind).or_insert(0) += 1;
    }
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    report(&format!("golden {suite}: {} cases ran {ran:?}; {} wait for their operator {waiting:?}", sum(&ran), sum(&waiting)));
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
    assert_eq!(names(&mut COVERED.iter().map(|(name, _)| *name)), names(&mut SUITES.iter().map(|s| s.name)));
}

#[wasm_bindgen_test(unsupported = test)]
fn conv2d() {
    run("conv2d", single_layer);
}

#[wasm_bindgen_test(unsupported = test)]
fn pool() {
    run("pool", single_layer);
}

#[wasm_bindgen_test(unsupported = test)]
fn dense_activation() {
    run("dense_activation", single_layer);
}

#[wasm_bindgen_test(unsupported = test)]
fn norm() {
    run("norm", single_layer);
}

#[wasm_bindgen_test(unsupported = test)]
fn loss() {
    run("loss", cross_entropy);
}

#[wasm_bindgen_test(unsupported = test)]
fn optimizer() {
    run("optimizer", trajectory);
}

#[wasm_bindgen_test(unsupported = test)]
fn network() {
    run("network", network::train);
}

/// A layer alone: the naive loops, the fast kernels on buffers of their own, and, where the layer
/// has weights and so makes a network, forward through a plan.
fn single_layer(case: &GoldenCase) {
    let (layer, shape, mode) = layers::layer(case);
    let batch = case.inputs["input"].dims[0];
    let [params, state] = layers::tensors(case);
    let mut problem = Problem::new(&layer, shape, batch, mode);
    assert_eq!((params.len(), state.len()), (problem.params.len(), problem.state.len()), "{}: parameters", case.name);
    problem.input.clone_from(&case.inputs["input"].values);
    problem.d_output.clone_from(&case.outputs["upstream"].values);
    (problem.params, problem.state) = (params, state);

    let want = wanted(case);
    let naive = problem.reference();
    // Without gradients in evaluation there is nothing to compare there: no plan goes backward in it.
    let backward = mode == Mode::Train || !naive.d_input.is_empty();
    compare(case, "naive", &naive, &want, backward);
    compare(case, "fast", &problem.fast(), &want, mode == Mode::Train);
    if !problem.params.is_empty() {
        compare(case, "planned", &planned(&problem), &want, false);
    }
}

/// What the file says. Running statistics only where the case has some.
fn wanted(case: &GoldenCase) -> Reference {
    let join = |from: &HashMap<String, Golden>, keys: &[&str]| -> Vec<f64> {
        keys.iter().filter_map(|k| from.get(*k)).flat_map(|g| g.wide()).collect()
    };
    Reference {
        output: case.outputs["output"].wide(),
        state: join(&case.outputs, &["running_mean", "running_var"]),
        d_input: case.grads["input"].wide(),
        d_params: join(&case.grads, &["weight", "gamma", "bias", "beta"]),
    }
}

fn compare(case: &GoldenCase, way: &str, got: &Reference, want: &Reference, backward: bool) {
    let what = format!("{} {}, {way}", case.name, case.attrs);
    assert_close(&format!("{what}: output"), &got.output, &want.output, case.within);
    assert_close(&format!("{what}: running statistics"), &got.state, &want.state, case.within);
    if backward {
        assert_close(&format!("{what}: d_input"), &got.d_input, &want.d_input, case.within);
        assert_close(&format!("{what}: d_params"), &got.d_params, &want.d_params, case.within);
    }
}

/// Forward through a plan of this layer alone, in the arenas that a network uses.
fn planned(problem: &Problem) -> Reference {
    let at = &problem.at;
    let spec = ModelSpec { input: at.input, layers: vec![problem.layer.clone()], init: Init::default() };
    let graph = Arc::new(Graph::check(&spec).unwrap());
    let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), 1);
    cpu.params.clone_from(&problem.params);
    cpu.state.clone_from(&problem.state);
    let mut run = Run::new(Plan::compile(&graph, &PlanOptions { batch: at.batch, mode: at.mode, watch: Watch::Everything }).unwrap());
    run.images.copy_from_slice(&problem.input);
    cpu.forward(&mut run, &problem.now);
    Reference { output: wide(run.logits()), state: wide(&cpu.state), ..Reference::default() }
}

fn cross_entropy(case: &GoldenCase) {
    let (scores, labels) = (&case.inputs["logits"], case.inputs["target"].labels());
    let [batch, classes] = scores.dims[..] else { panic!("{}: {:?}", case.name, scores.dims) };
    let spec = LossSpec::default();
    let mut d_scores = vec![f32::NAN; scores.values.len()];
    let result = spec.loss().gradient(&scores.values, &labels, classes, batch, &mut d_scores);
    assert_eq!(result, spec.loss().evaluate(&scores.values, &labels, classes), "{}: evaluated with and without gradient", case.name);
    assert_eq!(result.count as usize, batch);
    assert_close(&format!("{}: loss", case.name), &[result.mean_loss()], &case.outputs["loss"].wide(), case.within);
    assert_close(&format!("{}: gradient", case.name), &wide(&d_scores), &case.grads["logits"].wide(), case.within);

    // In two parts, as when a batch is shared out: sums and gradients are those of the whole.
    let middle = batch / 2;
    let (first, second) = d_scores.split_at(middle * classes);
    for (part, rows) in [(first, 0..middle), (second, middle..batch)] {
        let mut d_part = vec![f32::NAN; part.len()];
        let numbers = &scores.values[rows.start * classes..rows.end * classes];
        spec.loss().gradient(numbers, &labels[rows], classes, batch, &mut d_part);
        assert_close(&format!("{}: gradient of a part", case.name), &wide(&d_part), &wide(part), Tolerance::EXACT);
    }
}

fn trajectory(case: &GoldenCase) {
    let rule = layers::optimizer(case, &case.op);
    let mut params = case.inputs["start"].values.clone();
    let mut state = vec![0.0; rule.state_len(params.len())];
    let (gradients, want) = (&case.inputs["gradients"], &case.outputs["trajectory"]);
    let rows = gradients.values.chunks_exact(params.len()).zip(want.values.chunks_exact(params.len()));
    for (step, (gradient, want)) in rows.enumerate() {
        rule.rule().update(&mut params, gradient, &mut state, &StepInputs { rate: case.number("lr"), step: step as u32, seed: 0 });
        assert_close(&format!("{} {} after step {step}", case.name, case.attrs), &wide(&params), &wide(want), case.within);
    }
}

/// No golden case has momentum with weight decay: there the rule must pass over into the plain one.
#[wasm_bindgen_test(unsupported = test)]
fn momentum_of_nothing_is_plain_descent() {
    let (start, gradients) = (normals(100, 1), normals(100, 2));
    let weight_decay = 0.3;
    let [plain, with_momentum] =
        [OptimizerSpec::Sgd(Sgd { weight_decay }), OptimizerSpec::Momentum(Momentum { momentum: 0.0, weight_decay })].map(|rule| {
            let (mut params, mut state) = (start.clone(), vec![0.0; rule.state_len(start.len())]);
            for step in 0..3 {
                rule.rule().update(&mut params, &gradients, &mut state, &StepInputs { rate: 0.1, step, seed: 0 });
            }
            params
        });
    assert_ne!(plain, start);
    assert_eq!(plain, with_momentum);
}
