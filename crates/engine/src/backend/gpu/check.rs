//! Whether a card computes what it should, and how fast: asked before it is chosen.

use std::{rc::Rc, sync::Arc};

use super::{
    card::{Card, CardError},
    launch::Storage,
    line::Turn,
    network::{Gpu, results},
    run::GpuRun,
    single::{Single, SingleResult},
};
use crate::{
    Cpu, Graph, LossSpec, Mode, ModelSpec, Plan, PlanOptions, Run, Shape, StepInputs, UpdateSpec,
    ops::{Case, KINDS, Others, ParamRole, Placement},
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

/// Every operator's training cases forward and backward, then a network over three steps.
///
/// # Errors
/// Whatever the card says.
pub async fn run(card: &Rc<Card>) -> Result<Vec<Check>, CardError> {
    let mut checks = Vec::new();
    for (seed, kind) in (1..).zip(KINDS) {
        if kind.shaders().is_empty() {
            continue;
        }
        let mut worst = 0.0f64;
        for case in kind.cases().iter().filter(|c| c.mode == Mode::Train) {
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
    let Ok(inferred) = case.layer.op().infer(&[&[case.input], case.others].concat()) else { return Ok(f64::INFINITY) };
    let (batch, mode) = (case.batch, case.mode);
    let at = Placement {
        node: crate::NodeId(1),
        batch,
        mode,
        input: case.input,
        others: Others::new(case.others),
        output: inferred.output,
        activation: None,
    };
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

/// Times a training step of `model` in both places, `clock` giving milliseconds; `None` where the
/// network is none. Takes about `budget_ms` for each.
///
/// # Errors
/// Whatever the card says.
pub async fn time(
    card: &Rc<Card>,
    model: &ModelSpec,
    update: UpdateSpec,
    batch: usize,
    storage: Storage,
    budget_ms: f64,
    clock: &dyn Fn() -> f64,
) -> Result<Option<Timing>, CardError> {
    // A batch of half-precision numbers cannot be written from here; its content does not matter to time.
    let Some(mut pair) = Pair::new(card, model, update, batch, Storage::F32)? else { return Ok(None) };
    if storage == Storage::F16 {
        pair.gpu_run = GpuRun::new(&pair.gpu, pair.run.plan.clone(), &LossSpec::default(), storage)?;
    }
    let now = StepInputs { rate: 1e-4, step: 0, seed: 1 };
    pair.cpu_step(&now);
    let (start, mut steps) = (clock(), 0);
    while steps == 0 || clock() - start < budget_ms {
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
