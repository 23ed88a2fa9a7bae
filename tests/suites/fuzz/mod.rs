//! Random networks, on every way: nothing that is asked for makes the engine panic, and legal ones give equal numbers.

mod layout;
mod pooled;
mod repair;
mod specs;

use std::sync::Arc;

use engine::{
    Cpu, Graph, LayerSpec, LossSpec, Mode, ModelSpec, NodeId, OptimizerSpec, Plan, PlanOptions, Run, StepInputs, Tensor,
    graph::Feed,
    ops::Reference,
    plan::Watch,
    presets::PRESETS,
    rng::{Stream, bits},
};
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    network::Network,
    numbers::normals,
    problem::{Problem, Tolerance, assert_close, assert_same, wide},
    way::{Way, every_way, finished},
};

/// Tries `check` on `cases` values from a fixed seed; PROPTEST_RNG_SEED and PROPTEST_CASES look elsewhere and longer.
fn try_all<S: Strategy>(cases: u32, values: S, check: impl Fn(S::Value)) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let tried = TestRunner::new(config).run(&values, |value| {
        check(value);
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}

/// As [`try_all`] with a check that computes on `way`. A card in a browser cannot be waited for, so
/// there the values are drawn one after another and a failure is not made smaller.
async fn try_on<S: Strategy>(way: &Way, cases: u32, values: S, check: impl AsyncFn(S::Value)) {
    let waits = matches!(way, Way::Card(_)) && cfg!(target_arch = "wasm32");
    if !waits {
        return try_all(cases, values, |value| finished(check(value)));
    }
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() });
    for _ in 0..cases {
        check(values.new_tree(&mut runner).unwrap().current()).await;
    }
}

/// Asks everything of a specification that may be wrong. Only the absence of a panic is checked.
fn probe(spec: &ModelSpec) {
    let Ok(graph) = Graph::check(spec) else { return };
    let _ = Graph::check_classifier(spec, 10);
    // Compiling a plan of gigabytes costs time, not safety.
    if graph.cost().multiply_adds > 1 << 24 {
        return;
    }
    let graph = Arc::new(graph);
    for batch in [0, 1, 7, 1 << 20, usize::MAX] {
        for (mode, watch) in
            [(Mode::Train, Watch::Nothing), (Mode::Eval, Watch::Everything), (Mode::Eval, Watch::Nodes(vec![NodeId(9999)]))]
        {
            if let Ok(plan) = Plan::compile(&graph, &PlanOptions { batch, mode, watch }) {
                assert_eq!(plan.batch, batch.max(1));
                if plan.regions.size_bytes() < 1 << 24 {
                    layout::check(&plan);
                }
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn checking_any_json_never_panics() {
    try_all(3000, specs::json(), |json| {
        if let Ok(spec) = serde_json::from_value::<ModelSpec>(json) {
            probe(&spec);
        }
    });
}

#[wasm_bindgen_test(unsupported = test)]
fn checking_any_settings_never_panics() {
    let parsed = std::cell::Cell::new(0);
    try_all(6000, specs::extreme(), |json| {
        let spec: ModelSpec = serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json}: {e}"));
        parsed.set(parsed.get() + usize::from(Graph::check(&spec).is_ok()));
        probe(&spec);
    });
    assert!(parsed.get() > 300, "only {} of the random networks were legal: they try too little", parsed.get());
}

#[wasm_bindgen_test(unsupported = test)]
fn no_two_live_slots_overlap() {
    try_all(400, specs::legal(), |spec| {
        let graph = Arc::new(Graph::check(&spec).unwrap());
        let some = (0..graph.nodes.len()).step_by(2).map(NodeId).collect();
        for watch in [Watch::Nothing, Watch::Everything, Watch::Nodes(some)] {
            for mode in [Mode::Train, Mode::Eval] {
                for batch in [1, 3, 8] {
                    layout::check(&Plan::compile(&graph, &PlanOptions { batch, mode, watch: watch.clone() }).unwrap());
                }
            }
        }
    });
}

/// A network with random numbers, ready to run.
struct Trial {
    graph: Arc<Graph>,
    /// The numbers that every run starts from.
    cpu: Cpu,
    images: Vec<f32>,
    labels: Vec<u8>,
    now: StepInputs,
}

impl Trial {
    fn new(spec: &ModelSpec, batch: usize) -> Self {
        let graph = Arc::new(Graph::check(spec).unwrap());
        let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), 3);
        // Biases start at zero and gains at one; here every parameter counts.
        for (p, noise) in cpu.params.iter_mut().zip(normals(graph.params_len(), 4)) {
            *p += 0.1 * noise;
        }
        let classes = graph.output().len() as u32;
        Self {
            images: normals(batch * graph.spec.input.len(), 5),
            labels: (0..batch as u32).map(|i| (bits(6, Stream(0x7e57), i) % classes) as u8).collect(),
            now: StepInputs { rate: 0.01, step: 2, seed: 7 },
            graph,
            cpu,
        }
    }

    /// The layer of `id` alone, with its numbers; what it takes in is zero.
    fn problem(&self, id: NodeId, mode: Mode) -> Problem {
        let node = self.graph.node(id);
        let mut problem = Problem::joining(&node.layer, node.input, &node.others, self.labels.len(), mode);
        problem.at.node = id;
        problem.now = self.now;
        problem.params = self.cpu.params[block(&self.graph.params[node.params.clone()])].to_vec();
        problem.state = self.cpu.state[block(&self.graph.state[node.state.clone()])].to_vec();
        problem
    }

    /// Forward, and in training backward, of all examples on `way`, with everything kept.
    async fn seen(&self, way: &Way, mode: Mode) -> Seen {
        let mut network = Network::new(way, &self.graph, OptimizerSpec::default(), 3);
        network.set(&self.cpu.params, &self.cpu.state);
        let plan = network.plan(&PlanOptions { batch: self.labels.len(), mode, watch: Watch::Everything });
        if mode == Mode::Train {
            network.learn(plan, &self.images, &self.labels, &self.now).await;
        } else {
            network.forward(plan, &self.images, &self.now).await;
        }
        let ids = (0..self.graph.nodes.len()).map(NodeId);
        let outputs: Vec<_> = ids.clone().map(Tensor::Output).collect();
        let grads: Vec<_> = ids.map(Tensor::OutputGrad).collect();
        Seen {
            outputs: network.read(plan, &outputs).await,
            output_grads: network.read(plan, &grads).await,
            grads: if mode == Mode::Train { network.grads(plan).await } else { Vec::new() },
            state: network.numbers().await.state,
        }
    }

    /// Forward, and in training backward, of the examples `from..from + batch`.
    fn run(&self, mode: Mode, watch: Watch, from: usize, batch: usize, divisor: usize) -> (Cpu, Run) {
        let mut cpu = self.cpu.clone();
        let mut run = Run::new(Plan::compile(&self.graph, &PlanOptions { batch, mode, watch }).unwrap());
        let size = self.graph.spec.input.len();
        run.images.copy_from_slice(&self.images[from * size..(from + batch) * size]);
        run.labels.extend_from_slice(&self.labels[from..from + batch]);
        cpu.forward(&mut run, &self.now);
        if mode == Mode::Train {
            cpu.grads.fill(f32::NAN);
            cpu.backward(&mut run, &LossSpec::default(), divisor, &self.now);
        }
        (cpu, run)
    }
}

/// What a plan that keeps everything has computed, by node.
struct Seen {
    outputs: Vec<Option<Vec<f32>>>,
    output_grads: Vec<Option<Vec<f32>>>,
    grads: Vec<f32>,
    state: Vec<f32>,
}

every_way! { networks_agree_with_the_naive_chain, presets_agree_with_the_naive_chain }

async fn networks_agree_with_the_naive_chain(way: Way) {
    // Batches on both sides of a vector's eight and of what the kernels take at once.
    let batch = select(vec![1, 3, 4, 8, 9, 33]);
    let cases = match way {
        Way::Cpu => 400,
        Way::Card(_) => 40,
    };
    try_on(&way, cases, (specs::legal(), batch), async |(spec, batch)| agree(&way, &spec, batch).await).await;
}

async fn presets_agree_with_the_naive_chain(way: Way) {
    for entry in PRESETS {
        agree(&way, &entry.model(), 4).await;
    }
}

async fn agree(way: &Way, spec: &ModelSpec, batch: usize) {
    let trial = Trial::new(spec, batch);
    for mode in [Mode::Train, Mode::Eval] {
        let seen = trial.seen(way, mode).await;
        let mut chained: Vec<Vec<f64>> = Vec::new();
        for node in &trial.graph.nodes {
            let problem = trial.problem(node.id, mode);
            // The chain in f64 from the images on: errors of all layers before add up.
            let taken = node.inputs.iter().flat_map(|feed| match feed {
                Feed::Image => wide(&trial.images),
                Feed::Node(id) => chained[id.0].clone(),
            });
            chained.push(problem.reference_at(&taken.collect::<Vec<_>>(), &wide(&problem.params)).output);
            let reached = seen.outputs[node.id.0].as_ref().unwrap();
            let loose = Tolerance { rtol: 1e-3, atol: 1e-3 };
            assert_close(&format!("{mode:?}, {}, chained, {way:?}", node.name), &wide(reached), &chained[node.id.0], loose);
        }
        if mode == Mode::Train {
            check_backward(&trial, &seen);
        }
    }
}

/// Layer by layer, last first, in a network that has run: from the numbers that it received, the naive loops
/// must reach the numbers that it passed on, forward and backward.
fn check_backward(trial: &Trial, seen: &Seen) {
    let graph = &trial.graph;
    // What the layers that read an output gave back for it, and for how much work.
    let mut sums: Vec<(Vec<f64>, usize)> = graph.nodes.iter().map(|n| (vec![0.0; trial.labels.len() * n.output.len()], 0)).collect();
    for node in graph.nodes.iter().rev() {
        if is_image(graph, node.id, Mode::Train) {
            continue;
        }
        let read = |id: NodeId| seen.outputs[id.0].clone().unwrap_or_else(|| panic!("{}: not kept", graph.node(id).name));
        let mut problem = trial.problem(node.id, Mode::Train);
        let taken = node.inputs.iter().map(|feed| match feed {
            Feed::Image => trial.images.clone(),
            Feed::Node(id) => read(*id),
        });
        problem.input = taken.collect::<Vec<_>>().concat();
        let (sum, terms) = &sums[node.id.0];
        match &seen.output_grads[node.id.0] {
            Some(kept) => {
                if node.id.0 + 1 < graph.nodes.len() {
                    let what = format!("{}: gradient of the output", node.name);
                    assert_close(&what, &wide(kept), sum, Tolerance::of_sum(*terms));
                }
                problem.d_output.clone_from(kept);
            }
            // Shares its buffer with what it hands on, which others read too.
            None => problem.d_output = sum.iter().map(|x| *x as f32).collect(),
        }
        let reference = problem.reference();
        let mut place = 0;
        for feed in &node.inputs {
            let len = match feed {
                Feed::Image => trial.images.len(),
                Feed::Node(id) => {
                    let (sum, terms) = &mut sums[id.0];
                    // An image that only passed through has no gradient.
                    let from = reference.d_input.get(place..).unwrap_or_default();
                    sum.iter_mut().zip(from).for_each(|(s, d)| *s += d);
                    *terms += problem.terms();
                    sum.len()
                }
            };
            place += len;
        }
        let got = Reference {
            output: wide(&read(node.id)),
            state: wide(&seen.state[block(&graph.state[node.state.clone()])]),
            d_input: Vec::new(),
            d_params: wide(&seen.grads[block(&graph.params[node.params.clone()])]),
        };
        let want = Reference { d_input: Vec::new(), ..reference };
        // Rounding grows with what is summed: layers before may have given numbers far above 1.
        let size = problem.input.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        let within = Tolerance::of_sum(problem.terms());
        assert_same(&node.name, &got, &want, Tolerance { atol: within.atol * f64::from(size), ..within });
    }
}

fn block(params: &[engine::Param]) -> std::ops::Range<usize> {
    params.first().map_or(0, |p| p.range.start)..params.last().map_or(0, |p| p.range.end)
}

#[wasm_bindgen_test(unsupported = test)]
fn watching_changes_no_number() {
    try_all(200, specs::legal(), |spec| {
        let trial = Trial::new(&spec, 64);
        let some: Vec<NodeId> = (0..trial.graph.nodes.len()).step_by(2).map(NodeId).collect();
        for (mode, batch) in [(Mode::Train, 1), (Mode::Train, 3), (Mode::Train, 8), (Mode::Eval, 1), (Mode::Eval, 3), (Mode::Eval, 64)] {
            let (watched, watched_run) = trial.run(mode, Watch::Everything, 0, batch, batch);
            for watch in [Watch::Nothing, Watch::Nodes(some.clone())] {
                let what = format!("{mode:?} {batch} {watch:?}");
                let (cpu, run) = trial.run(mode, watch.clone(), 0, batch, batch);
                assert_eq!(run.logits(), watched_run.logits(), "{what}: scores");
                assert_eq!(cpu.state, watched.state, "{what}: running statistics");
                if mode == Mode::Train {
                    assert_eq!(cpu.grads, watched.grads, "{what}: gradients");
                }
                for node in &trial.graph.nodes {
                    for tensor in [Tensor::Output(node.id), Tensor::OutputGrad(node.id)] {
                        // What the frugal plan still shows is what the other one shows.
                        let shown = cpu.read(&run, tensor);
                        let wanted = matches!(&watch, Watch::Nodes(ids) if ids.contains(&node.id))
                            && (mode == Mode::Train || tensor == Tensor::Output(node.id));
                        assert!(
                            shown.is_some() || !wanted || shares(&trial.graph, node.id, mode),
                            "{what}: {tensor:?} is watched, but not to be had"
                        );
                        if let Some(shown) = shown {
                            assert_eq!(Some(shown), watched.read(&watched_run, tensor), "{what}: {tensor:?}");
                            assert_eq!(run.plan.dims(tensor).map(|d| d.iter().product()), Some(shown.len()), "{what}: {tensor:?}");
                        }
                    }
                }
            }
        }
    });
}

/// Whether the output of `id` is its input: the image, which has no gradient, or what others may read too.
fn shares(graph: &Graph, id: NodeId, mode: Mode) -> bool {
    graph.node(id).layer.op().kind().identity_in.contains(&mode)
}

/// Whether the output of `id` is the image itself.
fn is_image(graph: &Graph, id: NodeId, mode: Mode) -> bool {
    shares(graph, id, mode)
        && match graph.node(id).inputs[0] {
            Feed::Image => true,
            Feed::Node(before) => is_image(graph, before, mode),
        }
}

#[wasm_bindgen_test(unsupported = test)]
fn batches_of_any_size_give_the_same_numbers() {
    try_all(200, specs::legal(), |spec| {
        let trial = Trial::new(&spec, 64);
        let classes = trial.graph.output().len();
        let whole = trial.run(Mode::Eval, Watch::Nothing, 0, 64, 64).1.logits().to_vec();
        for batch in [1, 3, 8] {
            for from in (0..=64 - batch).step_by(batch).take(8) {
                let (_, part) = trial.run(Mode::Eval, Watch::Nothing, from, batch, batch);
                assert_eq!(part.logits(), &whole[from * classes..(from + batch) * classes], "examples {from}.. in a batch of {batch}");
            }
        }
    });
}

/// Whether no layer in it couples or numbers the examples of a batch.
fn separates(layer: &LayerSpec) -> bool {
    let op = layer.op();
    !["batch_norm2d", "dropout", "dropout2d", "stochastic_depth"].contains(&op.kind().name) && op.branches().iter().flatten().all(separates)
}

#[wasm_bindgen_test(unsupported = test)]
fn gradients_of_parts_add_up() {
    // What couples or numbers the examples of a batch (its statistics, its masks) is left out.
    let separable = specs::legal().prop_map(|mut spec| {
        spec.layers.retain(separates);
        spec
    });
    try_all(200, separable, |spec| {
        let trial = Trial::new(&spec, 64);
        let (whole, _) = trial.run(Mode::Train, Watch::Nothing, 0, 64, 64);
        for batch in [8, 1] {
            let mut sum = vec![0.0; whole.grads.len()];
            for from in (0..64).step_by(batch) {
                let (part, _) = trial.run(Mode::Train, Watch::Nothing, from, batch, 64);
                sum.iter_mut().zip(&part.grads).for_each(|(s, g)| *s += f64::from(*g));
            }
            assert_close(&format!("64 as parts of {batch}"), &sum, &wide(&whole.grads), Tolerance { rtol: 1e-4, atol: 1e-4 });
        }
    });
}
