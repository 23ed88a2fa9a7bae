//! Whether a card computes what it should, and how fast: asked before it is chosen.

use std::{collections::BTreeSet, rc::Rc, sync::Arc};

use super::{
    card::{Card, CardError},
    digits::DigitSet,
    launch::{Launches, Site, Storage},
    line::Turn,
    network::{Gpu, results},
    run::GpuRun,
    single::{Single, SingleResult},
};
use crate::{
    Augment, Augmenter, Cpu, Graph, LossSpec, Mode, ModelSpec, Plan, PlanOptions, Run, Shape, StepInputs, UpdateSpec,
    loss::Given,
    ops::{Case, INPUTS_LIMIT, Inferred, KINDS, Kind, Others, ParamRole, Placement},
    plan::Watch,
    presets::PRESETS,
    rng::{self, Stream},
};

/// One thing that the card was asked to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub name: String,
    /// Largest difference from the CPU's result, relative to the largest number of its tensor;
    /// infinite where a number was missing.
    pub worst: f64,
    pub passed: bool,
}

/// Rounding differs between card and CPU, and whole sums of it lie below this.
const LAYER_MOST: f64 = 1e-4;
/// Three steps of training carry rounding on.
const NETWORK_MOST: f64 = 2e-3;

/// Milliseconds of one training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    pub cpu_step_ms: f64,
    pub gpu_step_ms: f64,
}

/// What of the card is checked: to check a shader is to compile it, which takes a moment, and for all of them
/// seconds. So only those are worth it that are used.
#[derive(Clone, Debug)]
pub struct Scope(Option<BTreeSet<&'static str>>);

impl Scope {
    /// Every operator.
    pub fn everything() -> Self {
        Self(None)
    }

    /// The shaders that a network trains with. None where it is no network.
    pub fn of(model: &ModelSpec, batch: usize, card: &Card) -> Self {
        let options = PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing };
        let plan = Graph::check(model).ok().and_then(|graph| Plan::compile(&Arc::new(graph), &options).ok());
        let launched = plan.iter().flat_map(|plan| {
            plan.steps.iter().flat_map(|step| {
                let layer = &plan.graph.node(step.at.node).layer;
                names(&layer.launches(&step.at, &Site::of(step, card.info.subgroups))).collect::<Vec<_>>()
            })
        });
        Self(Some(set(launched)))
    }

    /// Whether a check of `self` leaves nothing of `other` open.
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(wanted)) => wanted.is_subset(own),
        }
    }

    /// The training cases of an operator to run: those that launch nothing else, and for what is still open
    /// then the first that launches it.
    fn cases(&self, kind: &Kind, card: &Card) -> Vec<Case> {
        let cases = kind.cases().into_iter().filter(|c| c.mode == Mode::Train);
        let Some(wanted) = &self.0 else { return cases.collect() };
        let mut open = set(kind.shaders().iter().map(|s| s.name).filter(|name| wanted.contains(name)));
        if open.is_empty() {
            return Vec::new();
        }
        let launched = |case: &Case| -> BTreeSet<&str> {
            let site =
                Site { wants_d_input: true, wants_d_sides: [true; INPUTS_LIMIT - 1], subgroups: card.info.subgroups, ..Site::default() };
            placed(case).map(|(at, _)| set(names(&case.layer.launches(&at, &site)))).unwrap_or_default()
        };
        let (mut chosen, others): (Vec<_>, Vec<_>) = cases.partition(|case| launched(case).is_subset(wanted));
        for case in &chosen {
            open.retain(|name| !launched(case).contains(name));
        }
        for case in others {
            let own = launched(&case);
            if open.iter().any(|name| own.contains(name)) {
                open.retain(|name| !own.contains(name));
                chosen.push(case);
            }
        }
        chosen
    }
}

/// Not by `collect`, which would bring a sort of its own.
fn set(names: impl Iterator<Item = &'static str>) -> BTreeSet<&'static str> {
    let mut all = BTreeSet::new();
    for name in names {
        all.insert(name);
    }
    all
}

fn names(launches: &Launches) -> impl Iterator<Item = &'static str> {
    launches.forward.iter().chain(&launches.backward).map(|launch| launch.shader.name)
}

/// Where a case stands, and what its layer asks for; `None` where the layer does not take the input.
fn placed(case: &Case) -> Option<(Placement, Inferred)> {
    let inferred = case.layer.op().infer(&[&[case.input], case.others].concat()).ok()?;
    let at = Placement {
        node: crate::NodeId(1),
        batch: case.batch,
        mode: case.mode,
        input: case.input,
        others: Others::new(case.others),
        output: inferred.output,
        activation: None,
        pooled: None,
    };
    Some((at, inferred))
}

/// The operators in this scope forward and backward, then a network over three steps.
///
/// # Errors
/// Whatever the card says.
pub async fn run(card: &Rc<Card>, scope: &Scope) -> Result<Vec<Check>, CardError> {
    let mut checks = Vec::new();
    for (seed, kind) in (1..).zip(KINDS) {
        let cases = scope.cases(kind, card);
        if kind.shaders().is_empty() || cases.is_empty() {
            continue;
        }
        let mut worst = 0.0f64;
        for case in &cases {
            worst = worst.max(layer(card, case, seed).await?);
        }
        checks.push(Check { name: kind.title.to_owned(), worst, passed: worst <= LAYER_MOST });
    }
    let preset = &PRESETS[0];
    let worst = network(card, &preset.model()).await?;
    checks.push(Check { name: format!("Three steps of {}", preset.title), worst, passed: worst <= NETWORK_MOST });
    Ok(checks)
}

/// Numbers of a standard normal distribution.
fn normals(len: usize, seed: u32, part: u32) -> Vec<f32> {
    (0..len as u32).map(|i| rng::normal(seed, Stream(0x7000_0000).part(part), i)).collect()
}

async fn layer(card: &Rc<Card>, case: &Case, seed: u32) -> Result<f64, CardError> {
    let Some((at, inferred)) = placed(case) else { return Ok(f64::INFINITY) };
    let batch = case.batch;
    let drawn = |trained: bool| -> Vec<f32> {
        let specs = inferred.params.iter().zip(10..).filter(|(p, _)| p.role.is_trained() == trained);
        specs
            .flat_map(|(p, part)| {
                let positive = matches!(p.role, ParamRole::Gain | ParamRole::RunningVar);
                let numbers = normals(p.dims.iter().product(), seed, part);
                numbers.into_iter().map(move |x| if positive { 1.0 + 0.1 * x.abs() } else { x })
            })
            .collect()
    };
    let (params, state) = (drawn(true), drawn(false));
    let (input, d_output) = (
        normals(batch * (case.input.len() + case.others.iter().map(Shape::len).sum::<usize>()), seed, 1),
        normals(batch * inferred.output.len(), seed, 2),
    );
    let single = Single {
        layer: &case.layer,
        at,
        now: StepInputs { rate: 0.1, step: 3, seed },
        input: &input,
        params: &params,
        state: &state,
        d_output: &d_output,
        saved_len: inferred.saved.0 * batch + inferred.saved.1,
        wants_d_input: true,
        storage: Storage::F32,
        subgroups: true,
    };
    let (got, want) = (single.run(card).await?, single.run_on_cpu());
    let tensors = |r: SingleResult| [r.output, r.state, r.d_input, r.d_params];
    Ok(tensors(got).iter().zip(&tensors(want)).map(|(g, w)| distance(g, w)).fold(0.0, f64::max))
}

/// Largest difference, relative to the largest number that is wanted.
fn distance(got: &[f32], want: &[f32]) -> f64 {
    if got.len() != want.len() || got.iter().any(|x| !x.is_finite()) {
        return f64::INFINITY;
    }
    let size = want.iter().fold(1e-3f32, |m, x| m.max(x.abs()));
    f64::from(got.iter().zip(want).fold(0.0f32, |m, (g, w)| m.max((g - w).abs())) / size)
}

/// Three steps from the same start: losses, weights and running statistics.
async fn network(card: &Rc<Card>, model: &ModelSpec) -> Result<f64, CardError> {
    let Some(mut pair) = Pair::new(card, model, UpdateSpec::default(), 8, Storage::F32)? else { return Ok(f64::INFINITY) };
    let mut worst = 0.0f64;
    for step in 0..3 {
        let now = StepInputs { rate: 1e-3, step, seed: 1 };
        let loss = pair.cpu_step(&now);
        pair.gpu_step(&now)?;
        let content = pair.gpu.line.reader.next().await?;
        let got = results(&content).next().map_or(f64::NAN, |r| r.mean_loss());
        worst = worst.max(distance(&[got as f32], &[loss as f32]));
    }
    pair.gpu.read()?;
    let content = pair.gpu.line.reader.next().await?;
    let [mut params, mut state, mut rest] = [Vec::new(), Vec::new(), Vec::new()];
    pair.gpu.numbers(&content, [&mut params, &mut state, &mut rest]);
    Ok(worst.max(distance(&params, &pair.cpu.params)).max(distance(&state, &pair.cpu.state)))
}

/// The same network in both places, on the same made-up batch.
struct Pair {
    cpu: Cpu,
    run: Run,
    gpu: Gpu,
    gpu_run: GpuRun,
}

impl Pair {
    fn new(card: &Rc<Card>, model: &ModelSpec, update: UpdateSpec, batch: usize, storage: Storage) -> Result<Option<Self>, CardError> {
        let Ok(graph) = Graph::check(model) else { return Ok(None) };
        let graph = Arc::new(graph);
        let options = PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing };
        let Ok(plan) = Plan::compile(&graph, &options) else { return Ok(None) };
        let cpu = Cpu::new(&graph, update.clone(), 1);
        let mut run = Run::new(plan.clone());
        run.images = normals(run.images.len(), 1, 3).into_iter().map(f32::abs).collect();
        let classes = graph.output().len().min(256);
        run.labels.extend((0..batch).map(|i| (i % classes) as u8));
        let gpu = Gpu::new(card, &graph, update)?;
        gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
        let gpu_run = GpuRun::new(&gpu, plan, &LossSpec::default(), storage)?;
        gpu_run.set_batch(&gpu, &run.images, &run.labels);
        Ok(Some(Self { cpu, run, gpu, gpu_run }))
    }

    fn cpu_step(&mut self, now: &StepInputs) -> f64 {
        let batch = self.run.plan.batch;
        let loss = self.cpu.learn(&mut self.run, &LossSpec::default(), batch, now).mean_loss();
        self.cpu.update(now);
        loss
    }

    fn gpu_step(&self, now: &StepInputs) -> Result<(), CardError> {
        let turn = Turn { now: *now, first: 0, count: self.run.plan.batch as u32 };
        self.gpu.train(&self.gpu_run, &[turn])
    }
}

/// What is timed: a training step of this network, its batch put together and its images moved included.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub model: &'a ModelSpec,
    pub update: &'a UpdateSpec,
    pub batch: usize,
    pub augment: Augment,
}

/// A batch of made-up images as bytes, which each step puts together as training does.
struct Grey {
    bytes: Vec<u8>,
    labels: Vec<u8>,
    augmenter: Augmenter,
}

impl Grey {
    fn fill(&mut self, run: &mut Run, now: &StepInputs) {
        let len = run.plan.graph.spec.input.len();
        let digits = self.bytes.chunks_exact(len).zip(self.labels.iter().copied());
        self.augmenter.fill(now, digits, &mut run.images, &mut run.labels, &mut run.targets);
    }

    /// On the card as one set. A set takes images of whole words only: others stay as they were written.
    fn gather(&self, pair: &mut Pair) -> Result<(), CardError> {
        let (len, batch) = (pair.run.plan.graph.spec.input.len(), pair.run.plan.batch);
        if !len.is_multiple_of(4) {
            return Ok(());
        }
        let set = DigitSet::new(&pair.gpu.card, batch, len)?;
        set.append(&self.bytes, &self.labels);
        pair.gpu_run.gather_augmented(&pair.gpu, &set, false, self.augmenter.augment())
    }
}

/// Times a training step in both places, `clock` giving milliseconds; `None` where the network is none. Takes
/// about `budget_ms` for each.
///
/// # Errors
/// Whatever the card says.
pub async fn time(
    card: &Rc<Card>,
    subject: &Subject<'_>,
    storage: Storage,
    budget_ms: f64,
    clock: &dyn Fn() -> f64,
) -> Result<Option<Timing>, CardError> {
    let Subject { model, update, batch, augment } = *subject;
    // A batch of half-precision numbers cannot be written from here; its content does not matter to time.
    let Some(mut pair) = Pair::new(card, model, update.clone(), batch, Storage::F32)? else { return Ok(None) };
    if storage == Storage::F16 || augment.mixes() {
        let given = if augment.mixes() { Given::DENSE } else { Given::LABELS };
        pair.gpu_run = GpuRun::with_targets(&pair.gpu, pair.run.plan.clone(), &LossSpec::default(), given, storage)?;
    }
    let graph = &pair.run.plan.graph;
    let mut grey = Grey {
        bytes: pair.run.images.iter().map(|x| (x * 64.0).min(255.0) as u8).collect(),
        labels: pair.run.labels.clone(),
        augmenter: Augmenter::new(&augment, batch, graph.spec.input, graph.output().len()),
    };
    grey.gather(&mut pair)?;
    let now = StepInputs { rate: 1e-4, step: 0, seed: 1 };
    pair.cpu_step(&now);
    let (start, mut steps) = (clock(), 0);
    while steps == 0 || clock() - start < budget_ms {
        grey.fill(&mut pair.run, &now);
        pair.cpu_step(&now);
        steps += 1;
    }
    let cpu_step_ms = (clock() - start) / f64::from(steps);

    // The first submission compiles.
    pair.gpu_step(&now)?;
    pair.gpu.line.reader.next().await?;
    let turn = Turn { now, first: 0, count: batch as u32 };
    let (start, mut steps, mut at_once) = (clock(), 0u32, 1usize);
    loop {
        pair.gpu.train(&pair.gpu_run, &vec![turn; at_once])?;
        pair.gpu.line.reader.next().await?;
        steps += at_once as u32;
        let passed = clock() - start;
        if passed >= budget_ms {
            return Ok(Some(Timing { cpu_step_ms, gpu_step_ms: passed / f64::from(steps) }));
        }
        at_once = (2 * at_once).min(super::SLOTS / 4);
    }
}
