use std::{rc::Rc, sync::Arc, time::Instant};
use engine::{*, backend::gpu::{Card, Gpu, GpuRun, Turn, launch::Storage, profile::training_step, reader::block_on}, plan::Watch, presets::preset};
fn main() {
    let card: Rc<Card> = block_on(Card::open()).unwrap();
    let only = std::env::args().nth(1).unwrap_or("n1".into());
    let graph = Arc::new(Graph::check(&preset(&only).unwrap().model()).unwrap());
    let plan = Plan::compile(&graph, &PlanOptions { batch: 64, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
    let cpu = Cpu::new(&graph, OptimizerSpec::default(), 1);
    let gpu = Gpu::new(&card, &graph, OptimizerSpec::default()).unwrap();
    gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
    let run = GpuRun::new(&gpu, plan, &LossSpec::default(), Storage::F32).unwrap();
    let images: Vec<f32> = (0..64 * 784).map(|i| (i % 97) as f32 / 97.0).collect();
    run.set_batch(&gpu, &images, &[3; 64]);
    let turn = Turn { now: StepInputs { rate: 1e-4, step: 0, seed: 1 }, first: 0, count: 64 };
    gpu.train(&run, &[turn]).unwrap(); block_on(gpu.line.reader.next()).unwrap();
    let mut best = f64::MAX;
    let count: usize = std::env::args().nth(2).map_or(5, |n| n.parse().unwrap()); for _ in 0..count { let s = Instant::now(); gpu.train(&run, &[turn]).unwrap(); block_on(gpu.line.reader.next()).unwrap(); best = best.min(s.elapsed().as_secs_f64()); }
    println!("best step {:.1} ms", best * 1e3);
    if count > 4 { return; }
    for k in block_on(training_step(&gpu, &run, turn, 3)).unwrap().unwrap() { println!("{:?} {} {:.2} ms {:.2} GFLOP/s", k.layer, k.shader, k.ns / 1e6, k.gflops()); }

}
