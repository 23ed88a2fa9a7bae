//! Several workers compute what one does, bit for bit, and leaves what a whole batch does, up to rounding.

use std::{
    rc::Rc,
    sync::{Arc, atomic::AtomicU32},
};

use data::CLASSES;
use engine::{
    Augment, Cpu, Graph, LossSpec, Mode, ModelSpec, NodeId, OptimizerSpec, Pair, Plan, PlanOptions, Run, StepInputs, Treatment, UpdateSpec,
    loss::{BatchResult, CrossEntropy, Focal},
    ops::{Conv2d, Dense, Dropout, Dropout2d, Flatten, FractionalMaxPool2d, MaxPool2d, Relu, StochasticDepth, StochasticPool2d},
    plan::Watch,
    presets::{PRESETS, preset},
    rng::{Stream, bits},
    shards::{Board, Crew, Inline, Job, Shard},
};
use wasm_bindgen_test::wasm_bindgen_test;

const PIXELS: usize = 784;

/// Everything that a run leaves behind, and what it said on the way.
#[derive(Debug, PartialEq)]
struct Left {
    params: Vec<u32>,
    state: Vec<u32>,
    optimizer: Vec<u32>,
    losses: Vec<u64>,
    correct: Vec<u32>,
}

#[derive(Clone)]
struct Trial {
    name: String,
    model: ModelSpec,
    update: UpdateSpec,
    loss: LossSpec,
    augment: Augment,
    batch: usize,
    steps: u32,
}

impl Trial {
    fn new(slug: &str, batch: usize, steps: u32) -> Self {
        let model = preset(slug).unwrap().model();
        let (update, loss) = (OptimizerSpec::default().into(), LossSpec::default());
        Self { name: slug.to_owned(), model, update, loss, augment: Augment::default(), batch, steps }
    }

    fn job(&self) -> (Arc<Graph>, Job) {
        let graph = Arc::new(Graph::check_classifier(&self.model, CLASSES).unwrap());
        let job = Job::new(&graph, self.batch, self.loss.clone(), self.augment).unwrap();
        (graph, job)
    }

    /// The run with these shards beside its leader.
    fn run(&self, shards: impl Fn(&Job) -> Vec<Box<dyn Shard>>) -> Left {
        let (graph, job) = self.job();
        let mut cpu = Cpu::new(&graph, self.update.clone(), 3);
        let mut crew = Crew::new(&job, shards(&job));
        let mut left = Left { params: vec![], state: vec![], optimizer: vec![], losses: vec![], correct: vec![] };
        for step in 0..self.steps {
            let (pixels, labels) = images(step, self.batch);
            let now = StepInputs { rate: 2e-3, step, seed: 5 };
            crew.begin(&mut cpu, pixels.chunks_exact(PIXELS).zip(labels.iter().copied()), now);
            let result = crew.poll(&mut cpu).expect("shards of this process answer at once");
            cpu.update(&now);
            left.losses.push(result.loss_sum.to_bits());
            left.correct.push(result.correct);
            assert_eq!(result.count as usize, self.batch);
        }
        let numbers = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect();
        (left.params, left.state, left.optimizer) = (numbers(&cpu.params), numbers(&cpu.state), numbers(&cpu.optimizer_state));
        left
    }

    fn compare(&self) {
        let alone = self.run(|_| Vec::new());
        for workers in [2, 3, 8] {
            let shared = self.run(|job| inline(job, workers));
            assert!(alone == shared, "{}: {workers} workers leave other numbers than one", self.name);
            let seized = self.run(|job| greedy(job, workers, None));
            assert!(alone == seized, "{}: a worker that takes the leaves of {workers} leaves other numbers than one", self.name);
        }
    }
}

fn inline(job: &Job, workers: usize) -> Vec<Box<dyn Shard>> {
    (1..workers).map(|_| Box::new(Inline::new(job, None)) as Box<dyn Shard>).collect()
}

/// The first that is asked takes all leaves, its leader's too.
fn greedy(job: &Job, workers: usize, life: Option<u32>) -> Vec<Box<dyn Shard>> {
    let board: Arc<[AtomicU32]> = (0..workers).map(|_| AtomicU32::default()).collect();
    let board: Rc<dyn Board> = Rc::new(board);
    let shard = |_| {
        let mut shard = Inline::greedy(job, &board);
        shard.life = life;
        Box::new(shard) as Box<dyn Shard>
    };
    (1..workers).map(shard).collect()
}

/// Blots that tell their class, with noise.
fn images(step: u32, count: usize) -> (Vec<u8>, Vec<u8>) {
    let label = |i: usize| (bits(step, Stream::SHUFFLE, i as u32) % CLASSES as u32) as u8;
    let labels: Vec<u8> = (0..count).map(label).collect();
    let grey = |n: usize| {
        let (class, x, y) = (usize::from(labels[n / PIXELS]), n % 28, n % PIXELS / 28);
        let noise = (bits(step, Stream::AUGMENT, n as u32) % 64) as u8;
        if (x / 5 + y / 7) % CLASSES == class { 160 + noise } else { noise / 2 }
    };
    ((0..count * PIXELS).map(grey).collect(), labels)
}

#[wasm_bindgen_test(unsupported = test)]
fn every_network_has_the_same_bits_on_any_number_of_cores() {
    // Several leaves, the last of them smaller.
    PRESETS.iter().for_each(|p| Trial::new(p.slug, 77, 2).compare());
}

#[wasm_bindgen_test(unsupported = test)]
fn tens_of_steps_end_in_the_same_bits() {
    Trial::new("n2", 144, 30).compare();
    Trial::new("n4", 256, 30).compare();
    // Batch norms, which take their statistics from the whole batch.
    Trial::new("n3", 40, 20).compare();
}

#[wasm_bindgen_test(unsupported = test)]
fn losses_and_treatments_have_the_same_bits_on_any_number_of_cores() {
    let plain = Trial::new("lenet5", 100, 6);
    let weights: Vec<f32> = (0..CLASSES).map(|c| 0.1 + c as f32).collect();
    let weighted = CrossEntropy { weight: weights, ..CrossEntropy::default() };
    let mut losses: Vec<LossSpec> = LossSpec::all().into_iter().filter(|l| l.check(plain.job().0.output()).is_ok()).collect();
    losses.extend([LossSpec::CrossEntropy(weighted), LossSpec::Focal(Focal { gamma: 3.0 })]);
    for loss in losses {
        Trial { name: format!("{loss:?}"), loss, ..plain.clone() }.compare();
    }
    let augment = Augment { shift: 2.0, rotate: 15.0, scale: 0.2, ..Augment::default() };
    Trial { name: "moved images".to_owned(), augment, ..plain.clone() }.compare();
    // Each with another image, which may be another worker's.
    let mixed = Augment { noise: 0.1, erase: 0.5, mixup: 0.4, cutmix: 1.0, ..augment };
    Trial { name: "mixed images".to_owned(), augment: mixed, ..plain.clone() }.compare();
    let rates = [(NodeId(0), 0.5)].into();
    let treatment =
        Treatment { l1: 1e-4, l2: 1e-3, clip_value: 1.0, clip_norm: 1.0, sam: 0.05, accumulate: 3, rates, ..Treatment::default() };
    for (slug, optimizer) in [("lenet5", OptimizerSpec::default()), ("two-blocks", OptimizerSpec::all()[1])] {
        let update = UpdateSpec { optimizer, treatment: treatment.clone() };
        Trial { name: format!("{slug} with everything around"), update, augment, ..Trial::new(slug, 50, 7) }.compare();
    }
}

/// Layers that draw random numbers, for each image by its place in the whole batch.
fn drawing() -> Trial {
    let layers = vec![
        Conv2d { out_ch: 4, kernel: Pair::square(3), ..Conv2d::default() }.into(),
        StochasticPool2d { kernel: Pair::square(2), stride: Pair::square(2) }.into(),
        Dropout2d { p: 0.3 }.into(),
        FractionalMaxPool2d { kernel: Pair::square(2), output: Pair::square(8) }.into(),
        StochasticDepth { p: 0.2 }.into(),
        Relu {}.into(),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dropout { p: 0.4 }.into(),
        Dense { out: CLASSES, bias: true }.into(),
    ];
    let model = ModelSpec { layers, ..preset("n4").unwrap().model() };
    Trial { name: "layers that draw".to_owned(), model, ..Trial::new("n4", 90, 10) }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_drawn_belongs_to_the_image() {
    drawing().compare();
}

/// Relative to the largest.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let most = a.iter().fold(0.0f32, |m, v| m.max(v.abs())).max(1e-6);
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / most
}

#[wasm_bindgen_test(unsupported = test)]
fn leaves_give_the_gradient_of_the_whole_batch() {
    let weighted = CrossEntropy { weight: (0..CLASSES).map(|c| 0.1 + c as f32).collect(), ..CrossEntropy::default() };
    let mut trials: Vec<Trial> = PRESETS.iter().map(|p| Trial::new(p.slug, 77, 1)).collect();
    trials.push(drawing());
    for trial in trials {
        let trial = Trial { loss: LossSpec::CrossEntropy(weighted.clone()), ..trial };
        let (graph, job) = trial.job();
        assert!(job.split.leaves() > 1 || trial.name == "n4", "{}", trial.name);
        let (pixels, labels) = images(9, trial.batch);
        let now = StepInputs { rate: 1e-3, step: 4, seed: 5 };
        let (mut leaves, mut whole) = (Cpu::new(&graph, OptimizerSpec::default(), 3), Cpu::new(&graph, OptimizerSpec::default(), 3));
        let mut crew = Crew::new(&job, inline(&job, 2));
        crew.begin(&mut leaves, pixels.chunks_exact(PIXELS).zip(labels.iter().copied()), now);
        let found = crew.poll(&mut leaves).unwrap();
        let options = PlanOptions { batch: trial.batch, mode: Mode::Train, watch: Watch::Nothing };
        let mut run = Run::new(Plan::compile(&graph, &options).unwrap());
        run.images.iter_mut().zip(&pixels).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
        run.labels.extend_from_slice(&labels);
        let wanted = whole.learn(&mut run, &trial.loss, trial.batch, &now);
        let name = &trial.name;
        assert!((found.loss_sum - wanted.loss_sum).abs() < 1e-4 * wanted.loss_sum, "{name}: {found:?}, wanted {wanted:?}");
        assert_eq!((found.correct, found.count), (wanted.correct, wanted.count), "{name}");
        assert!(distance(&whole.state, &leaves.state) < 1e-5, "{name}: running statistics");
        // With products and sums rounded once all agree to 3e-6. In WebAssembly, which rounds twice, `resnet` has been seen
        // at 3e-3: behind nine batch norms and as many rectifiers, an input within rounding of zero may fall the other way.
        let most = if cfg!(target_arch = "wasm32") && trial.name == "resnet" { 5e-3 } else { 2e-3 };
        for param in &graph.params {
            let d = distance(&whole.grads[param.range.clone()], &leaves.grads[param.range.clone()]);
            // A bias before a batch norm has no gradient but rounding.
            let size = whole.grads[param.range.clone()].iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(d < most || size < 1e-4, "{name}: gradient of {} off by {d} of {size}", param.name);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_shard_that_dies_leaves_no_trace() {
    for trial in [Trial::new("n2", 100, 6), Trial::new("two-blocks", 40, 4)] {
        let alone = trial.run(|_| Vec::new());
        for life in [1, 2, 3, 7] {
            let shards = |job: &Job| vec![Box::new(Inline::new(job, None)) as Box<dyn Shard>, Box::new(Inline::new(job, Some(life)))];
            assert!(trial.run(shards) == alone, "{}: dead after {life} tasks", trial.name);
            let dying = |job: &Job| vec![Box::new(Inline::new(job, Some(life))) as Box<dyn Shard>, Box::new(Inline::new(job, Some(life)))];
            assert!(trial.run(dying) == alone, "{}: both dead after {life} tasks", trial.name);
            assert!(trial.run(|job| greedy(job, 3, Some(life))) == alone, "{}: dead with all leaves after {life} tasks", trial.name);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn scores_are_the_same_on_any_number_of_cores() {
    let trial = Trial::new("two-blocks", 32, 1);
    let (graph, job) = trial.job();
    let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), 3);
    let (pixels, labels) = images(1, 700);
    let mut wanted: Option<(BatchResult, Vec<u32>)> = None;
    for workers in [1, 2, 3, 8] {
        let mut crew = Crew::new(&job, inline(&job, workers));
        let (mut sum, mut scores, mut first) = (BatchResult::default(), Vec::new(), 0);
        while first < labels.len() {
            let count = crew.score_limit().min(labels.len() - first);
            let some = (first..first + count).map(|i| (&pixels[i * PIXELS..(i + 1) * PIXELS], labels[i]));
            crew.begin_score(&mut cpu, some);
            let scored = crew.poll_score(&mut cpu).unwrap();
            scored.pieces.iter().for_each(|p| sum.add(*p));
            scores.extend(scored.scores.iter().map(|v| v.to_bits()));
            first += count;
        }
        assert_eq!(sum.count, 700);
        match &wanted {
            None => wanted = Some((sum, scores)),
            Some(wanted) => assert!(*wanted == (sum, scores), "{workers} workers"),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn threads_compute_the_same_bits() {
    use engine::shards::threads::ThreadShard;
    for trial in [Trial::new("n2", 144, 20), Trial::new("resnet", 40, 5)] {
        let alone = trial.run(|_| Vec::new());
        for workers in [2, 3, 8] {
            assert!(trial.run(|job| ThreadShard::crew(job, workers)) == alone, "{}, {workers} threads", trial.name);
        }
    }
}
