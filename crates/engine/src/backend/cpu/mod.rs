//! The CPU: parameters and optimizer state in [`Cpu`], one plan with its buffers in [`Run`].
//!
//! Nothing is allocated after [`Run::new`]. Kernels use the verbs of `simd` and the products of `panels`, `product`
//! and `lanes`. The order of every sum follows from the shapes, so a run repeats bit by bit; what differs between
//! machines is whether a product is rounded before it is added ([`simd::fused`]).

pub mod lanes;
pub mod panels;
pub mod pools;
pub mod product;
pub mod rows;
pub mod simd;
mod training;
pub mod windows;
pub mod winners;

use std::{ops::Range, sync::Arc};

use crate::{
    Graph, LayerSpec, LossSpec, ParamId, Plan, StepInputs, Tensor, Update, UpdateSpec,
    arena::{carve, lift},
    loss::{BatchResult, Targets},
    ops::{Backward, Forward, INPUTS_LIMIT, Placement},
    plan::{Mode, Source, Step},
};

/// A network's numbers: parameters, running statistics, gradients and the optimizer's state.
#[derive(Clone, Debug)]
pub struct Cpu {
    pub graph: Arc<Graph>,
    pub params: Vec<f32>,
    pub state: Vec<f32>,
    pub grads: Vec<f32>,
    pub update: Update,
    pub optimizer_state: Vec<f32>,
    /// Parameters and running statistics while sharpness-aware minimisation has moved them; else empty.
    kept: Vec<f32>,
}

/// One plan with its buffers. Several runs (training, evaluation, one drawn digit) share a [`Cpu`].
#[derive(Clone, Debug)]
pub struct Run {
    pub plan: Plan,
    /// The batch: (batch, channel, row, column), 0 to 1.
    pub images: Vec<f32>,
    /// Class of each image; may be shorter than the batch, the rest is then not counted.
    pub labels: Vec<u8>,
    /// What the outputs are compared with beside or instead of classes, (batch, outputs): may be shorter
    /// in the same way. Empty at first.
    pub targets: Vec<f32>,
    /// The classes of the whole batch, where this run holds a part of it: see [`Targets::whole`].
    pub whole_labels: Vec<u8>,
    /// Number of this run's first image in the whole batch, where it holds a part of it.
    pub first: usize,
    /// Room for one example's outputs.
    example: Vec<f32>,
    activations: Vec<f32>,
    activation_grads: Vec<f32>,
    saved: Vec<f32>,
    scratch: Vec<f32>,
}

impl Run {
    pub fn new(plan: Plan) -> Self {
        let r = plan.regions;
        Self {
            images: vec![0.0; r.input],
            labels: Vec::with_capacity(4 * r.labels),
            targets: Vec::new(),
            whole_labels: Vec::new(),
            first: 0,
            example: vec![0.0; r.example],
            activations: vec![0.0; r.activations],
            activation_grads: vec![0.0; r.activation_grads],
            saved: vec![0.0; r.saved],
            scratch: vec![0.0; r.scratch],
            plan,
        }
    }

    /// The scores (batch, classes) of the last forward pass.
    pub fn logits(&self) -> &[f32] {
        &self.activations[self.plan.logits()]
    }
}

impl Cpu {
    /// A network with first values drawn from `seed`.
    pub fn new(graph: &Arc<Graph>, update: impl Into<UpdateSpec>, seed: u32) -> Self {
        let update = update.into();
        let optimizer_state = vec![0.0; update.state_len(graph.params_len())];
        Self::with_numbers(graph, update, graph.initial_params(seed), graph.initial_state(), optimizer_state)
    }

    /// A network with these numbers, which are of its lengths.
    pub fn with_numbers(
        graph: &Arc<Graph>,
        update: impl Into<UpdateSpec>,
        params: Vec<f32>,
        state: Vec<f32>,
        optimizer_state: Vec<f32>,
    ) -> Self {
        let update = Update::new(update.into(), graph);
        let kept = if update.treatment().has_sam() { params.len() + state.len() } else { 0 };
        let (grads, kept) = (vec![0.0; params.len()], vec![0.0; kept]);
        Self { graph: Arc::clone(graph), params, state, grads, update, optimizer_state, kept }
    }

    /// From `run.images` to every layer's output. In training mode running statistics change.
    pub fn forward(&mut self, run: &mut Run, now: &StepInputs) {
        for index in 0..run.plan.steps.len() {
            self.forward_step(run, index, now);
        }
    }

    /// One layer of the forward pass.
    pub fn forward_step(&mut self, run: &mut Run, index: usize, now: &StepInputs) {
        self.forward_by(run, index, now, |layer, at, io| layer.forward(at, io));
    }

    /// The kernel of [`Cpu::forward_step`], or another instead.
    pub(crate) fn forward_by(
        &mut self,
        run: &mut Run,
        index: usize,
        now: &StepInputs,
        kernel: impl FnOnce(&LayerSpec, &Placement, Forward<'_>),
    ) {
        let first = run.first;
        let Run { plan, images, activations, saved, scratch, .. } = run;
        let step = &plan.steps[index];
        let (output, rest) = lift(activations, step.output.clone());
        let inputs = intakes(step, images, |range| rest.get(range));
        kernel(
            &plan.graph.node(step.at.node).layer,
            &step.at,
            Forward {
                inputs: &inputs[..step.inputs.len()],
                params: &self.params[step.params.clone()],
                state: &mut self.state[step.state.clone()],
                output,
                saved: &mut saved[step.saved.clone()],
                table: &step.table,
                scratch,
                first,
                now,
            },
        );
    }

    /// Loss and right answers of the last forward pass.
    pub fn evaluate(&self, run: &Run, loss: &LossSpec) -> BatchResult {
        let targets = Targets { labels: &run.labels, dense: &run.targets, whole: &run.whole_labels };
        loss.evaluate(run.logits(), &targets, self.graph.output())
    }

    /// Loss, and from its gradient every parameter's gradient, in `grads` (overwritten).
    ///
    /// `divisor` is the number of examples in the whole batch, of which this run may hold a part.
    pub fn backward(&mut self, run: &mut Run, loss: &LossSpec, divisor: usize, now: &StepInputs) -> BatchResult {
        debug_assert_eq!(run.plan.mode, Mode::Train, "only a training plan can go backward");
        let result = self.loss_gradient(run, loss, divisor);
        self.backward_steps(run, now);
        result
    }

    /// As [`Cpu::backward`], but from this gradient of the scores (batch, classes) instead of a loss's:
    /// what one score alone depends on.
    pub fn backward_from(&mut self, run: &mut Run, d_scores: &[f32], now: &StepInputs) {
        debug_assert_eq!(run.plan.mode, Mode::Train, "only a training plan can go backward");
        run.activation_grads[run.plan.d_logits()].copy_from_slice(d_scores);
        self.backward_steps(run, now);
    }

    fn backward_steps(&mut self, run: &mut Run, now: &StepInputs) {
        for index in (0..run.plan.steps.len()).rev() {
            self.backward_step(run, index, now);
        }
    }

    /// The loss and its gradient with respect to the scores.
    pub fn loss_gradient(&self, run: &mut Run, loss: &LossSpec, divisor: usize) -> BatchResult {
        let Run { plan, labels, targets, whole_labels, example, activations, activation_grads, .. } = run;
        let d_scores = &mut activation_grads[plan.d_logits()];
        d_scores.fill(0.0);
        let targets = Targets { labels, dense: targets, whole: whole_labels };
        loss.gradient(&activations[plan.logits()], &targets, self.graph.output(), divisor, d_scores, example)
    }

    /// One layer of the backward pass.
    pub fn backward_step(&mut self, run: &mut Run, index: usize, now: &StepInputs) {
        self.backward_by(run, index, now, |layer, at, io| layer.backward(at, io));
        self.add_gradients(run, index);
    }

    /// The kernel of [`Cpu::backward_step`], or another instead.
    pub(crate) fn backward_by(
        &mut self,
        run: &mut Run,
        index: usize,
        now: &StepInputs,
        kernel: impl FnOnce(&LayerSpec, &Placement, Backward<'_>),
    ) {
        let first = run.first;
        let Run { plan, images, activations, activation_grads, saved, scratch, .. } = run;
        let step: &Step = &plan.steps[index];
        let inputs = intakes(step, images, |range| &activations[range]);
        let mut ranges: [_; 1 + INPUTS_LIMIT] = std::array::from_fn(|_| 0..0);
        ranges[0] = step.d_output.clone();
        for (range, intake) in ranges[1..].iter_mut().zip(&step.inputs) {
            *range = intake.grad.as_ref().map_or(0..0, |g| g.range.clone());
        }
        let mut pieces = carve(activation_grads, ranges);
        let [d_output, d_inputs @ ..] = &mut pieces;
        let wanted = if step.inputs.len() > 1 { step.inputs.len() } else { usize::from(step.wants()[0]) };
        kernel(
            &plan.graph.node(step.at.node).layer,
            &step.at,
            Backward {
                inputs: &inputs[..step.inputs.len()],
                output: &activations[step.output.clone()],
                d_output,
                params: &self.params[step.params.clone()],
                saved: &saved[step.saved.clone()],
                d_inputs: &mut d_inputs[..wanted],
                d_params: &mut self.grads[step.params.clone()],
                table: &step.table,
                scratch,
                first,
                now,
            },
        );
    }

    /// What follows in [`Cpu::backward_step`]: adds the gradients of inputs that others read too.
    pub(crate) fn add_gradients(&self, run: &mut Run, index: usize) {
        let Run { plan, activation_grads, .. } = run;
        for grad in plan.steps[index].inputs.iter().filter_map(|i| i.grad.as_ref()) {
            if let Some(sum) = &grad.sum {
                let [to, summand] = carve(activation_grads, [sum.clone(), grad.range.clone()]);
                to.iter_mut().zip(summand).for_each(|(to, by)| *to += *by);
            }
        }
    }

    /// A tensor after the passes that make it; `None` where this plan does not keep it.
    pub fn read<'a>(&'a self, run: &'a Run, tensor: Tensor) -> Option<&'a [f32]> {
        match tensor {
            Tensor::Input => Some(&run.images),
            Tensor::Output(id) => match run.plan.output_of(id) {
                Some(range) => Some(&run.activations[range]),
                // An identity over the image shows the image.
                None if run.plan.shows_image(id) => Some(&run.images),
                None => None,
            },
            Tensor::OutputGrad(id) => run.plan.output_grad_of(id).map(|range| &run.activation_grads[range]),
            Tensor::Param(ParamId(i)) => self.graph.params.get(i).map(|p| &self.params[p.range.clone()]),
            Tensor::ParamGrad(ParamId(i)) => self.graph.params.get(i).map(|p| &self.grads[p.range.clone()]),
            Tensor::State(ParamId(i)) => self.graph.state.get(i).map(|p| &self.state[p.range.clone()]),
        }
    }
}

/// The numbers that a step takes in.
fn intakes<'a>(step: &Step, images: &'a [f32], activations: impl Fn(Range<usize>) -> &'a [f32]) -> [&'a [f32]; INPUTS_LIMIT] {
    std::array::from_fn(|k| match step.inputs.get(k).map(|i| &i.source) {
        Some(Source::Image) => images,
        Some(Source::Activations(range)) => activations(range.clone()),
        None => &[],
    })
}
