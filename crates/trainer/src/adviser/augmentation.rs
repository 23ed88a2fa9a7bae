//! The images of training are moved so far that they are harder than those that count.

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule { name: "augmentation", title: "The augmentation is too strong", hides: &["underfitting", "plateau"], find };

/// By how much fewer of the moved digits are right.
const GAP: f64 = 0.1;

fn find(case: &Case) -> Option<Finding> {
    let augment = &case.network.spec.train.augment;
    let scores = case.validation();
    let last = scores.last()?;
    // The first epoch's mean is of a network that knew less.
    if augment.is_nothing() || last.epoch < 2.0 {
        return None;
    }
    let points = case.epoch_before(last.epoch);
    let train = Case::accuracy(&points[points.len() / 2..]);
    if train > last.accuracy - GAP {
        return None;
    }
    let evidence = format!(
        "Only {} of the moved training digits are right, but {} of the validation digits, which are not moved. Digits are shifted by up to {} pixels, turned by {}° and scaled by {} %.",
        words::percent(train),
        words::percent(last.accuracy),
        augment.shift,
        augment.rotate,
        100.0 * augment.scale
    );
    case.finding(evidence, last.step, remedies::calmer(case))
}
