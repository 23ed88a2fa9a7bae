//! What training asks of the card: few dispatches, one submission and one read-back for many steps;
//! and how long each takes.

use std::{rc::Rc, sync::Arc};

use engine::{
    Cpu, Graph, LossSpec, Mode, OptimizerSpec, Plan, PlanOptions, StepInputs,
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, Traffic, Turn, launch::Storage, profile, results},
    plan::Watch,
    presets::preset,
};

use crate::card::on_card;

/// Most dispatches of a training step of N1: what the speed on real cards stands on.
const DISPATCHES: usize = 40;
const BATCH: usize = 8;
const STEPS: usize = 16;

on_card! {
    a_step_is_few_dispatches_and_many_steps_are_one_submission => submission,
    every_kernel_of_a_step_is_timed => times,
}

/// N1 with random images.
fn n1(card: &Rc<Card>) -> (Gpu, GpuRun) {
    let graph = Arc::new(Graph::check(&preset("n1").unwrap().model()).unwrap());
    let plan = Plan::compile(&graph, &PlanOptions { batch: BATCH, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
    let start = Cpu::new(&graph, OptimizerSpec::default(), 1);
    let gpu = Gpu::new(card, &graph, OptimizerSpec::default()).unwrap();
    gpu.write(&start.params, &start.state, &start.optimizer_state);
    let mut run = GpuRun::new(&gpu, plan, &LossSpec::default(), Storage::F32).unwrap();
    let set = DigitSet::new(card, STEPS * BATCH, graph.spec.input.len()).unwrap();
    let pixels: Vec<u8> = (0..STEPS * BATCH * graph.spec.input.len()).map(|i| (i / 28 * (i % 28) % 251) as u8).collect();
    let classes: Vec<u8> = (0..STEPS * BATCH).map(|i| (i % 10) as u8).collect();
    set.append(&pixels, &classes);
    run.gather_from(&gpu, &set, false).unwrap();
    (gpu, run)
}

fn turn(step: usize) -> Turn {
    Turn { now: StepInputs { rate: 1e-3, step: step as u32, seed: 1 }, first: (step * BATCH) as u32, count: BATCH as u32 }
}

async fn submission(card: Rc<Card>) {
    let (gpu, run) = n1(&card);
    let each = gpu.dispatches_per_step(&run);
    // Gathering, the loss, the update, and the layers forward and backward.
    assert!((12..=DISPATCHES).contains(&each), "{each} dispatches");

    let turns: Vec<Turn> = (0..STEPS).map(turn).collect();
    assert_eq!(gpu.traffic(), Traffic::default());
    gpu.train(&run, &turns).unwrap();
    assert_eq!(gpu.traffic(), Traffic { dispatches: (STEPS * each) as u64, submissions: 1, read_backs: 1 });
    let content = gpu.line.reader.next().await.unwrap();
    let results: Vec<_> = results(&content).collect();
    assert_eq!(results.len(), STEPS);
    assert!(results.iter().all(|r| r.count == BATCH as u32 && r.loss_sum.is_finite() && r.loss_sum > 0.0), "{results:?}");
    assert_eq!(gpu.line.reader.underway(), 0);
}

async fn times(card: Rc<Card>) {
    let (gpu, run) = n1(&card);
    let Some(times) = profile::training_step(&gpu, &run, turn(0), 3).await.unwrap() else {
        assert!(!card.info.timestamps);
        return;
    };
    assert_eq!(times.len(), gpu.dispatches_per_step(&run));
    // In a browser the clock may be too coarse for any of them.
    if cfg!(not(target_arch = "wasm32")) {
        assert!(times.iter().map(|t| t.ns).sum::<f64>() > 0.0, "{times:?}");
    }
    assert!(times.iter().all(|t| t.bytes > 0), "{times:?}");
    // Forward, and both gradients of all but the first layer, which has no gradient of its input.
    let graph = &run.plan.graph;
    let (all, first) = (graph.cost().multiply_adds, graph.nodes[0].cost.multiply_adds);
    assert_eq!(times.iter().map(|t| t.multiply_adds).sum::<u64>(), BATCH as u64 * (3 * all - first), "{times:#?}");
}
