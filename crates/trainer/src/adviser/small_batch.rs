//! Batch norm over so few images that its mean and variance are mostly chance.

use super::{Case, Finding, Rule, remedies};

pub const RULE: Rule = Rule { name: "small_batch", title: "The batch is too small for batch norm", hides: &[], find };

/// Images, from which on batch norm works (Wu and He, *Group Normalization*, 2018: the error grows below 16, and
/// fast below 8).
const ENOUGH: usize = 8;

fn find(case: &Case) -> Option<Finding> {
    let batch = case.network.spec.train.batch;
    let nodes = &case.network.graph.nodes;
    let norm = nodes.iter().find(|n| n.layer.op().kind().name == "batch_norm2d")?;
    if batch >= ENOUGH || case.points.is_empty() {
        return None;
    }
    let count = nodes.iter().filter(|n| n.layer.op().kind().name == "batch_norm2d").count();
    let layers = if count == 1 { "layer takes its".to_owned() } else { format!("and {} further layers take their", count - 1) };
    let evidence = format!(
        "{} {layers} means and variances over {batch} {} a step: they differ from batch to batch by chance, and from the running statistics that answers are given with.",
        norm.name,
        if batch == 1 { "image" } else { "images" }
    );
    Some(Finding { layer: Some(norm.id), ..case.finding(evidence, case.points[0].step, remedies::batch(case, 32))? })
}
