//! The loss no longer falls, though there is something left to learn.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "plateau", title: "The loss stands still", hides: &[], find };

/// Points of each of the two stretches that are compared.
const WINDOW: usize = 200;

fn find(case: &Case) -> Option<Finding> {
    let since = case.since_change();
    if since.len() < 2 * WINDOW {
        return None;
    }
    let (before, now) = since[since.len() - 2 * WINDOW..].split_at(WINDOW);
    let (was, is, accuracy) = (Case::loss(before), Case::loss(now), Case::accuracy(now));
    // At the end of a schedule the rate is down on purpose.
    let top = since.iter().map(|p| p.rate).fold(0.0, f32::max);
    let fades = now.last().is_some_and(|p| p.rate < 0.3 * top);
    if is < 0.98 * was || accuracy > 0.97 || fades {
        return None;
    }
    let (from, to) = (before.first()?.step, now.last()?.step);
    let evidence = format!(
        "Over steps {from} to {to} the loss went from {} to {}, with {} of the training digits right.",
        words::number(was),
        words::number(is),
        words::percent(accuracy)
    );
    // Large steps jump to and fro over the valley, small ones creep.
    let most =
        case.probes.last().map_or(f32::NAN, |p| p.layers.iter().map(|l| l.update_ratio).filter(|r| r.is_finite()).fold(0.0, f32::max));
    let remedy = if most < 3e-4 { remedies::rate(3.0 * case.rate) } else { remedies::lower_rate(case, 0.3) };
    case.finding(evidence, before.last()?.step, remedy)
}
