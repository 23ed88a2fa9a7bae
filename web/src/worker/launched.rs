//! What a graphics card launches for one step of training, file by file.

use std::sync::Arc;

use data::CLASSES;
use engine::{
    Graph, Mode, NodeId, Plan, PlanOptions, Shape, Update,
    backend::gpu::{
        gather,
        launch::{Launch, Shader, Site, Storage, sums},
    },
    loss::{Given, LossPlace},
    plan::Watch,
};
use protocol::{RunSpec, TrainSpec};

use crate::link::listing::{File, Launched, Listing, Part, Pass};

/// The launches of a step of this run, in the order of the forward pass. Empty where the network is none, or needs more
/// memory than any plan may.
pub fn listing(spec: &RunSpec, subgroups: bool, half: bool) -> Listing {
    let mut list = List { storage: if half { Storage::F16 } else { Storage::F32 }, listing: Listing::default() };
    if let Ok(graph) = Graph::check_classifier(&spec.model, CLASSES) {
        list.fill(&Arc::new(graph), &spec.train, subgroups);
    }
    list.listing
}

struct List {
    storage: Storage,
    listing: Listing,
}

impl List {
    fn fill(&mut self, graph: &Arc<Graph>, train: &TrainSpec, subgroups: bool) {
        let options = PlanOptions { batch: train.batch, mode: Mode::Train, watch: Watch::Nothing };
        let Ok(plan) = Plan::compile(graph, &options) else { return };
        let batch = gather::launches(graph.spec.input, train.batch, true, &train.augment, graph.output().len());
        let changed = if train.augment.is_nothing() { "" } else { ", changed at random" };
        self.part("Batch", &format!("{} digits from their bytes{changed}", train.batch), &[(&batch, Pass::Once)]);
        for node in &graph.nodes {
            match plan.steps.iter().find(|s| s.at.node == node.id) {
                Some(step) => {
                    let mut launches = node.layer.launches(&step.at, &Site::of(step, subgroups));
                    launches.backward.extend(sums(step));
                    let about = format!("{} → {}", extents(node.input), extents(node.output));
                    self.part(&node.name, &about, &[(&launches.forward, Pass::Forward), (&launches.backward, Pass::Backward)]);
                }
                None => self.part(&node.name, &absence(graph, &plan, node.id), &[]),
            }
        }
        let at = LossPlace {
            output: graph.output(),
            batch: train.batch,
            given: if train.augment.mixes() { Given::DENSE } else { Given::LABELS },
            gradient: true,
        };
        self.part("Loss", &train.loss.name().replace('_', " "), &[(&train.loss.launches(&at), Pass::Once)]);
        let update = Update::new(train.update(), graph).launches();
        let about = format!("{} of {} weights", train.optimizer.rule().title(), graph.params_len());
        self.part("Update", &about, &[(&update.climb, Pass::Once), (&update.apply, Pass::Once)]);
    }

    fn part(&mut self, title: &str, about: &str, passes: &[(&[Launch], Pass)]) {
        let all = passes.iter().flat_map(|(launches, pass)| launches.iter().map(|launch| (launch, *pass)));
        let launches = all.map(|(launch, pass)| Launched { file: self.file(launch.shader), pass, groups: launch.groups }).collect();
        self.listing.parts.push(Part { title: title.to_owned(), about: about.to_owned(), launches });
    }

    /// The place of a file among those listed, to which it is added where it is new.
    fn file(&mut self, shader: &Shader) -> usize {
        let files = &mut self.listing.files;
        files.iter().position(|file| file.name == shader.name).unwrap_or_else(|| {
            files.push(File { name: shader.name.to_owned(), text: shader.text(self.storage).into_owned() });
            files.len() - 1
        })
    }
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
