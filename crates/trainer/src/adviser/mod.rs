//! What goes wrong in a run: one rule a file, one line a rule in the list below.
//!
//! A rule looks at what the run has shown so far ([`Case`]) and says what it sees, with its numbers, the step and
//! the layer, and what helps, as data. It is silent where it is not sure: a wrong alarm costs more than a late one.

mod augmentation;
mod dead_relus;
mod exploding;
mod nan;
mod overfitting;
mod plateau;
mod rate_high;
mod rate_low;
mod remedies;
mod small_batch;
mod underfitting;
mod vanishing;
mod words;

use engine::NodeId;
use protocol::{Advice, EvalSet, Progress, Reading, Remedy, Score};

use crate::Network;

/// After so many steps beyond the one at which its numbers were lost a run is well again.
pub const WELL_AGAIN: u32 = 30;

/// Numbers that were lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// Updates made before the loss was no number.
    pub step: u32,
    pub rate: f32,
    /// The last loss that was one.
    pub loss: Option<f64>,
}

/// What a rule sees.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub network: &'a Network,
    /// The learning rate as it is set now, before its schedule.
    pub rate: f32,
    pub points: &'a [Progress],
    pub scores: &'a [Score],
    pub probes: &'a [Reading],
    pub fault: Option<Fault>,
}

/// What a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub evidence: String,
    pub step: u32,
    pub layer: Option<NodeId>,
    pub remedy: Option<Remedy>,
}

/// One thing that can go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    pub title: &'static str,
    /// Rules whose findings this one explains.
    pub hides: &'static [&'static str],
    pub find: fn(&Case) -> Option<Finding>,
}

/// The most pressing first.
pub const RULES: &[&Rule] = &[
    &nan::RULE,
    &exploding::RULE,
    &rate_high::RULE,
    &dead_relus::RULE,
    &vanishing::RULE,
    &rate_low::RULE,
    &small_batch::RULE,
    &augmentation::RULE,
    &overfitting::RULE,
    &underfitting::RULE,
    &plateau::RULE,
];

/// What goes wrong, the most pressing first.
pub fn advise(case: &Case) -> Vec<Advice> {
    let found: Vec<(&Rule, Finding)> = RULES.iter().filter_map(|rule| Some((*rule, (rule.find)(case)?))).collect();
    let hidden: Vec<&str> = found.iter().flat_map(|(rule, _)| rule.hides).copied().collect();
    let visible = found.into_iter().filter(|(rule, _)| !hidden.contains(&rule.name));
    let advice = |(rule, finding): (&Rule, Finding)| Advice {
        rule: rule.name.to_owned(),
        title: rule.title.to_owned(),
        evidence: finding.evidence,
        step: finding.step,
        layer: finding.layer,
        remedy: finding.remedy,
    };
    visible.map(advice).collect()
}

impl<'a> Case<'a> {
    /// Mean of the loss over points.
    fn loss(points: &[Progress]) -> f64 {
        points.iter().map(|p| p.loss).sum::<f64>() / points.len().max(1) as f64
    }

    fn accuracy(points: &[Progress]) -> f64 {
        points.iter().map(|p| p.accuracy).sum::<f64>() / points.len().max(1) as f64
    }

    /// The last `count` points, or all there are.
    fn latest(&self, count: usize) -> &'a [Progress] {
        &self.points[self.points.len().saturating_sub(count)..]
    }

    /// Points of the last epoch up to `epoch`.
    fn epoch_before(&self, epoch: f64) -> &'a [Progress] {
        let first = self.points.partition_point(|p| p.epoch <= epoch - 1.0);
        let end = self.points.partition_point(|p| p.epoch <= epoch);
        &self.points[first.min(end)..end]
    }

    /// The loss before anything was learnt.
    fn first_loss(&self) -> Option<f64> {
        self.points.first().map(|p| p.loss).filter(|loss| *loss > 0.0)
    }

    /// Points since the rate was last changed by hand, or made a jump: what came before says nothing about it.
    fn since_change(&self) -> &'a [Progress] {
        let changed = |pair: &[Progress]| {
            let (before, after) = (pair[0].rate, pair[1].rate);
            after < 0.6 * before || before < 0.6 * after && pair[1].step > self.network.schedule.warmup_steps
        };
        let place = self.points.windows(2).rposition(changed).map_or(0, |place| place + 1);
        &self.points[place..]
    }

    fn validation(&self) -> Vec<&'a Score> {
        self.scores.iter().filter(|s| s.set == EvalSet::Validation).collect()
    }

    /// The last `count` probes, if there are as many.
    fn last_probes(&self, count: usize) -> Option<&'a [Reading]> {
        self.probes.len().checked_sub(count).map(|first| &self.probes[first..])
    }

    fn name(&self, layer: usize) -> &'a str {
        &self.network.graph.nodes[layer].name
    }

    fn finding(&self, evidence: String, step: u32, remedy: Option<Remedy>) -> Option<Finding> {
        Some(Finding { evidence, step, layer: None, remedy })
    }

    fn step(&self) -> u32 {
        self.points.last().map_or(0, |p| p.step)
    }

    fn usual_rate(&self) -> f32 {
        self.network.spec.train.optimizer.rule().usual_rate()
    }
}
