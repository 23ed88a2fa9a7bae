//! Networks trained with each loss: digits from their classes alone, and masks.

use std::{rc::Rc, sync::Arc};

use engine::{
    Cpu, Graph, Init, LayerSpec, LossSpec, Mode, ModelSpec, OptimizerSpec, Padding, Pair, Plan, PlanOptions, Run, Shape, StepInputs,
    Tensor,
    backend::gpu::{Card, Gpu, GpuRun, Turn, launch::Storage, results},
    loss::Given,
    ops::{Conv2d, Relu},
    plan::Watch,
    presets::preset,
};

use super::{every_spec, for_masks};
use crate::{
    card::on_card,
    digits::batch_of,
    network::Network,
    numbers::normals,
    problem::{Tolerance, assert_close, wide},
    way::{Way, every_way},
};

every_way! { every_loss_learns_digits_from_their_classes }

on_card! { masks_are_learnt_as_on_the_cpu => masks }

async fn every_loss_learns_digits_from_their_classes(way: Way) {
    let (batch, steps) = (32, 24);
    let graph = Arc::new(Graph::check_classifier(&preset("lens").unwrap().model(), 10).unwrap());
    // A software card takes its time.
    let losses = if matches!(way, Way::Cpu) { every_spec(10) } else { LossSpec::all() };
    for loss in losses {
        loss.check(graph.output()).unwrap();
        let mut network = Network::new(&way, &graph, OptimizerSpec::default(), 3);
        network.loss = loss.clone();
        let plan = network.plan(&PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing });
        let mut means = Vec::new();
        for step in 0..steps {
            // Four batches, over and over.
            let first = batch * (step % 4);
            let (images, labels) = batch_of(first..first + batch);
            let now = StepInputs { rate: 3e-3, step: step as u32, seed: 3 };
            means.push(network.step(plan, &images, &labels, &now).await.mean_loss());
        }
        let round = |rounds: &[f64]| rounds.iter().sum::<f64>();
        let (early, late) = (round(&means[..4]), round(&means[steps - 4..]));
        let evenly = matches!(&loss, LossSpec::CrossEntropy(c) if c.label_smoothing == 1.0);
        let indifferent = matches!(&loss, LossSpec::Hinge(h) if h.margin == 0.0);
        // Spread evenly, a target teaches nothing but to be unsure.
        let most = if evenly || indifferent { 1.01 } else { 0.93 };
        assert!(late < most * early, "{loss:?} {way:?}: from {early} to {late}");
    }
}

/// A small network whose output is as large as its input.
fn painter() -> Arc<Graph> {
    let conv = |out_ch| LayerSpec::from(Conv2d { out_ch, kernel: Pair::square(3), pad: Padding::all(1), ..Conv2d::default() });
    let layers = vec![conv(4), Relu {}.into(), conv(2)];
    Arc::new(Graph::check(&ModelSpec { input: Shape::new(1, 9, 7), layers, init: Init::default() }).unwrap())
}

/// The same steps in both places, each from the CPU's weights.
async fn masks(card: Rc<Card>) {
    let (graph, batch) = (painter(), 6);
    let output = graph.output();
    let plan = Plan::compile(&graph, &PlanOptions { batch, mode: Mode::Train, watch: Watch::Everything }).unwrap();
    let images: Vec<f32> = normals(batch * graph.spec.input.len(), 8);
    // Where the image is bright; and where it is dark.
    let masks: Vec<f32> = images
        .chunks_exact(output.plane())
        .flat_map(|image| [1.0, -1.0].into_iter().flat_map(|sign| image.iter().map(move |x| f32::from(u8::from(sign * x > 0.4)))))
        .collect();
    let optimizer = OptimizerSpec::default();
    for loss in for_masks() {
        loss.check(output).unwrap();
        let mut cpu = Cpu::new(&graph, optimizer, 4);
        let mut run = Run::new(plan.clone());
        run.images.clone_from(&images);
        run.targets.clone_from(&masks);
        let gpu = Gpu::new(&card, &graph, optimizer).unwrap();
        let gpu_run = GpuRun::with_targets(&gpu, plan.clone(), &loss, Given::DENSE, Storage::F32).unwrap();
        gpu_run.set_batch(&gpu, &images, &[]);
        gpu_run.set_targets(&gpu, &masks);
        let mut means = Vec::new();
        for step in 0..30 {
            let now = StepInputs { rate: 2e-2, step, seed: 4 };
            if step % 10 == 0 {
                gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
                gpu.learn(&gpu_run, Turn { now, first: 0, count: batch as u32 }).unwrap();
            }
            cpu.forward(&mut run, &now);
            let result = cpu.backward(&mut run, &loss, batch, &now);
            if step % 10 == 0 {
                let got = results(&gpu.line.reader.next().await.unwrap()).next().unwrap();
                assert_eq!((got.correct, got.count), (result.correct, result.count), "{loss:?}, step {step}");
                let within = Tolerance { rtol: 1e-4, atol: 1e-6 };
                assert_close(&format!("{loss:?}, step {step}: loss"), &[got.loss_sum], &[result.loss_sum], within);
                let tensors: Vec<Tensor> = (0..graph.params.len()).map(|i| Tensor::ParamGrad(engine::ParamId(i))).collect();
                gpu.peek(&gpu_run, &tensors).unwrap();
                let content = gpu.line.reader.next().await.unwrap();
                let grads: Vec<f32> = gpu.tensors(&gpu_run, &tensors, &content).1.concat();
                assert_close(&format!("{loss:?}, step {step}: gradients"), &wide(&grads), &wide(&cpu.grads), within);
            }
            cpu.update(&now);
            means.push(result);
        }
        let (first, last) = (means[0], means[means.len() - 1]);
        assert!(last.mean_loss() < 0.8 * first.mean_loss(), "{loss:?}: {first:?}, then {last:?}");
        assert!(last.correct > first.correct || last.correct == batch as u32, "{loss:?}: {first:?}, then {last:?}");
    }
}
