//! Gradients so long that an update throws the weights far away.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "exploding", title: "Gradients explode", hides: &[], find };

/// Length of the whole gradient. Networks that learn have 0.01 to 10.
const LONG: f32 = 100.0;

fn find(case: &Case) -> Option<Finding> {
    // Two in sequence: one batch may be odd.
    let [before, last] = case.last_probes(2)? else { return None };
    let long = |norm: f32| !norm.is_finite() || norm > LONG;
    if !long(before.grad_norm()) || !long(last.grad_norm()) {
        return None;
    }
    let norms = last.layers.iter().enumerate().filter(|(_, l)| !l.grad_norm.is_nan());
    let (layer, longest) = norms.max_by(|a, b| a.1.grad_norm.total_cmp(&b.1.grad_norm))?;
    let evidence = format!(
        "At step {} the gradient has length {}; {} alone has {}, with weights of length {}. Usual are 0.01 to 10.",
        last.head.step,
        words::number(f64::from(last.grad_norm())),
        case.name(layer),
        words::number(f64::from(longest.grad_norm)),
        words::number(f64::from(longest.weight_norm)),
    );
    let remedy = remedies::clipped(case);
    Some(Finding { layer: Some(engine::NodeId(layer)), ..case.finding(evidence, last.head.step, remedy)? })
}
