//! The images of training are moved so far that they are harder than those that count.

use engine::augment::AUGMENTATIONS;

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
    let how = if augment.is_affine() {
        format!(
            "Digits are shifted by up to {} pixels, turned by {}° and scaled by {} %.",
            augment.shift,
            augment.rotate,
            100.0 * augment.scale
        )
    } else {
        let on = AUGMENTATIONS.iter().filter(|entry| entry.is_on(augment));
        format!("On are: {}.", on.map(|entry| entry.title.to_lowercase()).collect::<Vec<_>>().join(", "))
    };
    let evidence = format!(
        "Only {} of the changed training digits are right, but {} of the validation digits, which are not changed. {how}",
        words::percent(train),
        words::percent(last.accuracy),
    );
    case.finding(evidence, last.step, remedies::calmer(case))
}
