//! The network is too small for its task: training and validation stop at the same poor result.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "underfitting", title: "The network underfits", hides: &["plateau"], find };

/// Share of training digits right, below which there is much left to learn.
const POOR: f64 = 0.9;

fn find(case: &Case) -> Option<Finding> {
    let scores = case.validation();
    let [.., before, _, last] = scores[..] else { return None };
    let train = Case::accuracy(case.epoch_before(last.epoch));
    let stands = last.loss > 0.96 * before.loss;
    if train > POOR || !stands || train > last.accuracy + 0.04 {
        return None;
    }
    let evidence = format!(
        "After {:.0} epochs {} of the training digits and {} of the validation digits are right, and the validation loss has come down by {} in two epochs. The network has {} weights.",
        last.epoch,
        words::percent(train),
        words::percent(last.accuracy),
        words::percent((1.0 - last.loss / before.loss).max(0.0)),
        case.network.graph.params_len()
    );
    case.finding(evidence, last.step, remedies::wider(case))
}
