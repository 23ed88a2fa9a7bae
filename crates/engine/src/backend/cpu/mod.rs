//! The CPU: parameters and optimizer state in [`Cpu`], one plan with its buffers in [`Run`].
//!
//! Nothing is allocated after [`Run::new`]. Kernels use the verbs of `simd` and the products of `panels` and
//! `product`. The order of every sum follows from the shapes, so a run repeats bit by bit; what differs between
//! machines is whether a product is rounded before it is added ([`simd::fused`]).

pub mod panels;
pub mod product;
pub mod rows;
pub mod simd;

use std::{ops::Range, sync::Arc};

use crate::{
    Graph, LossSpec, OptimizerSpec, ParamId, Plan, StepInputs, Tensor,
    arena::{carve, lift},
    loss::BatchResult,
    ops::{Backward, Forward, INPUTS_LIMIT},
    plan::{Mode, Source, Step},
};

/// A network's numbers: parameters, running statistics, gradients and the optimizer's state.
#[derive(Clone, Debug)]
pub struct Cpu {
    pub graph: Arc<Graph>,
    pub params: Vec<f32>,
    pub state: Vec<f32>,
    pub grads: Vec<f32>,
    pub optimizer: OptimizerSpec,
    pub optimizer_state: Vec<f32>,
}

/// One plan with its buffers. Several runs (training, evaluation, one drawn digit) share a [`Cpu`].
#[derive(Clone, Debug)]
pub struct Run {
    pub plan: Plan,
    /// The batch: (batch, channel, row, column), 0 to 1.
    pub images: Vec<f32>,
    /// Class of each image; may be shorter than the batch, the rest is then not counted.
    pub labels: Vec<u8>,
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
            labels: Vec::with_capacity(plan.batch),
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
    pub fn new(graph: &Arc<Graph>, optimizer: OptimizerSpec, seed: u32) -> Self {
        let params = graph.initial_params(seed);
        Self {
            state: graph.initial_state(),
            grads: vec![0.0; params.len()],
            optimizer_state: vec![0.0; optimizer.state_len(params.len())],
            params,
            optimizer,
            graph: Arc::clone(graph),
        }
    }

    /// From `run.images` to every layer's output. In training mode running statistics change.
    pub fn forward(&mut self, run: &mut Run, now: &StepInputs) {
        for index in 0..run.plan.steps.len() {
            self.forward_step(run, index, now);
        }
    }

    /// One layer of the forward pass.
    pub fn forward_step(&mut self, run: &mut Run, index: usize, now: &StepInputs) {
        let Run { plan, images, activations, saved, scratch, .. } = run;
        let step = &plan.steps[index];
        let (output, rest) = lift(activations, step.output.clone());
        let inputs = intakes(step, images, |range| rest.get(range));
        let op = plan.graph.node(step.at.node).layer.op();
        op.forward(
            &step.at,
            Forward {
                inputs: &inputs[..step.inputs.len()],
                params: &self.params[step.params.clone()],
                state: &mut self.state[step.state.clone()],
                output,
                saved: &mut saved[step.saved.clone()],
                table: &step.table,
                scratch,
                now,
            },
        );
    }

    /// Loss and right answers of the last forward pass.
    pub fn evaluate(&self, run: &Run, loss: &LossSpec) -> BatchResult {
        loss.loss().evaluate(run.logits(), &run.labels, self.graph.output().len())
    }

    /// Loss, and from its gradient every parameter's gradient, in `grads` (overwritten).
    ///
    /// `divisor` is the number of examples in the whole batch, of which this run may hold a part.
    pub fn backward(&mut self, run: &mut Run, loss: &LossSpec, divisor: usize, now: &StepInputs) -> BatchResult {
        debug_assert_eq!(run.plan.mode, Mode::Train, "only a training plan can go backward");
        let result = self.loss_gradient(run, loss, divisor);
        for index in (0..run.plan.steps.len()).rev() {
            self.backward_step(run, index, now);
        }
        result
    }

    /// The loss and its gradient with respect to the scores.
    pub fn loss_gradient(&self, run: &mut Run, loss: &LossSpec, divisor: usize) -> BatchResult {
        let d_scores = &mut run.activation_grads[run.plan.d_logits()];
        d_scores.fill(0.0);
        loss.loss().gradient(&run.activations[run.plan.logits()], &run.labels, self.graph.output().len(), divisor, d_scores)
    }

    /// One layer of the backward pass.
    pub fn backward_step(&mut self, run: &mut Run, index: usize, now: &StepInputs) {
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
        let op = plan.graph.node(step.at.node).layer.op();
        op.backward(
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
                now,
            },
        );
        for grad in step.inputs.iter().filter_map(|i| i.grad.as_ref()) {
            if let Some(sum) = &grad.sum {
                let [to, summand] = carve(activation_grads, [sum.clone(), grad.range.clone()]);
                to.iter_mut().zip(summand).for_each(|(to, by)| *to += *by);
            }
        }
    }

    /// One step of the optimizer.
    pub fn update(&mut self, now: &StepInputs) {
        self.optimizer.rule().update(&mut self.params, &self.grads, &mut self.optimizer_state, now);
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
