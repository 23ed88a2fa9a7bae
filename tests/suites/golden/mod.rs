//! PyTorch's numbers, on every way: every case of every golden file whose operator the engine has.

mod file;
mod layers;
mod loss;
mod network;
mod pool;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use engine::{
    Graph, Init, Mode, ModelSpec, OptimizerSpec, PlanOptions, StepInputs,
    ops::Reference,
    optim::{Momentum, Sgd},
    plan::Watch,
    schedule::{CurveSpec, Reduction},
};
use file::{Golden, GoldenCase, SUITES};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    network::Network,
    numbers::normals,
    problem::{Problem, assert_close, wide},
    way::{Way, every_way, finished},
};

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
    ("network", &["train plain", "train norm", "train mlp"]),
];

every_way! { conv2d, conv_transpose2d, pool, resample, dense_activation, norm, loss, optimizer, network, momentum_of_nothing_is_plain_descent }

/// Runs the covered cases of a suite and says how many ran and what waits.
async fn run(suite: &str, way: &Way, check: impl AsyncFn(&GoldenCase, &Way)) {
    let (_, kinds) = COVERED.iter().find(|(name, _)| *name == suite).unwrap();
    let file = SUITES.iter().find(|s| s.name == suite).unwrap();
    let (mut ran, mut waiting) = (BTreeMap::new(), BTreeMap::new());
    for case in file.cases() {
        let kind = case.kind();
        let covered = kinds.contains(&kind.as_str());
        if covered {
            check(&case, way).await;
        }
        *if covered { &mut ran } else { &mut waiting }.entry(kind).or_insert(0) += 1;
    }
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    report(&format!("golden {suite} {way:?}: {} cases ran {ran:?}; {} wait for their operator {waiting:?}", sum(&ran), sum(&waiting)));
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

async fn conv2d(way: Way) {
    run("conv2d", &way, single_layer).await;
}

async fn conv_transpose2d(way: Way) {
    run("conv_transpose2d", &way, single_layer).await;
}

async fn pool(way: Way) {
    run("pool", &way, async |case, way| match case.inputs.contains_key("samples") {
        true => pool::fractional(case, way).await,
        false => single_layer(case, way).await,
    })
    .await;
}

async fn resample(way: Way) {
    run("resample", &way, single_layer).await;
}

async fn dense_activation(way: Way) {
    run("dense_activation", &way, single_layer).await;
}

async fn norm(way: Way) {
    run("norm", &way, single_layer).await;
}

async fn loss(way: Way) {
    run("loss", &way, loss::compared).await;
}

async fn optimizer(way: Way) {
    run("optimizer", &way, trajectory).await;
}

async fn network(way: Way) {
    run("network", &way, network::train).await;
}

/// A layer alone: the naive loops, the fast kernels on buffers of their own, and, where the layer
/// has weights and so makes a network, forward through a plan.
async fn single_layer(case: &GoldenCase, way: &Way) {
    let (layer, shape, mode) = layers::layer(case);
    let batch = case.inputs["input"].dims[0];
    let [params, state] = layers::tensors(case);
    let mut problem = Problem::new(&layer, shape, batch, mode);
    assert_eq!((params.len(), state.len()), (problem.params.len(), problem.state.len()), "{}: parameters", case.name);
    problem.input.clone_from(&case.inputs["input"].values);
    if let Some(upstream) = case.outputs.get("upstream") {
        problem.d_output.clone_from(&upstream.values);
    }
    (problem.params, problem.state) = (params, state);

    let want = wanted(case);
    let naive = problem.reference();
    // A case of evaluation may have no gradients: no plan goes backward in it.
    compare(case, "naive", &naive, &want, mode == Mode::Train || (!naive.d_input.is_empty() && !case.grads.is_empty()));
    compare(case, &format!("fast {way:?}"), &way.layer(&problem).await, &want, mode == Mode::Train);
    if !problem.params.is_empty() {
        compare(case, &format!("planned {way:?}"), &planned(&problem, way).await, &want, false);
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
        d_input: join(&case.grads, &["input"]),
        d_params: join(&case.grads, &["weight", "gamma", "bias", "beta"]),
    }
}

fn compare(case: &GoldenCase, by: &str, got: &Reference, want: &Reference, backward: bool) {
    let what = format!("{} {}, {by}", case.name, case.attrs);
    assert_close(&format!("{what}: output"), &got.output, &want.output, case.within);
    assert_close(&format!("{what}: running statistics"), &got.state, &want.state, case.within);
    if backward {
        assert_close(&format!("{what}: d_input"), &got.d_input, &want.d_input, case.within);
        assert_close(&format!("{what}: d_params"), &got.d_params, &want.d_params, case.within);
    }
}

/// Forward through a plan of this layer alone, in the memory that a network uses.
async fn planned(problem: &Problem, way: &Way) -> Reference {
    let at = &problem.at;
    let spec = ModelSpec { input: at.input, layers: vec![problem.layer.clone()], init: Init::default() };
    let graph = Arc::new(Graph::check(&spec).unwrap());
    let mut network = Network::new(way, &graph, OptimizerSpec::default(), 1);
    network.set(&problem.params, &problem.state);
    let plan = network.plan(&PlanOptions { batch: at.batch, mode: at.mode, watch: Watch::Everything });
    let scores = network.forward(plan, &problem.input, &problem.now).await;
    Reference { output: wide(&scores), state: wide(&network.numbers().await.state), ..Reference::default() }
}

async fn trajectory(case: &GoldenCase, way: &Way) {
    let rule = layers::optimizer(case, &case.op);
    let mut params = case.inputs["start"].values.clone();
    let mut state = vec![0.0; rule.state_len(params.len())];
    let (gradients, want) = (&case.inputs["gradients"], &case.outputs["trajectory"]);
    let rows = gradients.values.chunks_exact(params.len()).zip(want.values.chunks_exact(params.len()));
    for (step, (gradient, want)) in rows.enumerate() {
        let now = StepInputs { rate: case.number("lr"), step: step as u32, seed: 0 };
        way.update(&rule, &mut params, gradient, &mut state, &now).await;
        assert_close(&format!("{} {} {way:?} after step {step}", case.name, case.attrs), &wide(&params), &wide(want), case.within);
    }
}

/// Rates are the same whatever computes.
#[wasm_bindgen_test(unsupported = test)]
fn schedule() {
    finished(run("schedule", &Way::Cpu, async |case, _| {
        let (schedule, base) = (layers::schedule(case), case.number("base_lr"));
        let mut reduction = Reduction::default();
        let want = &case.outputs["lr"];
        let rates = (0..want.values.len()).map(|step| {
            let rate = schedule.rate(base, step as u32) * reduction.factor();
            if let CurveSpec::Plateau(plateau) = &schedule.curve {
                reduction.observe(plateau, base, f64::from(case.inputs["metrics"].values[step]));
            }
            f64::from(rate)
        });
        assert_close(&format!("{} {}", case.name, case.attrs), &rates.collect::<Vec<_>>(), &want.wide(), case.within);
    }));
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
