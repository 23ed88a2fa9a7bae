//! One plan with its buffers on the card, and its launches made ready.

use wgpu::{Buffer, BufferUsages};

use super::{
    card::{Card, CardError},
    digits::DigitSet,
    gather,
    launch::{Launch, Site, Slot, Storage, sums},
    network::Gpu,
    pipeline::{Prepared, prepare},
};
use crate::{
    Augment, LossSpec, ParamId, Plan, Tensor,
    augment::{self, launches::Batch},
    loss::{Given, LossPlace},
    plan::Mode,
};

/// The counterpart of [`crate::Run`]. Several share a [`Gpu`].
#[derive(Debug)]
pub struct GpuRun {
    pub plan: Plan,
    pub storage: Storage,
    images: Buffer,
    labels: Buffer,
    /// Empty where the batches have classes alone.
    targets: Buffer,
    given: Given,
    /// By [`Plan::output_sharing`].
    outputs: Vec<Buffer>,
    /// By [`Plan::grad_sharing`].
    grads: Vec<Buffer>,
    /// What the batch is put together with, where its images are augmented.
    bench: Option<Bench>,
    pub(super) gather: Vec<Prepared>,
    pub(super) forward: Vec<Prepared>,
    pub(super) backward: Vec<Prepared>,
    /// The loss alone, and the loss with its gradient.
    pub(super) evaluate: Vec<Prepared>,
    pub(super) gradient: Vec<Prepared>,
    /// Bytes of all its buffers.
    pub memory_bytes: u64,
}

#[derive(Debug)]
struct Bench {
    draws: Buffer,
    quantiles: Buffer,
    sampled: Buffer,
    staged: Buffer,
}

impl Bench {
    fn new(card: &Card, augment: &Augment, at: &Batch) -> Result<Self, CardError> {
        let [draws, image] = augment::launches::working(at);
        // Of mixup, then of cutmix; a table that is not there is not read.
        let mut tables: Vec<f32> = Vec::new();
        for table in augment::tables(augment) {
            tables.extend(table.map_or_else(|| vec![0.0; augment::QUANTILES], |table| table.0));
        }
        let bytes = super::reader::bytes(&tables);
        let quantiles = card.buffer("the shares of mixed images", bytes.len(), STORAGE)?;
        card.queue.write_buffer(&quantiles, 0, &bytes);
        Ok(Self {
            draws: card.buffer("how images are changed", draws * 4, STORAGE)?,
            sampled: card.buffer("the batch before its blur", if augment.blurs() { image * 4 } else { 0 }, STORAGE)?,
            staged: card.buffer("the batch before it is mixed", image * 4, STORAGE)?,
            quantiles,
        })
    }
}

const STORAGE: BufferUsages = BufferUsages::STORAGE.union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);

impl GpuRun {
    /// Buffers and pipelines for `plan` on the numbers of `gpu`. `storage` is how activations lie in
    /// memory; the card must offer it.
    ///
    /// # Errors
    /// [`CardError::Limit`], naming the layer whose tensor is too large. That memory was short shows
    /// later, in [`Card::trouble`].
    pub fn new(gpu: &Gpu, plan: Plan, loss: &LossSpec, storage: Storage) -> Result<Self, CardError> {
        Self::with_targets(gpu, plan, loss, Given::LABELS, storage)
    }

    /// As [`GpuRun::new`], for batches whose targets are not, or not only, classes.
    ///
    /// # Errors
    /// As there.
    pub fn with_targets(gpu: &Gpu, plan: Plan, loss: &LossSpec, given: Given, storage: Storage) -> Result<Self, CardError> {
        gpu.watching_memory(|| Self::build(gpu, plan, loss, given, storage))
    }

    fn build(gpu: &Gpu, plan: Plan, loss: &LossSpec, given: Given, storage: Storage) -> Result<Self, CardError> {
        debug_assert!(plan.steps.iter().all(|step| step.at.pooled.is_none()), "a plan for the processor");
        let card = &gpu.card;
        let before = card.allocated();
        let size = match storage {
            Storage::F32 => 4,
            Storage::F16 => 2,
        };
        let (graph, batch, training) = (&plan.graph, plan.batch, plan.mode == Mode::Train);
        let outputs = shared(card, &plan, &plan.output_sharing, "output", size)?;
        let grads = if training { shared(card, &plan, &plan.grad_sharing, "gradient", 4)? } else { Vec::new() };
        let images = card.buffer("the batch of images", plan.regions.input * size, STORAGE)?;
        let labels = card.buffer("the classes of the batch", batch * 4, STORAGE)?;
        let rows = if given.dense { batch * graph.output().len() } else { 0 };
        let targets = card.buffer("the targets of the batch", rows * 4, STORAGE)?;
        let class_weights = super::reader::bytes(&loss.class_weights());
        let weights = card.buffer("the class weights", class_weights.len(), STORAGE)?;
        if !class_weights.is_empty() {
            card.queue.write_buffer(&weights, 0, &class_weights);
        }
        let losses = card.buffer("the losses of the batch", batch * 4, STORAGE)?;
        let answers = card.buffer("the answers of the batch", batch * 4, STORAGE)?;

        let (mut steps, mut saved, mut scratch_len) = (Vec::new(), Vec::new(), 0);
        for step in &plan.steps {
            let site = Site::of(step, card.info.subgroups);
            let node = graph.node(step.at.node);
            let mut launches = node.layer.launches(&step.at, &site);
            launches.backward.extend(sums(step));
            scratch_len = scratch_len.max(launches.scratch_len);
            saved.push(card.buffer(&format!("what {} keeps", node.name), step.saved.len() * 4, STORAGE)?);
            steps.push(launches);
        }
        let scratch = card.buffer("working space", scratch_len * 4, STORAGE)?;

        let find = |index: usize, slot: Slot| -> &Buffer {
            let step = &plan.steps[index];
            let grad_of = |i: usize| grads.get(plan.grad_sharing[i]).unwrap_or(&scratch);
            let input = |k: usize| step.inputs.get(k).and_then(|i| i.from).map_or(&images, |i| &outputs[plan.output_sharing[i]]);
            let d_input = |k: usize| step.inputs.get(k).and_then(|i| i.grad.as_ref()).map_or(&scratch, |g| grad_of(g.number));
            let sum = |k: usize| step.inputs.get(k).and_then(|i| i.from).map_or(&scratch, grad_of);
            match slot {
                Slot::Input => input(0),
                Slot::Side(k) => input(k.into()),
                Slot::Output => &outputs[plan.output_sharing[index]],
                Slot::DOutput => grad_of(index),
                Slot::DInput => d_input(0),
                Slot::DSide(k) => d_input(k.into()),
                Slot::Sum(k) => sum(k.into()),
                Slot::Saved => &saved[index],
                Slot::Scratch => &scratch,
                Slot::Labels => &labels,
                Slot::Targets => &targets,
                Slot::ClassWeights => &weights,
                Slot::Losses => &losses,
                Slot::Answers => &answers,
                other => gpu.block(other),
            }
        };
        let ready = |launches: Vec<(usize, Launch)>| {
            let (at, launches): (Vec<usize>, Vec<Launch>) = launches.into_iter().unzip();
            let mut ready = prepare(card, &launches, storage, |i, slot| find(at[i], slot))?;
            for (prepared, index) in ready.iter_mut().zip(at) {
                prepared.layer = Some(plan.steps[index].at.node);
            }
            Ok::<_, CardError>(ready)
        };
        let numbered = |i: usize, launches: &[Launch]| launches.iter().map(|l| (i, l.clone())).collect::<Vec<_>>();
        let forward = ready(steps.iter().enumerate().flat_map(|(i, l)| numbered(i, &l.forward)).collect())?;
        let backward = if training {
            ready(steps.iter().enumerate().rev().flat_map(|(i, l)| numbered(i, &l.backward)).collect())?
        } else {
            Vec::new()
        };
        let last = plan.steps.len() - 1;
        let of_loss = |gradient| loss.launches(&LossPlace { output: graph.output(), batch, given, gradient });
        let evaluate = ready(numbered(last, &of_loss(false)))?;
        let gradient = if training { ready(numbered(last, &of_loss(true)))? } else { Vec::new() };
        let memory_bytes = card.allocated() - before;
        let gather = Vec::new();
        let made = Self {
            storage,
            images,
            labels,
            targets,
            given,
            outputs,
            grads,
            bench: None,
            gather,
            forward,
            backward,
            evaluate,
            gradient,
            memory_bytes,
            plan,
        };
        Ok(made)
    }

    /// Batches come from `set` from now on: in its order, or as they lie there.
    ///
    /// # Errors
    /// As [`GpuRun::new`].
    pub fn gather_from(&mut self, gpu: &Gpu, set: &DigitSet, in_order: bool) -> Result<(), CardError> {
        self.gather_augmented(gpu, set, in_order, &Augment::default())
    }

    /// As [`GpuRun::gather_from`], and images are changed as `augment` draws it. Where it mixes them, the run must
    /// have been made for targets ([`Given::DENSE`]), which are put in place too.
    ///
    /// # Errors
    /// As [`GpuRun::new`].
    pub fn gather_augmented(&mut self, gpu: &Gpu, set: &DigitSet, in_order: bool, augment: &Augment) -> Result<(), CardError> {
        let (shape, batch, classes) = (self.plan.graph.spec.input, self.plan.batch, self.plan.graph.output().len());
        let launches = gather::launches(shape, batch, in_order, augment, classes);
        let at = Batch { shape, batch, shuffled: in_order, classes };
        let before = gpu.card.allocated();
        let bench = if augment.is_affine() { None } else { Some(gpu.watching_memory(|| Bench::new(&gpu.card, augment, &at))?) };
        self.memory_bytes += gpu.card.allocated() - before;
        let find = |_: usize, slot: Slot| match (slot, &bench) {
            (Slot::Pixels, _) => &set.pixels,
            (Slot::Classes, _) => &set.classes,
            (Slot::Order, _) => &set.order,
            (Slot::Labels, _) => &self.labels,
            (Slot::Targets, _) => &self.targets,
            (Slot::Draws, Some(bench)) => &bench.draws,
            (Slot::Quantiles, Some(bench)) => &bench.quantiles,
            (Slot::Sampled, Some(bench)) => &bench.sampled,
            (Slot::Staged, Some(bench)) => &bench.staged,
            _ => &self.images,
        };
        self.gather = prepare(&gpu.card, &launches, self.storage, find)?;
        self.bench = bench;
        Ok(())
    }

    /// No set has been given yet to gather from.
    pub fn is_bare(&self) -> bool {
        self.gather.is_empty()
    }

    /// The batch's images and classes, straight from numbers in memory; in place of gathering.
    /// Only where activations are stored in `f32`.
    pub fn set_batch(&self, gpu: &Gpu, images: &[f32], labels: &[u8]) {
        debug_assert_eq!(self.storage, Storage::F32, "numbers in memory are f32");
        gpu.card.queue.write_buffer(&self.images, 0, &super::reader::bytes(images));
        let words: Vec<u8> = labels.iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
        gpu.card.queue.write_buffer(&self.labels, 0, &words);
    }

    /// The batch's targets beside or instead of classes, (batch, outputs). Only for a run that was made for them.
    pub fn set_targets(&self, gpu: &Gpu, targets: &[f32]) {
        debug_assert_eq!(targets.len(), self.targets_len(), "a whole batch of targets");
        gpu.card.queue.write_buffer(&self.targets, 0, &super::reader::bytes(targets));
    }

    /// Numbers of the batch's targets; 0 where it has classes alone.
    pub fn targets_len(&self) -> usize {
        if self.given.dense { self.plan.batch * self.plan.graph.output().len() } else { 0 }
    }

    /// Where a tensor lies after the passes that make it: buffer, first number, count, form.
    pub(super) fn place<'a>(&'a self, gpu: &'a Gpu, tensor: Tensor) -> Option<Place<'a>> {
        let graph = &self.plan.graph;
        let whole = |buffer: &'a Buffer, count, storage| Some(Place { buffer, first: 0, count, storage });
        let node = |i: usize| graph.node(self.plan.steps[i].at.node).output.len() * self.plan.batch;
        match tensor {
            Tensor::Input => whole(&self.images, self.plan.regions.input, self.storage),
            Tensor::Output(id) => match self.plan.output_step(id) {
                Some(i) => whole(&self.outputs[self.plan.output_sharing[i]], node(i), self.storage),
                None if self.plan.shows_image(id) => whole(&self.images, self.plan.regions.input, self.storage),
                None => None,
            },
            Tensor::OutputGrad(id) => {
                let i = self.plan.output_grad_step(id)?;
                whole(&self.grads[self.plan.grad_sharing[i]], node(i), Storage::F32)
            }
            Tensor::Param(ParamId(i)) => block(gpu.block(Slot::Params), &graph.params.get(i)?.range),
            Tensor::ParamGrad(ParamId(i)) => block(gpu.block(Slot::Grads), &graph.params.get(i)?.range),
            Tensor::State(ParamId(i)) => block(gpu.block(Slot::State), &graph.state.get(i)?.range),
        }
    }

    /// The scores of the last forward pass.
    pub(super) fn scores(&self) -> Place<'_> {
        let last = self.plan.steps.len() - 1;
        let count = self.plan.batch * self.plan.graph.output().len();
        Place { buffer: &self.outputs[self.plan.output_sharing[last]], first: 0, count, storage: self.storage }
    }

    /// Dispatches of one training step, the update left out.
    pub fn launches(&self) -> usize {
        self.gather.len() + self.forward.len() + self.gradient.len() + self.backward.len()
    }
}

/// Numbers in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub buffer: &'a Buffer,
    pub first: usize,
    pub count: usize,
    pub storage: Storage,
}

fn block<'a>(buffer: &'a Buffer, range: &std::ops::Range<usize>) -> Option<Place<'a>> {
    Some(Place { buffer, first: range.start, count: range.len(), storage: Storage::F32 })
}

/// Buffers that tensors share, each as large as the largest of them: one for each step, then the further
/// gradients.
fn shared(card: &Card, plan: &Plan, sharing: &[usize], what: &str, size: usize) -> Result<Vec<Buffer>, CardError> {
    let count = sharing.iter().max().map_or(0, |n| n + 1);
    let owners: Vec<usize> = (0..plan.steps.len()).chain(plan.extra_grads.iter().copied()).collect();
    (0..count)
        .map(|number| {
            let own = sharing.iter().zip(&owners).filter(|(n, _)| **n == number);
            let largest = own.map(|(_, i)| plan.graph.node(plan.steps[*i].at.node)).max_by_key(|n| n.output.len());
            let (name, len) = largest.map_or(("", 0), |n| (n.name.as_str(), n.output.len()));
            card.buffer(&format!("the {what} of {name}"), plan.batch * len * size, STORAGE)
        })
        .collect()
}
