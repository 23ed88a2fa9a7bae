//! The learning rate is too high: the loss grows, or what was learnt is lost again.

use protocol::Progress;

use super::{Case, Finding, Rule, remedies, words};

pub const RULE: Rule = Rule {
    name: "rate_high",
    title: "The learning rate is too high",
    hides: &["rate_low", "plateau", "underfitting", "augmentation", "vanishing"],
    find,
};

/// Points over which single batches are evened out.
const WINDOW: usize = 20;

fn find(case: &Case) -> Option<Finding> {
    let first = case.first_loss()?;
    let since = case.since_change();
    let is_changed = since.len() < case.points.len();
    // A rate that was just changed deserves some time.
    if since.len() < if is_changed { 3 * WINDOW } else { WINDOW } {
        return None;
    }
    let recent = Case::loss(&since[since.len() - WINDOW..]);
    let seen = grown(since, first, recent).or_else(|| lost(since, first, recent)).or_else(|| jumped(since, first, recent))?;
    let evidence = format!("{} The learning rate is {}.{}", seen.1, words::rate(case.rate), moves(case));
    case.finding(evidence, seen.0, remedies::lower_rate(case, 0.3))
}

fn grown(since: &[Progress], first: f64, recent: f64) -> Option<(u32, String)> {
    let step = since.iter().find(|p| p.loss > 1.5 * first)?.step;
    let words = || format!("The loss has grown from {} to {}.", words::number(first), words::number(recent));
    (recent > 1.5 * first).then(|| (step, words()))
}

/// Learnt, and lost again.
fn lost(since: &[Progress], first: f64, recent: f64) -> Option<(u32, String)> {
    let (best, points) = since.chunks_exact(WINDOW).map(|w| (Case::loss(w), w)).min_by(|a, b| a.0.total_cmp(&b.0))?;
    let step = points.last()?.step;
    let words = || format!("The loss was down to {} at step {step} and is {} now.", words::number(best), words::number(recent));
    (best < 0.6 * first && recent > 2.0 * best && recent > 0.5 * first).then(|| (step, words()))
}

/// Thrown far away by the first updates, and not back yet.
fn jumped(since: &[Progress], first: f64, recent: f64) -> Option<(u32, String)> {
    let top = since.iter().max_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let words = || {
        format!(
            "The loss jumped from {} to {} at step {}, and is {} now.",
            words::number(first),
            words::number(top.loss),
            top.step,
            words::number(recent)
        )
    };
    (top.loss > 3.0 * first && recent > 0.85 * first).then(|| (top.step, words()))
}

/// How far an update moves the weights, where that is much.
fn moves(case: &Case) -> String {
    let Some(last) = case.probes.last() else { return String::new() };
    let ratios = last.layers.iter().enumerate().filter(|(_, l)| l.update_ratio.is_finite());
    let most = ratios.max_by(|a, b| a.1.update_ratio.total_cmp(&b.1.update_ratio));
    match most {
        Some((layer, l)) if l.update_ratio > 0.01 => {
            format!(
                " An update changes the weights of {} by {}; usual is 0.1 %.",
                case.name(layer),
                words::percent(f64::from(l.update_ratio))
            )
        }
        _ => String::new(),
    }
}
