//! Rectifiers that are always off: no gradient comes through them, so they stay off.

use super::{Case, Finding, Rule, remedies};

pub const RULE: Rule = Rule { name: "dead_relus", title: "Many ReLUs are dead", hides: &["vanishing", "plateau", "underfitting"], find };

/// Share of a layer's units. Some may rest on the few digits of a probe: of sparse networks a third do.
const SHARE: f64 = 0.5;

fn find(case: &Case) -> Option<Finding> {
    let probes = case.last_probes(2)?;
    let last = probes.last()?;
    let share = |layer: usize, probe: usize| {
        let l = probes[probe].layers.get(layer)?;
        (l.units >= 4).then(|| f64::from(l.dead_count) / f64::from(l.units))
    };
    let both = |layer: usize| -> Option<f64> { Some(share(layer, 0)?.min(share(layer, 1)?)) };
    let shares = (0..last.layers.len()).filter_map(|layer| Some((layer, both(layer).filter(|s| *s >= SHARE)?)));
    let (layer, _) = shares.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let l = &last.layers[layer];
    let evidence = format!(
        "{} of {} units of {} give zero on all {} digits of the probe at step {}. No gradient passes them, so they do not come back.",
        l.dead_count,
        l.units,
        case.name(layer),
        last.head.images,
        last.head.step
    );
    Some(Finding { layer: Some(engine::NodeId(layer)), ..case.finding(evidence, last.head.step, remedies::leaky(case))? })
}
