//! One network in training or inference, on batches that lie ready.

use std::sync::Arc;

use engine::{Cpu, Graph, LossSpec, Mode, OptimizerSpec, Plan, PlanOptions, Run, StepInputs, optim::Adam, plan::Watch, presets};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

const PIXELS: usize = 784;
const TRAIN: usize = 60_000;
const TEST: usize = 10_000;
/// Batches that a measurement goes around.
const READY: usize = 8;
pub const RATE: f32 = 1e-3;

/// All of MNIST as the bench packs it.
#[derive(Debug)]
pub struct Pixels(Vec<u8>);

impl Pixels {
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let wanted = (TRAIN + TEST) * (PIXELS + 1);
        if bytes.len() == wanted { Ok(Self(bytes)) } else { Err(format!("mnist.bin has {} bytes, expected {wanted}", bytes.len())) }
    }

    pub const TRAIN: usize = TRAIN;
    pub const TEST: usize = TEST;

    pub fn train(&self, index: usize) -> (&[u8], u8) {
        (&self.0[index * PIXELS..(index + 1) * PIXELS], self.0[TRAIN * PIXELS + index])
    }

    pub fn test(&self, index: usize) -> (&[u8], u8) {
        let base = TRAIN * (PIXELS + 1);
        (&self.0[base + index * PIXELS..base + (index + 1) * PIXELS], self.0[base + TEST * PIXELS + index])
    }
}

/// What is measured.
#[derive(Clone, Debug)]
pub struct Task {
    pub net: String,
    pub training: bool,
    pub batch: usize,
    pub check: bool,
}

impl Task {
    pub fn read(config: &JsValue) -> Result<Self, String> {
        let get = |key: &str| Reflect::get(config, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        let net = get("net").as_string().ok_or("`net` is missing")?;
        let training = match get("mode").as_string().as_deref() {
            Some("train") => true,
            Some("infer") => false,
            other => return Err(format!("`mode` is {other:?}; expected train or infer")),
        };
        let batch = get("batch").as_f64().filter(|b| *b >= 1.0 && *b <= 4096.0).ok_or("`batch` is no number from 1 to 4096")? as usize;
        Ok(Self { net, training, batch, check: get("check").is_truthy() })
    }
}

/// Steps done and the time that they took.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub steps: u32,
    pub ms: f64,
    pub median_ms: Option<f64>,
}

#[derive(Debug)]
pub struct Job {
    pub cpu: Cpu,
    pub work: Run,
    loss: LossSpec,
    training: bool,
    ready: Vec<(Vec<f32>, Vec<u8>)>,
    step: u32,
    step_ms: f64,
}

impl Job {
    pub fn new(task: &Task, weights: &[f32], pixels: &Pixels) -> Result<Self, String> {
        let preset = presets::preset(&task.net.to_lowercase()).ok_or_else(|| format!("no network named {}", task.net))?;
        let graph = Arc::new(Graph::check(&preset.model()).map_err(|e| e.to_string())?);
        if graph.params_len() != weights.len() {
            return Err(format!("{} has {} weights here, {} in the file", task.net, graph.params_len(), weights.len()));
        }
        let mut cpu = Cpu::new(&graph, OptimizerSpec::Adam(Adam::default()), 1);
        // The file's order is that of the graph: layer by layer, weight before bias.
        cpu.params.copy_from_slice(weights);
        let mode = if task.training { Mode::Train } else { Mode::Eval };
        let plan = Plan::compile(&graph, &PlanOptions { batch: task.batch, mode, watch: Watch::Nothing }).map_err(|e| e.to_string())?;
        let ready = (0..READY)
            .map(|k| {
                let digits = (k * task.batch..(k + 1) * task.batch).map(|i| pixels.train(i % TRAIN));
                let (mut images, mut labels) = (Vec::new(), Vec::new());
                for (image, label) in digits {
                    images.extend(image.iter().map(|grey| f32::from(*grey) / 255.0));
                    labels.push(label);
                }
                (images, labels)
            })
            .collect();
        Ok(Self { cpu, work: Run::new(plan), loss: LossSpec::default(), training: task.training, ready, step: 0, step_ms: 1.0 })
    }

    pub fn batch(&self) -> usize {
        self.work.plan.batch
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.cpu.graph
    }

    /// One step on what lies in `work`; returns the batch's mean loss in training.
    pub fn advance(&mut self) -> f64 {
        let now = StepInputs { rate: RATE, step: self.step, seed: 1 };
        self.cpu.forward(&mut self.work, &now);
        let mut loss = 0.0;
        if self.training {
            let divisor = self.batch();
            loss = self.cpu.backward(&mut self.work, &self.loss, divisor, &now).mean_loss();
            self.cpu.update(&now);
        }
        self.step += 1;
        loss
    }

    fn next(&mut self) -> f64 {
        let (images, labels) = &self.ready[self.step as usize % READY];
        self.work.images.copy_from_slice(images);
        self.work.labels.clear();
        self.work.labels.extend_from_slice(labels);
        self.advance()
    }

    pub fn run(&mut self, steps: u32) {
        for _ in 0..steps {
            self.next();
        }
    }

    pub fn first_losses(&mut self, count: usize) -> Vec<f64> {
        if self.training { (0..count).map(|_| self.next()).collect() } else { Vec::new() }
    }

    pub fn note_pace(&mut self, step_ms: f64) {
        self.step_ms = step_ms.max(0.01);
    }

    /// Training: as many steps as fit by the last pace, then one look at the clock. Inference: a
    /// look after every step, as one waits for every answer.
    pub fn sample(&mut self, seconds: f64, clock: &mut dyn FnMut() -> f64) -> Measured {
        let begun = clock();
        if self.training {
            let steps = ((seconds * 1000.0 / self.step_ms).round() as u32).max(1);
            self.run(steps);
            let ms = clock() - begun;
            self.note_pace(ms / f64::from(steps));
            return Measured { steps, ms, median_ms: None };
        }
        let mut each = Vec::new();
        let mut last = begun;
        while last - begun < seconds * 1000.0 || each.is_empty() {
            self.run(1);
            let now = clock();
            each.push(now - last);
            last = now;
        }
        each.sort_by(f64::total_cmp);
        Measured { steps: each.len() as u32, ms: last - begun, median_ms: Some(each[each.len() / 2]) }
    }

    /// The scores of a digit, in evaluation mode, with the weights as they are.
    pub fn scores(&mut self, image: &[u8]) -> Result<Vec<f32>, String> {
        let plan =
            Plan::compile(self.graph(), &PlanOptions { batch: 1, mode: Mode::Eval, watch: Watch::Nothing }).map_err(|e| e.to_string())?;
        let mut run = Run::new(plan);
        run.images.iter_mut().zip(image).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
        self.cpu.forward(&mut run, &StepInputs::default());
        Ok(run.logits().to_vec())
    }
}
