//! The network learns the training digits by heart: on others it becomes worse.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "overfitting", title: "The network overfits", hides: &[], find };

fn find(case: &Case) -> Option<Finding> {
    let scores = case.validation();
    let best = scores.iter().min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let last = scores.last()?;
    let later = scores.iter().filter(|s| s.step > best.step).count();
    let train = Case::loss(case.epoch_before(last.epoch));
    // Twice in sequence, by more than chance, while the training digits go on becoming better.
    if later < 2 || last.loss < 1.1 * best.loss || train > 0.5 * last.loss || train > Case::loss(case.epoch_before(best.epoch)) {
        return None;
    }
    let evidence = format!(
        "Since step {} the validation loss has risen from {} to {}, while the training loss has come down to {}.",
        best.step,
        words::number(best.loss),
        words::number(last.loss),
        words::number(train)
    );
    case.finding(evidence, best.step, remedies::regularised(case, best.epoch as u32))
}
