//! Batches that the card puts together by itself: parts of one, many in one submission, and stored in
//! half precision. (That each is bit for bit the digits asked for is in `batch.rs`.)

use std::{rc::Rc, sync::Arc};

use data::PIXELS;
use engine::{
    Cpu, Graph, LossSpec, Mode, OptimizerSpec, Plan, PlanOptions, Run, StepInputs,
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, Turn, launch::Storage, results},
    loss::BatchResult,
    plan::Watch,
    presets::preset,
    rng::{Stream, shuffle},
};

use crate::{
    card::on_card,
    digits::{batch_of, digits},
    problem::{Tolerance, assert_close, wide},
};

on_card! {
    digits_beyond_the_count_do_not_count => partial,
    many_turns_at_once_are_those_one_by_one => at_once,
    half_precision_learns_as_full => halves,
}

const DIGITS: usize = 320;

/// A preset on the card with a set of digits in a random order, and the order.
struct Gathering {
    cpu: Cpu,
    gpu: Gpu,
    set: DigitSet,
    order: Vec<u32>,
}

impl Gathering {
    fn new(card: &Rc<Card>, slug: &str) -> Self {
        let graph = Arc::new(Graph::check(&preset(slug).unwrap().model()).unwrap());
        let cpu = Cpu::new(&graph, OptimizerSpec::default(), 1);
        let gpu = Gpu::new(card, &graph, OptimizerSpec::default()).unwrap();
        gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
        let set = DigitSet::new(card, DIGITS, PIXELS).unwrap();
        // In two parts, as packs arrive.
        for part in [0..100, 100..DIGITS] {
            assert_eq!(set.ready(), part.start);
            set.append(&digits().pixels[part.start * PIXELS..part.end * PIXELS], &digits().labels[part]);
        }
        assert_eq!(set.ready(), DIGITS);
        let mut order: Vec<u32> = (0..DIGITS as u32).collect();
        shuffle(&mut order, 9, Stream(0x7e57));
        set.set_order(&order);
        Self { cpu, gpu, set, order }
    }

    fn plan(&self, batch: usize, mode: Mode) -> Plan {
        Plan::compile(&self.gpu.graph, &PlanOptions { batch, mode, watch: Watch::Nothing }).unwrap()
    }

    fn run(&self, batch: usize, mode: Mode, storage: Storage, in_order: bool) -> GpuRun {
        let mut run = GpuRun::new(&self.gpu, self.plan(batch, mode), &LossSpec::default(), storage).unwrap();
        run.gather_from(&self.gpu, &self.set, in_order).unwrap();
        run
    }

    async fn next(&self) -> Vec<u8> {
        self.gpu.line.reader.next().await.unwrap()
    }

    async fn params(&self) -> Vec<f32> {
        self.gpu.read().unwrap();
        let [mut params, mut state, mut optimizer_state] = [const { Vec::new() }; 3];
        self.gpu.numbers(&self.next().await, [&mut params, &mut state, &mut optimizer_state]);
        params
    }

    /// Trains `turns` times, so many in one submission.
    async fn train(&self, run: &GpuRun, turns: usize, at_once: usize) -> Vec<BatchResult> {
        let batch = run.plan.batch;
        let turn = |step: usize| Turn {
            now: StepInputs { rate: 1e-3, step: step as u32, seed: 1 },
            first: (step * batch % DIGITS) as u32,
            count: batch as u32,
        };
        let all: Vec<Turn> = (0..turns).map(turn).collect();
        let mut got = Vec::new();
        for part in all.chunks(at_once) {
            self.gpu.train(run, part).unwrap();
            got.extend(results(&self.next().await));
        }
        assert_eq!(got.len(), turns);
        got
    }
}

/// Evaluation of what does not fill a batch, and of several batches at once: results and scores are
/// those of the CPU on the same digits (which also says that each has its own class).
async fn partial(card: Rc<Card>) {
    let Gathering { mut cpu, .. } = Gathering::new(&card, "lens");
    let gathering = Gathering::new(&card, "lens");
    let batch = 20;
    let run = gathering.run(batch, Mode::Eval, Storage::F32, true);
    let parts = [(0, 20), (20, 20), (311, 9), (40, 1), (77, 0)];
    let turns = parts.map(|(first, count)| Turn { now: StepInputs::default(), first, count });
    gathering.gpu.score(&run, &turns).unwrap();
    let content = gathering.next().await;
    let (scores, ends) = content.split_at(parts.len() * batch * data::CLASSES * 4);
    let scores: Vec<f32> = engine::backend::gpu::reader::floats(scores).collect();
    for (number, ((first, count), got)) in parts.into_iter().zip(results(ends)).enumerate() {
        assert_eq!(got.count, count);
        if count == 0 {
            assert_eq!(got, BatchResult::default(), "nothing counts");
            continue;
        }
        let mut part = Run::new(gathering.plan(count as usize, Mode::Eval));
        part.images.clear();
        for place in &gathering.order[first as usize..(first + count) as usize] {
            let (image, label) = batch_of(*place as usize..*place as usize + 1);
            part.images.extend(image);
            part.labels.extend(label);
        }
        cpu.forward(&mut part, &StepInputs::default());
        let want = cpu.evaluate(&part, &LossSpec::default());
        let what = format!("{count} digits from {first}");
        assert_eq!(got.correct, want.correct, "{what}: right answers");
        let within = Tolerance { rtol: 1e-5, atol: 1e-5 };
        assert_close(&format!("{what}: loss"), &[got.mean_loss()], &[want.mean_loss()], within);
        let own = &scores[number * batch * data::CLASSES..][..part.logits().len()];
        assert_close(&format!("{what}: scores"), &wide(own), &wide(part.logits()), within);
    }
}

async fn at_once(card: Rc<Card>) {
    let mut reached = Vec::new();
    for at_once in [1, 3, 8] {
        let gathering = Gathering::new(&card, "lens");
        let run = gathering.run(16, Mode::Train, Storage::F32, true);
        let losses = gathering.train(&run, 8, at_once).await;
        reached.push((losses, gathering.params().await));
        let traffic = gathering.gpu.traffic();
        let (turns, submissions) = (8, 8usize.div_ceil(at_once) as u64);
        assert_eq!(traffic.submissions, submissions + 1, "and one to read the weights");
        assert_eq!(traffic.read_backs, submissions + 1);
        assert_eq!(traffic.dispatches, turns * gathering.gpu.dispatches_per_step(&run) as u64);
    }
    assert!(reached[0].0.iter().all(|r| r.count == 16 && r.loss_sum.is_finite()), "{:?}", reached[0].0);
    for other in &reached[1..] {
        assert_eq!(reached[0].0, other.0, "results");
        assert!(reached[0].1 == other.1, "weights");
    }
}

async fn halves(card: Rc<Card>) {
    if !card.info.half {
        return;
    }
    let steps = 20;
    let mut losses = Vec::new();
    for storage in [Storage::F32, Storage::F16] {
        let gathering = Gathering::new(&card, "lens");
        let run = gathering.run(16, Mode::Train, storage, true);
        losses.push(gathering.train(&run, steps, 5).await.iter().map(|r| r.mean_loss()).collect::<Vec<_>>());
    }
    for (step, (full, half)) in losses[0].iter().zip(&losses[1]).enumerate() {
        assert!((half / full - 1.0).abs() <= 0.02, "step {step}: {half} in half precision, {full} in full");
    }
    let [start, end] = [0, 3].map(|part| losses[1][5 * part..][..5].iter().sum::<f64>());
    assert!(end < 0.9 * start, "half precision learns: {:?}", losses[1]);
}
