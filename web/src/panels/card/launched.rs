//! What a graphics card launches for one step of training, file by file.

use std::sync::Arc;

use engine::{
    Graph, Mode, NodeId, Plan, PlanOptions, Shape, Update,
    backend::gpu::{
        gather,
        launch::{Launch, Shader, Site, sums},
    },
    loss::{Given, LossPlace},
    plan::Watch,
};
use protocol::TrainSpec;

/// A part of the step: the batch, a layer, the loss, the update.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub title: String,
    pub about: String,
    pub launches: Vec<Launched>,
}

/// A file and how it is launched.
#[derive(Clone, Debug, PartialEq)]
pub struct Launched {
    pub shader: &'static Shader,
    pub pass: Pass,
    pub groups: [u32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Once,
    Forward,
    Backward,
}

impl Pass {
    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "",
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}

/// In the order of the forward pass. Empty where the network needs more memory than any plan may.
pub fn parts(graph: &Arc<Graph>, train: &TrainSpec, subgroups: bool) -> Vec<Part> {
    let options = PlanOptions { batch: train.batch, mode: Mode::Train, watch: Watch::Nothing };
    let Ok(plan) = Plan::compile(graph, &options) else { return Vec::new() };
    let once = |launch: Launch| vec![launched(&launch, Pass::Once)];
    let mut parts = vec![Part {
        title: "Batch".to_owned(),
        about: format!("{} digits from their bytes{}", train.batch, if train.augment.is_nothing() { "" } else { ", moved at random" }),
        launches: once(gather::launch(graph.spec.input, train.batch, true, &train.augment)),
    }];
    for node in &graph.nodes {
        parts.push(match plan.steps.iter().find(|s| s.at.node == node.id) {
            Some(step) => {
                let mut launches = node.layer.launches(&step.at, &Site::of(step, subgroups));
                launches.backward.extend(sums(step));
                let passes = [(launches.forward, Pass::Forward), (launches.backward, Pass::Backward)];
                Part {
                    title: node.name.clone(),
                    about: format!("{} → {}", extents(node.input), extents(node.output)),
                    launches: passes.iter().flat_map(|(all, pass)| all.iter().map(|l| launched(l, *pass))).collect(),
                }
            }
            None => Part { title: node.name.clone(), about: absence(graph, &plan, node.id), launches: Vec::new() },
        });
    }
    let (loss, rule, update) = (&train.loss, train.optimizer.rule(), Update::new(train.update(), graph).launches());
    let at = LossPlace { output: graph.output(), batch: train.batch, given: Given::LABELS, gradient: true };
    parts.push(Part {
        title: "Loss".to_owned(),
        about: loss.name().replace('_', " "),
        launches: loss.launches(&at).iter().map(|launch| launched(launch, Pass::Once)).collect(),
    });
    parts.push(Part {
        title: "Update".to_owned(),
        about: format!("{} of {} weights", rule.title(), graph.params_len()),
        launches: update.climb.iter().chain(&update.apply).map(|launch| launched(launch, Pass::Once)).collect(),
    });
    parts
}

fn launched(launch: &Launch, pass: Pass) -> Launched {
    Launched { shader: launch.shader, pass, groups: launch.groups }
}

fn extents(shape: Shape) -> String {
    if shape.h == 1 && shape.w == 1 { shape.ch.to_string() } else { format!("{}×{}×{}", shape.ch, shape.h, shape.w) }
}

/// Why a layer launches nothing.
fn absence(graph: &Graph, plan: &Plan, id: NodeId) -> String {
    match plan.steps.iter().find(|s| s.gives == id) {
        Some(step) => format!("done by {} as it writes", graph.node(step.at.node).name),
        None => "moves nothing: its output is its input".to_owned(),
    }
}
