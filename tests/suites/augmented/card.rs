//! The card changes images as the CPU does.

use std::{rc::Rc, sync::Arc};

use data::PIXELS;
use engine::{
    Augment, Augmenter, Graph, Init, LossSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Shape, StepInputs, Tensor,
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, Turn, launch::Storage, results},
    loss::{Given, Targets},
    ops::{Dense, Flatten},
    plan::Watch,
};

use super::{BATCH, DIGIT, all_at_once, batch, now, singles};
use crate::{
    card::on_card,
    digits::digits,
    problem::{Tolerance, assert_close, wide},
};

on_card! {
    the_card_changes_images_as_the_cpu => follow,
    mixed_images_and_targets_are_those_of_the_cpu => mixing,
}

/// A network that takes augmented digits in, on the card.
struct Bench {
    gpu: Gpu,
    set: DigitSet,
    run: GpuRun,
}

impl Bench {
    fn new(card: &Rc<Card>, augment: &Augment, storage: Storage, shape: Shape, grey: &[u8], labels: &[u8]) -> Self {
        let layers = vec![Flatten {}.into(), Dense { out: 10, bias: true }.into()];
        let graph = Arc::new(Graph::check(&ModelSpec { input: shape, layers, init: Init::default() }).unwrap());
        let gpu = Gpu::new(card, &graph, OptimizerSpec::default()).unwrap();
        let cpu = engine::Cpu::new(&graph, OptimizerSpec::default(), 1);
        gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
        let set = DigitSet::new(card, labels.len(), shape.len()).unwrap();
        set.append(grey, labels);
        let plan = Plan::compile(&graph, &PlanOptions { batch: BATCH, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
        let given = if augment.mixes() { Given::DENSE } else { Given::LABELS };
        let mut run = GpuRun::with_targets(&gpu, plan, &LossSpec::default(), given, storage).unwrap();
        run.gather_augmented(&gpu, &set, false, augment).unwrap();
        Self { gpu, set, run }
    }

    /// The batch of a step, the scores of the network and the loss.
    async fn step(&self, now: StepInputs, count: usize) -> (Vec<f64>, Vec<f32>, f64) {
        let turn = Turn { now, first: 0, count: count as u32 };
        self.gpu.learn(&self.run, turn).unwrap();
        let result = results(&self.gpu.line.reader.next().await.unwrap()).next().unwrap();
        self.gpu.peek(&self.run, &[Tensor::Input]).unwrap();
        let (scores, found) = self.gpu.tensors(&self.run, &[Tensor::Input], &self.gpu.line.reader.next().await.unwrap());
        assert_eq!(self.set.ready(), BATCH);
        (wide(&found[0]), scores, result.loss_sum)
    }
}

/// What a card may differ by in a number between 0 and 1: where a pixel comes from is off by some roundings of a
/// coordinate up to 50 (2⁻¹⁸ each), more so after a division and sums of splines; over one pixel grey changes by 1 at most,
/// and contrast doubles that.
const PIXEL_MOST: f64 = 2e-4;

async fn follow(card: Rc<Card>) {
    let (grey, labels) = (&digits().pixels[..BATCH * PIXELS], &digits().labels[..BATCH]);
    let mut settings = singles();
    settings.push(("all", all_at_once()));
    settings.push(("rand over all", Augment { rand_count: 3.0, rand_magnitude: 9.0, ..all_at_once() }));
    for (name, augment) in settings {
        for storage in [Storage::F32, Storage::F16] {
            if storage == Storage::F16 && (!card.info.half || !name.starts_with("all")) {
                continue;
            }
            let bench = Bench::new(&card, &augment, storage, DIGIT, grey, labels);
            let rtol = if storage == Storage::F16 { 1e-3 } else { 0.0 };
            for (now, count) in [(now(0, 1), BATCH), (now(9, 4_000_000_000), BATCH), (now(u32::MAX - 1, 3), 5)] {
                let (mut images, mut kept, mut targets) = (vec![0.0; BATCH * PIXELS], Vec::new(), Vec::new());
                let chosen = (0..count).map(|i| (digits().image(i), digits().labels[i]));
                Augmenter::new(&augment, BATCH, DIGIT, 10).fill(&now, chosen, &mut images, &mut kept, &mut targets);
                let (got, ..) = bench.step(now, count).await;
                let what = format!("{name} in step {}, {storage:?}", now.step);
                assert_close(&what, &got, &wide(&images), Tolerance { rtol, atol: PIXEL_MOST });
            }
        }
    }
    // Sides that differ, and several channels.
    let shape = Shape::new(3, 8, 4);
    let grey: Vec<u8> = (0..BATCH * shape.len()).map(|i| (i * 37 % 251) as u8).collect();
    let bench = Bench::new(&card, &all_at_once(), Storage::F32, shape, &grey, labels);
    let (mut images, mut kept, mut targets) = (vec![0.0; grey.len()], Vec::new(), Vec::new());
    let chosen = grey.chunks_exact(shape.len()).zip(labels.iter().copied());
    Augmenter::new(&all_at_once(), BATCH, shape, 10).fill(&now(4, 6), chosen, &mut images, &mut kept, &mut targets);
    let (got, ..) = bench.step(now(4, 6), BATCH).await;
    assert_close(&"3×8×4", &got, &wide(&images), Tolerance { rtol: 0.0, atol: PIXEL_MOST });
}

/// The loss is that of the scores against the CPU's targets.
async fn mixing(card: Rc<Card>) {
    let (grey, labels) = (&digits().pixels[..BATCH * PIXELS], &digits().labels[..BATCH]);
    let both = Augment { mixup: 0.4, cutmix: 1.0, shift: 2.0, ..Augment::default() };
    for augment in [Augment { mixup: 0.2, ..Augment::default() }, Augment { cutmix: 1.0, ..Augment::default() }, both] {
        let bench = Bench::new(&card, &augment, Storage::F32, DIGIT, grey, labels);
        for step in 0..3 {
            let (images, _, targets) = batch(&augment, &now(step, 5));
            let (got, scores, loss) = bench.step(now(step, 5), BATCH).await;
            assert_close(&format!("{augment:?}"), &got, &wide(&images), Tolerance { rtol: 0.0, atol: PIXEL_MOST });
            let want = LossSpec::default().evaluate(&scores, &Targets::dense(&targets), Shape::flat(10));
            assert_close(&"loss", &[loss], &[want.loss_sum], Tolerance { rtol: 1e-4, atol: 1e-4 });
        }
    }
}
