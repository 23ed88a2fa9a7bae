//! Gradients that die out on their way back: early layers do not learn.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "vanishing", title: "Gradients vanish", hides: &["rate_low", "plateau", "underfitting"], find };

/// ‖gradient of the first layer‖ / ‖gradient of the last‖. Networks that learn have 0.05 to 20.
const FAINT: f32 = 3e-3;

fn find(case: &Case) -> Option<Finding> {
    let first_loss = case.first_loss()?;
    let probes = case.last_probes(3)?;
    if case.points.len() < 20 || Case::loss(case.latest(20)) < 0.8 * first_loss {
        return None;
    }
    let ends = |probe: &protocol::Reading| {
        let with = || probe.layers.iter().enumerate().filter(|(_, l)| l.grad_norm.is_finite());
        let (first, last) = (with().next()?, with().next_back()?);
        (last.1.grad_norm > 0.0).then_some((first.0, first.1.grad_norm, last.0, last.1.grad_norm))
    };
    let faint = |probe| ends(probe).is_some_and(|(_, first, _, last)| first < FAINT * last);
    if !probes.iter().all(faint) {
        return None;
    }
    let probe = probes.last()?;
    let (first, faint, last, strong) = ends(probe)?;
    let evidence = format!(
        "At step {} the gradient has length {} at {} and {} at {}: {} times less. The first layers hardly learn, and the loss is still {}.",
        probe.head.step,
        words::number(f64::from(strong)),
        case.name(last),
        words::number(f64::from(faint)),
        case.name(first),
        if faint > 0.0 { words::number(f64::from(strong / faint)) } else { "infinitely many".to_owned() },
        words::number(Case::loss(case.latest(20)))
    );
    Some(Finding { layer: Some(engine::NodeId(first)), ..case.finding(evidence, probe.head.step, remedies::lively(case))? })
}
