//! The loss is no longer a number.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule {
    name: "nan",
    title: "The numbers were lost",
    hides: &[
        "exploding",
        "rate_high",
        "dead_relus",
        "vanishing",
        "rate_low",
        "small_batch",
        "augmentation",
        "overfitting",
        "underfitting",
        "plateau",
    ],
    find,
};

fn find(case: &Case) -> Option<Finding> {
    let fault = case.fault?;
    let before = fault.loss.map_or(String::new(), |loss| format!(" The last one that was a number was {}.", words::number(loss)));
    let evidence = format!(
        "At step {} the loss was infinite or no number, with a learning rate of {}.{before} The weights of an earlier step are back in place.",
        fault.step,
        words::rate(fault.rate)
    );
    case.finding(evidence, fault.step, remedies::lower_rate(case, 0.1))
}
