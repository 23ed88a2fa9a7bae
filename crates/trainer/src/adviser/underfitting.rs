//! The network is too small for its task: training and validation stop at the same poor result.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "underfitting", title: "The network underfits", hides: &["plateau"], find };

/// Share of training digits right, below which there is much left to learn.
const POOR: f64 = 0.9;

fn find(case: &Case) -> Option<Finding> {
    let scores = case.validation();
    let ([.., _, last], Some(first)) = (&scores[..], case.first_loss()) else { return None };
    let (before, latest) = scores.split_at(scores.len() - 2);
    let best = |of: &[&protocol::Score]| of.iter().map(|s| s.loss).fold(f64::INFINITY, f64::min);
    let (before, latest) = (best(before), best(latest));
    let train = Case::accuracy(case.epoch_before(last.epoch));
    // One that has learnt nothing at all is not small, but stuck.
    let stands = before.is_finite() && latest > 0.96 * before && Case::loss(case.epoch_before(last.epoch)) < 0.85 * first;
    if train > POOR || !stands || train > last.accuracy + 0.08 {
        return None;
    }
    let evidence = format!(
        "After {:.0} epochs {} of the training digits and {} of the validation digits are right, and the validation loss has come down by {} in two epochs. The network has {} weights.",
        last.epoch,
        words::percent(train),
        words::percent(last.accuracy),
        words::percent((1.0 - latest / before).max(0.0)),
        case.network.graph.params_len()
    );
    case.finding(evidence, last.step, remedies::wider(case))
}
