//! A copy of the network on the CPU, on which a probe is made, a layer at a time.

use data::Dataset;
use engine::{Augmenter, Cpu, Mode, NodeId, Plan, PlanOptions, Run, StepInputs, Tensor, augment::Room, plan::Watch};
use protocol::{LayerReading, Probed, Reading, probe::MEMORY};

use super::measures::{Ends, at_ends, change, histogram, moments, norm};
use crate::{Network, machine::Numbers};

/// Digits of a probe, at most.
const IMAGES: usize = 32;
/// Multiply-adds of a forward pass of a probe: of a network so large that [`IMAGES`] need more, fewer are used.
const MULTIPLY_ADDS: u64 = 200_000_000;
/// And this many at least: what is dead on fewer says little.
const LEAST_IMAGES: usize = 8;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Forward(usize),
    Loss,
    /// So many layers are left.
    Backward(usize),
    Update,
    Measure(usize),
}

#[derive(Debug)]
pub struct Bench {
    cpu: Cpu,
    run: Run,
    /// The weights before the update.
    before: Vec<f32>,
    /// The gradient as the backward pass left it.
    grads: Vec<f32>,
    /// Forward, backward: of each layer.
    times_ms: [Vec<f64>; 2],
    now: StepInputs,
    part: Part,
    histograms: bool,
    reading: Reading,
}

/// How many digits a probe of this network takes.
fn images(network: &Network) -> usize {
    let each = network.graph.cost().multiply_adds.max(1);
    ((MULTIPLY_ADDS / each) as usize).clamp(LEAST_IMAGES, IMAGES).min(network.portion.train)
}

impl Bench {
    /// Nothing where the copy would not fit into memory.
    pub fn new(network: &Network) -> Option<Self> {
        let options = PlanOptions { batch: images(network), mode: Mode::Train, watch: Watch::Everything };
        let plan = Plan::compile(&network.graph, &options).ok()?;
        let Numbers { params, state, optimizer_state } = network.first_numbers();
        let layers = network.graph.nodes.len();
        Some(Self {
            before: params.clone(),
            grads: Vec::new(),
            cpu: Cpu::with_numbers(&network.graph, network.spec.train.update(), params, state, optimizer_state),
            run: Run::new(plan),
            times_ms: [vec![0.0; layers], vec![0.0; layers]],
            now: StepInputs::default(),
            part: Part::Forward(0),
            histograms: false,
            reading: Reading::default(),
        })
    }

    /// Buffers for the run's numbers, which [`Bench::begin`] gives back.
    pub fn lend(&mut self) -> Numbers {
        let Cpu { params, state, optimizer_state, .. } = &mut self.cpu;
        Numbers { params: std::mem::take(params), state: std::mem::take(state), optimizer_state: std::mem::take(optimizer_state) }
    }

    pub fn is_ready(&self, data: &Dataset) -> bool {
        data.train_ready() >= self.run.plan.batch
    }

    /// A probe of `numbers`, which are those after `step` updates; `rate` is that of the next.
    pub fn begin(&mut self, numbers: Numbers, network: &Network, step: u32, rate: f32, histograms: bool, data: &Dataset) {
        Numbers { params: self.cpu.params, state: self.cpu.state, optimizer_state: self.cpu.optimizer_state } = numbers;
        let train = &network.spec.train;
        // Where batches are summed up first, the update that this one is part of.
        let every = train.treatment.accumulate.max(1);
        self.now = StepInputs { rate, step: step / every * every + (every - 1), seed: train.seed };
        self.histograms = histograms;
        self.before.clone_from(&self.cpu.params);
        let digits = (0..self.run.plan.batch).filter_map(|i| data.train_image(i));
        let digits: Vec<(&[u8], u8)> = digits.collect();
        let (batch, shape) = (self.run.plan.batch, network.graph.spec.input);
        let Run { images, labels, targets, .. } = &mut self.run;
        let mut augmenter = Augmenter::new(&train.augment, batch, shape, data::CLASSES);
        augmenter.fill(&self.now, 0..digits.len(), digits.len(), |place| digits[place], Room { images, labels, targets });
        self.times_ms.iter_mut().for_each(|times| times.fill(0.0));
        let head = Probed {
            step,
            epoch: f64::from(step) / f64::from(network.feed.steps_per_epoch()),
            images: self.run.plan.batch as u32,
            cost_ms: 0.0,
            layers: network.graph.nodes.len() as u32,
        };
        self.reading = Reading { head, memory_kib: memory(network), layers: Vec::with_capacity(network.graph.nodes.len()) };
        self.part = Part::Forward(0);
    }

    /// One layer further. The whole reading after the last.
    pub fn advance(&mut self, network: &Network, clock: &mut dyn FnMut() -> f64) -> Option<Reading> {
        let Self { cpu, run, now, .. } = self;
        let started_ms = clock();
        let layer_of = |run: &Run, step: usize| run.plan.steps[step].at.node.0;
        let steps = run.plan.steps.len();
        match self.part {
            Part::Forward(step) => {
                cpu.forward_step(run, step, now);
                self.times_ms[0][layer_of(run, step)] += clock() - started_ms;
                self.part = if step + 1 < steps { Part::Forward(step + 1) } else { Part::Loss };
            }
            Part::Loss => {
                cpu.loss_gradient(run, &network.spec.train.loss, run.plan.batch);
                self.part = Part::Backward(steps);
            }
            Part::Backward(left) => {
                cpu.backward_step(run, left - 1, now);
                self.times_ms[1][layer_of(run, left - 1)] += clock() - started_ms;
                self.part = if left > 1 { Part::Backward(left - 1) } else { Part::Update };
            }
            Part::Update => {
                self.grads.clone_from(&cpu.grads);
                cpu.update(now);
                self.part = Part::Measure(0);
            }
            Part::Measure(layer) => {
                let reading = self.measure(network, NodeId(layer));
                self.reading.layers.push(reading);
                self.part = Part::Measure(layer + 1);
            }
        }
        self.reading.head.cost_ms += (clock() - started_ms).max(0.0);
        (self.part == Part::Measure(network.graph.nodes.len())).then(|| std::mem::take(&mut self.reading))
    }

    fn measure(&self, network: &Network, id: NodeId) -> LayerReading {
        let node = network.graph.node(id);
        let range = match &network.graph.params[node.params.clone()] {
            [] => 0..0,
            [first, rest @ ..] => first.range.start..rest.last().unwrap_or(first).range.end,
        };
        let (before, grads) = (&self.before[range.clone()], &self.grads[range.clone()]);
        let output = self.cpu.read(&self.run, Tensor::Output(id)).unwrap_or_default();
        let [mean, std, zeros] = moments(output);
        let units =
            if node.output.h * node.output.w > 1 || node.output.len() == node.output.ch { node.output.ch } else { node.output.len() };
        let ends = Ends::of(node.layer.op().kind().name);
        let (share, count, named) = ends.map_or((f32::NAN, 0, Vec::new()), |ends| at_ends(output, self.run.plan.batch, units, ends));
        let is_rectifier = ends == Some(Ends::Zero);
        let none = || (0, Vec::new());
        let ((dead_count, dead), (stuck_count, stuck)) = if is_rectifier { ((count, named), none()) } else { (none(), (count, named)) };
        let of = |numbers: &[f32], zeros: bool| if self.histograms { histogram(numbers, zeros) } else { None };
        LayerReading {
            grad_norm: norm(grads),
            weight_norm: norm(before),
            update_ratio: change(before, &self.cpu.params[range]),
            mean,
            std,
            zeros,
            saturated: if is_rectifier { f32::NAN } else { share },
            units: units as u32,
            dead_count,
            dead,
            stuck_count,
            stuck,
            forward_ms: self.times_ms[0][id.0] as f32,
            backward_ms: self.times_ms[1][id.0] as f32,
            histograms: [of(before, true), of(grads, false), of(output, false)],
        }
    }
}

/// In the order of [`MEMORY`].
fn memory(network: &Network) -> [f32; MEMORY.len()] {
    let r = network.train.regions;
    let optimizer = network.spec.train.update().state_len(r.params);
    [r.params + r.state, r.params, optimizer, r.input + r.activations, r.activation_grads, r.saved, r.scratch]
        .map(|n| n as f32 * 4.0 / 1024.0)
}
