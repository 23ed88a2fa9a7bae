//! The learning rate is too low: the weights hardly move.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "rate_low", title: "The learning rate is too low", hides: &["plateau", "underfitting"], find };

/// Points after which something should have been learnt.
const PATIENCE: usize = 100;
/// ‖change of the weights‖ / ‖weights‖; about 1e-3 is usual.
const LITTLE: f32 = 3e-4;

fn find(case: &Case) -> Option<Finding> {
    let first = case.first_loss()?;
    let warming = case.step() < case.network.schedule.warmup_steps;
    if case.since_change().len() < PATIENCE || warming {
        return None;
    }
    let recent = Case::loss(case.latest(PATIENCE / 2));
    let probes = case.last_probes(2)?;
    let ratios = || probes.iter().flat_map(|p| &p.layers).map(|l| l.update_ratio).filter(|r| r.is_finite());
    let most = ratios().fold(0.0, f32::max);
    // Falling fast enough, or growing: then it is something else.
    if !(0.85 * first..1.1 * first).contains(&recent) || most >= LITTLE || ratios().next().is_none() {
        return None;
    }
    let evidence = format!(
        "After {} steps the loss is {}; it began at {}. An update changes no layer's weights by more than {:.3} %; about 0.1 % is usual. The learning rate is {}.",
        case.step(),
        words::number(recent),
        words::number(first),
        100.0 * most,
        words::rate(case.rate)
    );
    let usual = case.usual_rate();
    let remedy = remedies::rate(if case.rate < usual / 3.0 { usual } else { 3.0 * case.rate });
    case.finding(evidence, case.step(), remedy)
}
