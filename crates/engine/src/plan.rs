//! What will run: every step and every buffer, known before step 0.

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Graph, NodeId, ParamId, SpecError,
    graph::Feed,
    ops::{Activation, Others, Placement},
};

/// Training keeps what the backward pass needs; evaluation uses running statistics and no dropout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Train,
    Eval,
}

/// A tensor of a running network that a panel can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "of", content = "id", rename_all = "snake_case")]
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
    /// The image (region `input`) or a range of the activations.
    pub input: Source,
    /// The step whose output that is; `None` for the image.
    pub from: Option<usize>,
    pub output: Range<usize>,
    pub d_output: Range<usize>,
    /// Absent where nobody asks for it.
    pub d_input: Option<Range<usize>>,
    pub params: Range<usize>,
    pub state: Range<usize>,
    pub saved: Range<usize>,
    /// Whole numbers of the kernels, from [`crate::Op::working`].
    pub table: Vec<u32>,
    /// The layer whose result `output` holds: `at.node`, or the one fused into it.
    pub gives: NodeId,
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
}

impl Regions {
    /// Memory of the plan's buffers and of one copy of the parameters. Gradients and the optimizer's
    /// state belong to [`crate::Cpu`], whatever the number of plans, and are not counted here.
    pub fn size_bytes(&self) -> usize {
        let all = [self.params, self.state, self.input, self.activations, self.activation_grads, self.saved, self.scratch];
        all.iter().fold(0usize, |sum, n| sum.saturating_add(*n)).saturating_mul(4)
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
    pub grad_sharing: Vec<usize>,
}

/// No plan asks for more memory than this.
pub const MEMORY_LIMIT_MIB: usize = 1024;
/// Every tensor starts on this boundary, in numbers (256 bytes, what WebGPU wants).
const ALIGN: usize = 64;

/// Where a layer's output lies: an identity shares its input's place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    Image,
    /// The output of this step.
    Step(usize),
}

impl Plan {
    /// Lays out `graph`.
    ///
    /// # Errors
    /// [`SpecError::Memory`] where the plan would need more than [`MEMORY_LIMIT_MIB`].
    pub fn compile(graph: &Arc<Graph>, options: &PlanOptions) -> Result<Self, SpecError> {
        let (batch, mode) = (options.batch.max(1), options.mode);
        let (launches, homes) = choose_launches(graph, mode, &options.watch);
        let count = launches.len();
        let source = |node: NodeId| match graph.node(node).inputs[0] {
            Feed::Image => Home::Image,
            Feed::Node(id) => homes[id.0],
        };

        // A value lives from the step that writes it to the last step that reads it; the gradient
        // of a value lives over the same steps, gone through backwards.
        let lives: Vec<Lifetime> = launches
            .iter()
            .enumerate()
            .map(|(i, launch)| {
                let readers = (i + 1..count).filter(|&j| source(launches[j].node) == Home::Step(i));
                let len = aligned(batch.saturating_mul(graph.node(launch.node).output.len()));
                Lifetime { len, first: i, last: readers.max().unwrap_or(count) }
            })
            .collect();
        let watched = |i: usize| homes.iter().enumerate().any(|(node, h)| *h == Home::Step(i) && options.watch.has(NodeId(node)));
        let kept = |keep: &dyn Fn(usize) -> bool| -> Vec<Lifetime> {
            let stretch = |(i, l): (usize, &Lifetime)| if keep(i) { Lifetime { first: 0, last: count, ..*l } } else { *l };
            lives.iter().enumerate().map(stretch).collect()
        };
        let output_lives = kept(&|i| mode == Mode::Train || watched(i));
        let grad_lives = kept(&watched);
        let (outputs, activations) = lay_out(&output_lives);
        let (grads, activation_grads) = match mode {
            Mode::Train => lay_out(&grad_lives),
            Mode::Eval => (vec![0..0; count], 0),
        };

        let mut regions = Regions {
            params: graph.params_len(),
            state: graph.state_len(),
            input: batch.saturating_mul(graph.spec.input.len()),
            activations,
            activation_grads,
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
            let at = Placement {
                node: launch.node,
                batch,
                mode,
                input: node.input,
                others: Others::default(),
                output: node.output,
                activation: launch.activation,
            };
            let saved_len = if mode == Mode::Train { node.saved.0.saturating_mul(batch).saturating_add(node.saved.1) } else { 0 };
            let saved = regions.saved..regions.saved.saturating_add(saved_len);
            regions.saved = aligned(saved.end);
            let working = node.layer.op().working(&at);
            regions.scratch = regions.scratch.max(working.scratch_len);
            let from = source(launch.node);
            let exact = |r: &Range<usize>| r.start..r.start + if r.is_empty() { 0 } else { batch * node.output.len() };
            steps.push(Step {
                at,
                input: match from {
                    Home::Image => Source::Image,
                    Home::Step(j) => Source::Activations(outputs[j].start..outputs[j].start + batch * node.input.len()),
                },
                from: match from {
                    Home::Image => None,
                    Home::Step(j) => Some(j),
                },
                output: exact(&outputs[i]),
                d_output: exact(&grads[i]),
                d_input: match from {
                    Home::Step(j) if mode == Mode::Train => Some(grads[j].start..grads[j].start + batch * node.input.len()),
                    _ => None,
                },
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
        Ok(Self {
            graph: Arc::clone(graph),
            batch,
            mode,
            outputs: find(&readable),
            output_grads: find(&|i| mode == Mode::Train && watched(i)),
            steps,
            regions,
            output_sharing: share(&output_lives),
            grad_sharing: share(&grad_lives),
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
        let upto = self.graph.nodes.get(..=node.0).unwrap_or(&[]);
        !upto.is_empty() && upto.iter().all(|n| n.layer.op().kind().identity_in.contains(&self.mode))
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

/// A layer that becomes a step.
struct Launch {
    node: NodeId,
    activation: Option<Activation>,
    gives: NodeId,
}

/// Leaves identities out and fuses activations into the layer before them, where nobody watches
/// what that layer gives and nobody else reads it.
fn choose_launches(graph: &Graph, mode: Mode, watch: &Watch) -> (Vec<Launch>, Vec<Home>) {
    let (mut launches, mut homes): (Vec<Launch>, Vec<Home>) = (Vec::new(), Vec::new());
    for node in &graph.nodes {
        let kind = node.layer.op().kind();
        let from = match node.inputs[0] {
            Feed::Image => Home::Image,
            Feed::Node(id) => homes[id.0],
        };
        let home = if kind.identity_in.contains(&mode) {
            from
        } else if let (Some(activation), Home::Step(i)) = (kind.activation, from)
            && let source = launches[i].node
            && node.inputs[0] == Feed::Node(source)
            && !watch.has(source)
            && graph.nodes.iter().filter(|n| n.inputs.contains(&Feed::Node(source))).count() == 1
            && graph.node(source).layer.op().kind().absorbs.contains(&activation)
        {
            launches[i].activation = Some(activation);
            launches[i].gives = node.id;
            from
        } else {
            launches.push(Launch { node: node.id, activation: None, gives: node.id });
            Home::Step(launches.len() - 1)
        };
        homes.push(home);
    }
    (launches, homes)
}

/// The contiguous block of a node's tensors.
fn block(params: &[crate::Param]) -> Range<usize> {
    match params {
        [] => 0..0,
        [first, .., last] => first.range.start..last.range.end,
        [only] => only.range.clone(),
    }
}

fn aligned(len: usize) -> usize {
    len.saturating_add(ALIGN - 1) / ALIGN * ALIGN
}

/// A buffer that must not be shared from step `first` to step `last`, both included.
#[derive(Clone, Copy)]
struct Lifetime {
    len: usize,
    first: usize,
    last: usize,
}

/// First fit: each buffer at the lowest place that no buffer alive at the same time covers.
/// Returns the places and the size of the whole.
fn lay_out(lives: &[Lifetime]) -> (Vec<Range<usize>>, usize) {
    let mut places: Vec<Range<usize>> = Vec::with_capacity(lives.len());
    for (i, life) in lives.iter().enumerate() {
        let mut taken: Vec<Range<usize>> =
            (0..i).filter(|&j| lives[j].first <= life.last && life.first <= lives[j].last).map(|j| places[j].clone()).collect();
        taken.sort_by_key(|r| r.start);
        let mut start = 0;
        for r in taken {
            if r.start >= start && r.start - start >= life.len {
                break;
            }
            start = start.max(r.end);
        }
        places.push(start..start.saturating_add(life.len));
    }
    let size = places.iter().map(|r| r.end).max().unwrap_or(0);
    (places, size)
}

/// Numbers for buffers so that those alive at the same time have different ones.
fn share(lives: &[Lifetime]) -> Vec<usize> {
    let mut numbers: Vec<usize> = Vec::with_capacity(lives.len());
    for (i, life) in lives.iter().enumerate() {
        let clash = |number: usize| (0..i).any(|j| numbers[j] == number && lives[j].first <= life.last && life.first <= lives[j].last);
        let free = (0..).find(|&number| !clash(number)).unwrap_or(i);
        numbers.push(free);
    }
    numbers
}
