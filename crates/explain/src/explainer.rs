//! A network with its weights, ready to be asked.

use std::sync::Arc;

use engine::{
    Cpu, Graph, LayerSpec, LossSpec, Mode, ModelSpec, NodeId, OptimizerSpec, Plan, PlanOptions, Run, SpecError, StepInputs, Tensor,
    plan::Watch,
};

use crate::{
    map::{Map, Occluder},
    twin::{self, LEAD},
};

/// Why a network or an image cannot be explained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExplainError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("the network has {want} {what}, but {got} came")]
    Numbers { what: &'static str, want: usize, got: usize },
    #[error("the image has {got} numbers, but the network reads {want}")]
    Image { want: usize, got: usize },
    #[error("class {target} is none of the {classes} that the network tells apart, counted from 0")]
    Target { target: usize, classes: usize },
    #[error("layer {} (`{op}`) cannot be gone through backwards as it is evaluated", node.0 + 1)]
    Layer { node: NodeId, op: &'static str },
    #[error(
        "a layer of this network draws at random in training, which no explanation can go through: class {class} scores {got}, not {want}"
    )]
    Random { class: usize, got: f32, want: f32 },
    #[error("class activation maps need a network that ends in global_avg_pool2d and dense; Grad-CAM takes any")]
    NoCam,
    #[error("no layer of this network gives a map of rows and columns")]
    NoMap,
    #[error("layer {} gives no map: there are {count} layers, and the last to give one is layer {}", node.0 + 1, last.0 + 1)]
    NotAMap { node: NodeId, count: usize, last: NodeId },
    #[error(
        "a patch of {size} moved by {stride} does not fit an image of {rows} rows and {columns} columns: both must be 1 to its extents"
    )]
    Occluder { size: String, stride: String, rows: usize, columns: usize },
}

/// A network as it is evaluated, with everything that a pass leaves behind. Images are
/// (channel, row, column), 0 to 1.
#[derive(Clone, Debug)]
pub struct Explainer {
    graph: Arc<Graph>,
    own: Cpu,
    evaluation: Run,
    twin: Cpu,
    run: Run,
}

impl Explainer {
    /// The network of `spec` with these parameters and running statistics, in the order of [`Graph`].
    ///
    /// # Errors
    /// No network; numbers that are not its own; a layer that cannot be gone through.
    pub fn new(spec: &ModelSpec, params: &[f32], state: &[f32]) -> Result<Self, ExplainError> {
        let graph = Arc::new(Graph::check(spec)?);
        for (what, want, got) in
            [("weights", graph.params_len(), params.len()), ("numbers of running statistics", graph.state_len(), state.len())]
        {
            if want != got {
                return Err(ExplainError::Numbers { what, want, got });
            }
        }
        let mut own = Cpu::new(&graph, OptimizerSpec::default(), 0);
        own.params.copy_from_slice(params);
        own.state.copy_from_slice(state);
        let (spec, twin_params) = twin::of(&graph, params, state)?;
        let twin_graph = Arc::new(Graph::check(&spec)?);
        let mut twin = Cpu::new(&twin_graph, OptimizerSpec::default(), 0);
        twin.params.copy_from_slice(&twin_params);
        let run = |graph, mode, watch| Ok::<_, SpecError>(Run::new(Plan::compile(graph, &PlanOptions { batch: 1, mode, watch })?));
        Ok(Self {
            evaluation: run(&graph, Mode::Eval, Watch::Nothing)?,
            run: run(&twin_graph, Mode::Train, Watch::Everything)?,
            graph,
            own,
            twin,
        })
    }

    /// The scores of the classes, before softmax.
    ///
    /// # Errors
    /// An image of another size.
    pub fn scores(&mut self, image: &[f32]) -> Result<Vec<f32>, ExplainError> {
        let want = self.graph.spec.input.len();
        if image.len() != want {
            return Err(ExplainError::Image { want, got: image.len() });
        }
        self.evaluation.images.copy_from_slice(image);
        self.own.forward(&mut self.evaluation, &StepInputs::default());
        Ok(self.evaluation.logits().to_vec())
    }

    /// The gradient of the score of `target` with respect to each pixel (Simonyan, Vedaldi, Zisserman,
    /// *Deep Inside Convolutional Networks*, 2014); in the image's layout, with its sign.
    ///
    /// # Errors
    /// An image of another size, a class that is none, a network that draws at random.
    pub fn input_gradient(&mut self, image: &[f32], target: usize) -> Result<Vec<f32>, ExplainError> {
        self.score_gradient(image, target)?;
        Ok(self.image_gradient())
    }

    /// The image moved by `epsilon` in every pixel to where the loss (softmax cross-entropy of `label`)
    /// grows, and kept within 0 to 1 (Goodfellow, Shlens, Szegedy, *Explaining and Harnessing
    /// Adversarial Examples*, 2015).
    ///
    /// # Errors
    /// As [`Explainer::input_gradient`].
    pub fn fgsm(&mut self, image: &[f32], label: usize, epsilon: f32) -> Result<Vec<f32>, ExplainError> {
        self.forward(image, label)?;
        self.run.labels.clear();
        // A network has at most 4096 scores, but class numbers are bytes.
        let classes = self.graph.output().len();
        self.run.labels.push(u8::try_from(label).map_err(|_| ExplainError::Target { target: label, classes: classes.min(256) })?);
        self.twin.backward(&mut self.run, &LossSpec::default(), 1, &StepInputs::default());
        let gradient = self.image_gradient();
        // Not signum, which has a sign for zero.
        let sign = |g: f32| {
            if g > 0.0 {
                1.0
            } else if g < 0.0 {
                -1.0
            } else {
                0.0
            }
        };
        Ok(image.iter().zip(gradient).map(|(x, g)| (x + epsilon * sign(g)).clamp(0.0, 1.0)).collect())
    }

    /// Grad-CAM: `relu(Σ_c mean(∂score / ∂A_c) · A_c)` over the channels `A_c` of what layer `node`
    /// gives, not normalised (Selvaraju et al. 2017). Without `node`, of the last layer that gives a map.
    ///
    /// # Errors
    /// As [`Explainer::input_gradient`], and a layer that gives no map.
    pub fn grad_cam(&mut self, image: &[f32], target: usize, node: Option<NodeId>) -> Result<Map, ExplainError> {
        let node = self.map_node(node)?;
        self.score_gradient(image, target)?;
        let plane = self.graph.node(node).output.plane();
        let gradient = self.tensor(Tensor::OutputGrad(behind(node)));
        let means: Vec<f32> = gradient.chunks_exact(plane).map(|g| g.iter().sum::<f32>() / plane as f32).collect();
        let mut map = self.weighted(node, &means);
        map.values.iter_mut().for_each(|v| *v = v.max(0.0));
        Ok(map)
    }

    /// The class activation map `Σ_c w[target, c] · A_c`, where the network ends in global average
    /// pooling of the maps `A_c` and a dense layer with weights `w` (Zhou et al. 2016).
    ///
    /// # Errors
    /// As [`Explainer::input_gradient`], and a network that ends otherwise.
    pub fn cam(&mut self, image: &[f32], target: usize) -> Result<Map, ExplainError> {
        let layers: Vec<&LayerSpec> = self.graph.nodes.iter().map(|n| &n.layer).collect();
        let (Some(LayerSpec::Dense(_)), mut at) = (layers.last(), layers.len() - 1) else { return Err(ExplainError::NoCam) };
        while at > 0 && matches!(layers[at - 1], LayerSpec::Flatten(_) | LayerSpec::Dropout(_)) {
            at -= 1;
        }
        if at < 2 || !matches!(layers[at - 1], LayerSpec::GlobalAvgPool2d(_)) {
            return Err(ExplainError::NoCam);
        }
        let node = NodeId(at - 2);
        self.forward(image, target)?;
        let dense = &self.graph.nodes[self.graph.nodes.len() - 1];
        let weight = &self.graph.params[dense.params.start];
        let ch = dense.input.len();
        let row = &self.own.params[weight.range.start + target * ch..][..ch];
        Ok(self.weighted(node, row))
    }

    /// How much the probability of `target` falls when a patch covers the image at each place: rows and
    /// columns of places (Zeiler and Fergus, *Visualizing and Understanding Convolutional Networks*,
    /// 2014). A network that needs the covered pixels has high numbers there.
    ///
    /// # Errors
    /// An image of another size, a class that is none, a patch that does not fit.
    pub fn occlusion(&mut self, image: &[f32], target: usize, patch: &Occluder) -> Result<Map, ExplainError> {
        let shape = self.graph.spec.input;
        let fits = |length: usize, extent: usize| (1..=extent).contains(&length);
        let Occluder { size, stride, grey } = *patch;
        if !(fits(size.h, shape.h) && fits(size.w, shape.w) && fits(stride.h, shape.h) && fits(stride.w, shape.w)) {
            let text = |p: engine::Pair| format!("{}×{}", p.h, p.w);
            return Err(ExplainError::Occluder { size: text(size), stride: text(stride), rows: shape.h, columns: shape.w });
        }
        self.target(target)?;
        let whole = self.probability(image, target)?;
        let (h, w) = ((shape.h - size.h) / stride.h + 1, (shape.w - size.w) / stride.w + 1);
        let mut values = Vec::with_capacity(h * w);
        let mut covered = image.to_vec();
        for place in 0..h * w {
            let (top, left) = (place / w * stride.h, place % w * stride.w);
            covered.copy_from_slice(image);
            for row in (0..shape.ch).flat_map(|c| (top..top + size.h).map(move |y| c * shape.h + y)) {
                covered[row * shape.w + left..][..size.w].fill(grey);
            }
            values.push(whole - self.probability(&covered, target)?);
        }
        Ok(Map { h, w, values })
    }

    fn probability(&mut self, image: &[f32], target: usize) -> Result<f32, ExplainError> {
        let mut scores = self.scores(image)?;
        engine::loss::softmax(&mut scores);
        Ok(scores[target])
    }

    fn target(&self, target: usize) -> Result<(), ExplainError> {
        let classes = self.graph.output().len();
        if target < classes { Ok(()) } else { Err(ExplainError::Target { target, classes }) }
    }

    /// Forward through the twin, which must give what the network gives.
    fn forward(&mut self, image: &[f32], target: usize) -> Result<(), ExplainError> {
        self.target(target)?;
        let want = self.scores(image)?;
        self.run.images.copy_from_slice(image);
        self.twin.forward(&mut self.run, &StepInputs::default());
        let size = want.iter().fold(1.0f32, |most, s| most.max(s.abs()));
        // Normalisation is folded, and so rounded otherwise; what draws at random is far off.
        let off = self.run.logits().iter().zip(&want).position(|(got, want)| (got - want).abs() > 1e-3 * size);
        off.map_or(Ok(()), |class| Err(ExplainError::Random { class, got: self.run.logits()[class], want: want[class] }))
    }

    /// Forward, and back from the score of `target`.
    fn score_gradient(&mut self, image: &[f32], target: usize) -> Result<(), ExplainError> {
        self.forward(image, target)?;
        let mut d_scores = vec![0.0; self.graph.output().len()];
        d_scores[target] = 1.0;
        self.twin.backward_from(&mut self.run, &d_scores, &StepInputs::default());
        Ok(())
    }

    fn image_gradient(&self) -> Vec<f32> {
        self.tensor(Tensor::OutputGrad(NodeId(0))).to_vec()
    }

    /// A tensor of the twin, all of which are watched.
    fn tensor(&self, tensor: Tensor) -> &[f32] {
        self.twin.read(&self.run, tensor).unwrap_or_default()
    }

    /// The sum of the channels that layer `node` gives, each times its weight.
    fn weighted(&self, node: NodeId, weights: &[f32]) -> Map {
        let shape = self.graph.node(node).output;
        let mut values = vec![0.0; shape.plane()];
        for (channel, weight) in self.tensor(Tensor::Output(behind(node))).chunks_exact(shape.plane()).zip(weights) {
            values.iter_mut().zip(channel).for_each(|(v, a)| *v += weight * a);
        }
        Map { h: shape.h, w: shape.w, values }
    }

    fn map_node(&self, node: Option<NodeId>) -> Result<NodeId, ExplainError> {
        let gives_map = |n: &&engine::Node| !n.output.is_flat();
        let last = self.graph.nodes.iter().rev().find(gives_map).map(|n| n.id).ok_or(ExplainError::NoMap)?;
        let Some(node) = node else { return Ok(last) };
        let found = self.graph.nodes.get(node.0).filter(gives_map);
        found.map(|n| n.id).ok_or(ExplainError::NotAMap { node, count: self.graph.nodes.len(), last })
    }
}

/// The twin's layer for one of the network's.
fn behind(node: NodeId) -> NodeId {
    NodeId(node.0 + LEAD)
}
