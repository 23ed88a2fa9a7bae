//! What will run: every step and every buffer, known before step 0.

mod fusion;
mod memory;

use std::{ops::Range, sync::Arc};

use serde::Serialize;

use crate::{
    Graph, NodeId, ParamId, SpecError,
    graph::Feed,
    json::Read,
    ops::{INPUTS_LIMIT, Placement},
};
use fusion::{Home, choose_launches};
use memory::{Lifetime, aligned, lay_out, share};

/// Training keeps what the backward pass needs; evaluation uses running statistics and no dropout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Train,
    Eval,
}

/// A tensor of a running network that a panel can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Tensor {
    /// The batch of images.
    Input,
    /// What a layer gives out.
    Output(NodeId),
    /// The loss's gradient with respect to what a layer gives out.
    OutputGrad(NodeId),
    Param(ParamId),
    ParamGrad(ParamId),
    /// Running statistics.
    State(ParamId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlanOptions {
    pub batch: usize,
    pub mode: Mode,
    /// Layers whose own output must stay readable after the pass: neither fused away nor reused.
    pub watch: Watch,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Watch {
    Nothing,
    Everything,
    Nodes(Vec<NodeId>),
}

impl Watch {
    fn has(&self, id: NodeId) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Nodes(ids) => ids.contains(&id),
        }
    }
}

/// One kernel launch and the places of its tensors. Ranges count numbers within their region.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub at: Placement,
    /// One, or several for a join.
    pub inputs: Vec<Intake>,
    pub output: Range<usize>,
    pub d_output: Range<usize>,
    pub params: Range<usize>,
    pub state: Range<usize>,
    pub saved: Range<usize>,
    /// Whole numbers of the kernels, from [`crate::Op::working`].
    pub table: Vec<u32>,
    /// The layer whose result `output` holds: `at.node`, or the last one fused into it.
    pub gives: NodeId,
}

/// One input of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// The image (region `input`) or a range of the activations.
    pub source: Source,
    /// The step whose output that is; `None` for the image.
    pub from: Option<usize>,
    /// Absent where nobody asks for it.
    pub grad: Option<InputGrad>,
}

/// Where the gradient of an input goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputGrad {
    /// What the layer overwrites, among the activation gradients.
    pub range: Range<usize>,
    /// Its number in [`Plan::grad_sharing`].
    pub number: usize,
    /// Where others read the same numbers and wrote their gradient before: this layer's is then added to it.
    pub sum: Option<Range<usize>>,
}

impl Step {
    /// Whether somebody asks for the gradient of each input.
    pub fn wants(&self) -> [bool; INPUTS_LIMIT] {
        std::array::from_fn(|k| self.inputs.get(k).is_some_and(|i| i.grad.is_some()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Image,
    Activations(Range<usize>),
}

/// Size of every region, in numbers of four bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    pub params: usize,
    pub state: usize,
    pub input: usize,
    pub activations: usize,
    pub activation_grads: usize,
    pub saved: usize,
    pub scratch: usize,
    /// Whole numbers of the kernels: [`Step::table`] of all steps.
    pub tables: usize,
    /// One example's scores.
    pub example: usize,
    /// The batch's classes, four to a number.
    pub labels: usize,
}

impl Regions {
    /// Memory of the plan's tables, of a run's buffers and of one copy of the parameters. Gradients and the
    /// optimizer's state belong to [`crate::Cpu`], whatever the number of plans, and are not counted here.
    pub fn size_bytes(&self) -> usize {
        let kept = [self.params, self.state, self.tables];
        let run = [self.input, self.activations, self.activation_grads, self.saved, self.scratch, self.example, self.labels];
        kept.iter().chain(&run).fold(0usize, |sum, n| sum.saturating_add(*n)).saturating_mul(4)
    }
}

/// A graph laid out for one batch size and mode.
#[derive(Clone, Debug)]
pub struct Plan {
    pub graph: Arc<Graph>,
    pub batch: usize,
    pub mode: Mode,
    /// In the order of the forward pass; the backward pass runs them in reverse.
    pub steps: Vec<Step>,
    pub regions: Regions,
    /// The step that gives each layer's output, where that can be read after the pass.
    outputs: Vec<Option<usize>>,
    output_grads: Vec<Option<usize>>,
    /// For memory of whole buffers instead of one block: steps of one number may share a buffer.
    pub output_sharing: Vec<usize>,
    /// The same for the gradients of the steps' outputs, and after them for those of [`Plan::extra_grads`].
    pub grad_sharing: Vec<usize>,
    /// The step for whose output's gradient each further one is a summand.
    pub extra_grads: Vec<usize>,
}

/// No plan asks for more memory than this.
pub const MEMORY_LIMIT_MIB: usize = 1024;

impl Plan {
    /// Lays out `graph`.
    ///
    /// # Errors
    /// [`SpecError::Memory`] where the plan would need more than [`MEMORY_LIMIT_MIB`].
    pub fn compile(graph: &Arc<Graph>, options: &PlanOptions) -> Result<Self, SpecError> {
        Self::with_fusion(graph, options, false)
    }

    /// Lays out `graph` for the processor alone: a max pooling of 2×2 with stride 2 after a convolution is done by the
    /// convolution as it writes (see [`Placement::pooled`]), with the same bits, and gradients that differ by rounding. A card launches poolings of their own.
    ///
    /// # Errors
    /// As [`Plan::compile`].
    pub fn compile_for_cpu(graph: &Arc<Graph>, options: &PlanOptions) -> Result<Self, SpecError> {
        Self::with_fusion(graph, options, true)
    }

    fn with_fusion(graph: &Arc<Graph>, options: &PlanOptions, pools: bool) -> Result<Self, SpecError> {
        let (batch, mode) = (options.batch.max(1), options.mode);
        let (launches, homes) = choose_launches(graph, mode, &options.watch, pools);
        let count = launches.len();
        let home = |feed: &Feed| match *feed {
            Feed::Image => Home::Image,
            Feed::Node(id) => homes[id.0],
        };
        let sources: Vec<Vec<Home>> = launches.iter().map(|l| graph.node(l.node).inputs.iter().map(home).collect()).collect();

        // A value lives from the step that writes it to the last step that reads it; the gradient
        // of a value lives over the same steps, gone through backwards.
        let lives: Vec<Lifetime> = launches
            .iter()
            .enumerate()
            .map(|(i, launch)| {
                let readers = (i + 1..count).filter(|&j| sources[j].contains(&Home::Step(i)));
                let len = aligned(batch.saturating_mul(graph.node(launch.gives).output.len()));
                Lifetime { len, first: i, last: readers.max().unwrap_or(count) }
            })
            .collect();
        let watched = |i: usize| homes.iter().enumerate().any(|(node, h)| *h == Home::Step(i) && options.watch.has(NodeId(node)));
        let kept = |keep: &dyn Fn(usize) -> bool| -> Vec<Lifetime> {
            let stretch = |(i, l): (usize, &Lifetime)| if keep(i) { Lifetime { first: 0, last: count, ..*l } } else { *l };
            lives.iter().enumerate().map(stretch).collect()
        };
        let output_lives = kept(&|i| mode == Mode::Train || watched(i));
        let mut grad_lives = kept(&watched);
        // Of several that read the same numbers, the last, which goes backward first, writes their gradient;
        // the others write beside it, and that is added.
        let mut extra_grads = Vec::new();
        let mut written = vec![false; count];
        // For each step and input, in the order of the backward pass: the number of its own gradient.
        let mut numbers: Vec<Vec<usize>> = sources.iter().map(|s| vec![0; s.len()]).collect();
        for (j, homes) in sources.iter().enumerate().rev() {
            for (k, from) in homes.iter().enumerate() {
                let Home::Step(i) = *from else { continue };
                numbers[j][k] = if std::mem::replace(&mut written[i], true) {
                    extra_grads.push(i);
                    grad_lives.push(Lifetime { len: lives[i].len, first: j, last: j });
                    grad_lives.len() - 1
                } else {
                    i
                };
            }
        }
        let (outputs, activations) = lay_out(&output_lives);
        let (grads, activation_grads) = match mode {
            Mode::Train => lay_out(&grad_lives),
            Mode::Eval => (vec![0..0; grad_lives.len()], 0),
        };

        let mut regions = Regions {
            params: graph.params_len(),
            state: graph.state_len(),
            input: batch.saturating_mul(graph.spec.input.len()),
            activations,
            activation_grads,
            example: graph.output().len(),
            labels: batch.div_ceil(4),
            ..Regions::default()
        };
        let check = |regions: &Regions| {
            let needed = regions.size_bytes() >> 20;
            if needed > MEMORY_LIMIT_MIB { Err(SpecError::Memory { needed, most: MEMORY_LIMIT_MIB, batch }) } else { Ok(()) }
        };
        // Before sizes of working space are multiplied out: with this much, nothing below overflows.
        check(&regions)?;
        let mut steps = Vec::with_capacity(count);
        for (i, launch) in launches.iter().enumerate() {
            let node = graph.node(launch.node);
            let (input, others, output) = (node.input, node.others, node.output);
            let at =
                Placement { node: launch.node, batch, mode, input, others, output, activation: launch.activation, pooled: launch.pooled };
            let kept = if launch.pooled.is_some() { graph.node(launch.gives).saved } else { node.saved };
            let saved_len = if mode == Mode::Train { kept.0.saturating_mul(batch).saturating_add(kept.1) } else { 0 };
            let saved = regions.saved..regions.saved.saturating_add(saved_len);
            regions.saved = aligned(saved.end);
            let mut working = node.layer.working(&at);
            working.table.shrink_to_fit();
            regions.scratch = regions.scratch.max(working.scratch_len);
            regions.tables += working.table.len();
            let exact = |r: &Range<usize>| r.start..r.start + if r.is_empty() { 0 } else { batch * at.given().len() };
            let shapes = std::iter::once(node.input).chain(node.others.iter().copied());
            let intake = |((from, number), shape): ((&Home, &usize), crate::Shape)| {
                let len = batch * shape.len();
                let Home::Step(j) = *from else { return Intake { source: Source::Image, from: None, grad: None } };
                let (source, range) = (outputs[j].start..outputs[j].start + len, grads[*number].start..grads[*number].start + len);
                let sum = (*number >= count).then(|| grads[j].start..grads[j].start + len);
                let grad = (mode == Mode::Train).then_some(InputGrad { range, number: *number, sum });
                Intake { source: Source::Activations(source), from: Some(j), grad }
            };
            steps.push(Step {
                at,
                inputs: sources[i].iter().zip(&numbers[i]).zip(shapes).map(intake).collect(),
                output: exact(&outputs[i]),
                d_output: exact(&grads[i]),
                params: block(&graph.params[node.params.clone()]),
                state: block(&graph.state[node.state.clone()]),
                saved,
                table: working.table,
                gives: launch.gives,
            });
        }
        check(&regions)?;

        // What can be read after the pass: a layer's own output, not one that was fused into the
        // next or whose place was used again.
        let readable = |i: usize| mode == Mode::Train || watched(i) || lives[i].last == count;
        let find = |ok: &dyn Fn(usize) -> bool| -> Vec<Option<usize>> {
            (0..graph.nodes.len())
                .map(|node| match homes[node] {
                    Home::Step(i) if ok(i) && steps[i].gives.0 <= node => Some(i),
                    _ => None,
                })
                .collect()
        };
        // An identity's gradient is that of its input, unless others read that input too.
        let readers = |id: NodeId| graph.nodes.iter().flat_map(|n| &n.inputs).filter(|f| **f == Feed::Node(id)).count();
        let mut sole = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            sole.push(match node.inputs[0] {
                Feed::Node(before) if node.layer.op().kind().identity_in.contains(&mode) => sole[before.0] && readers(before) == 1,
                _ => true,
            });
        }
        let mut output_grads = find(&|i| mode == Mode::Train && watched(i));
        output_grads.iter_mut().zip(sole).filter(|(_, sole)| !sole).for_each(|(step, _)| *step = None);
        Ok(Self {
            graph: Arc::clone(graph),
            batch,
            mode,
            outputs: find(&readable),
            output_grads,
            steps,
            regions,
            output_sharing: share(&output_lives),
            grad_sharing: share(&grad_lives),
            extra_grads,
        })
    }

    /// The step that gives the output of `node`, if that can be read after the pass.
    pub fn output_step(&self, node: NodeId) -> Option<usize> {
        self.outputs.get(node.0).copied().flatten()
    }

    /// The step that gave the output of which the gradient can be read after the pass.
    pub fn output_grad_step(&self, node: NodeId) -> Option<usize> {
        self.output_grads.get(node.0).copied().flatten()
    }

    /// Where the output of `node` lies among the activations, if it can be read after the pass.
    pub fn output_of(&self, node: NodeId) -> Option<Range<usize>> {
        self.output_step(node).map(|i| self.steps[i].output.clone())
    }

    /// Where the gradient of the output of `node` lies, if it can be read after the pass.
    pub fn output_grad_of(&self, node: NodeId) -> Option<Range<usize>> {
        self.output_grad_step(node).map(|i| self.steps[i].d_output.clone())
    }

    /// An identity over the image, which is then what the layer shows.
    pub fn shows_image(&self, node: NodeId) -> bool {
        let mut at = node;
        while let Some(here) = self.graph.nodes.get(at.0)
            && here.layer.op().kind().identity_in.contains(&self.mode)
        {
            match here.inputs[0] {
                Feed::Image => return true,
                Feed::Node(before) => at = before,
            }
        }
        false
    }

    /// The scores of the last layer, among the activations.
    pub fn logits(&self) -> Range<usize> {
        self.steps.last().map_or(0..0, |s| s.output.clone())
    }

    /// The gradient of the scores, among the gradients.
    pub fn d_logits(&self) -> Range<usize> {
        self.steps.last().map_or(0..0, |s| s.d_output.clone())
    }

    /// How many floats a tensor holds and its extents, batch first where it has one.
    pub fn dims(&self, tensor: Tensor) -> Option<Vec<usize>> {
        let graph = &self.graph;
        let batched = |s: crate::Shape| vec![self.batch, s.ch, s.h, s.w];
        match tensor {
            Tensor::Input => Some(batched(graph.spec.input)),
            Tensor::Output(id) | Tensor::OutputGrad(id) => graph.nodes.get(id.0).map(|n| batched(n.output)),
            Tensor::Param(ParamId(i)) | Tensor::ParamGrad(ParamId(i)) => graph.params.get(i).map(|p| p.dims.clone()),
            Tensor::State(ParamId(i)) => graph.state.get(i).map(|p| p.dims.clone()),
        }
    }
}

/// The contiguous block of a node's tensors.
fn block(params: &[crate::Param]) -> Range<usize> {
    match params {
        [] => 0..0,
        [first, .., last] => first.range.start..last.range.end,
        [only] => only.range.clone(),
    }
}
