//! An [`UpdateSpec`] made ready for one network.

use std::ops::Range;

use serde::Serialize;

use super::{OptimizerKernel, Part, SLOTS_LIMIT, Treatment, UpdateSpec, passes};
use crate::{Graph, StepInputs, arena::carve, json::Read, ops::ParamRole};

/// Neighbouring weights that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// The place after its last weight; it begins where the one before ends.
    pub end: usize,
    /// Of the rate; 0: frozen.
    pub factor: f32,
    /// Of the rule's weight decay: 1 or 0.
    pub decay: f32,
    pub penalised: bool,
}

/// From where updates are counted. Rules that correct for their first updates (Adam) know their number; where a rule
/// or the number of batches to an update changes within a run, the count begins anew or goes on from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// A batch (step), with which an update begins.
    pub since: u32,
    /// Updates of the rule before it.
    pub made: u32,
}

impl Clock {
    /// Updates before the one that the batch of `step` belongs to.
    pub fn updates(self, step: u32, accumulate: u32) -> u32 {
        self.made.saturating_add(step.saturating_sub(self.since) / accumulate.max(1))
    }
}

/// A rule and what stands around it, for one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    pub spec: UpdateSpec,
    pub params_len: usize,
    pub clock: Clock,
    groups: Vec<Group>,
}

impl Update {
    /// Whatever `spec` says: rates of layers that are not there are passed over.
    pub fn new(spec: UpdateSpec, graph: &Graph) -> Self {
        let treatment = &spec.treatment;
        let mut groups: Vec<Group> = Vec::new();
        for param in &graph.params {
            let is_weight = param.role == ParamRole::Weight;
            let group = Group {
                end: param.range.end,
                factor: treatment.rates.get(&param.node).copied().unwrap_or(1.0),
                decay: f32::from(u8::from(treatment.decay_all || is_weight)),
                penalised: treatment.has_penalty() && (treatment.penalise_all || is_weight),
            };
            match groups.last_mut() {
                Some(last) if (Group { end: group.end, ..*last }) == group => last.end = group.end,
                _ => groups.push(group),
            }
        }
        Self { params_len: graph.params_len(), clock: Clock::default(), spec, groups }
    }

    /// In order; the last ends with the weights.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub fn treatment(&self) -> &Treatment {
        &self.spec.treatment
    }

    fn kernel(&self) -> &dyn OptimizerKernel {
        self.spec.optimizer.kernel()
    }

    pub fn state_len(&self) -> usize {
        self.spec.state_len(self.params_len)
    }

    /// Whether the weights move after this batch; else its gradient is only added to the sum.
    pub fn moves_at(&self, step: u32) -> bool {
        let batches = self.treatment().accumulate.max(1);
        step.saturating_sub(self.clock.since) % batches == batches - 1
    }

    /// What the rule sees: updates are counted, not batches.
    fn rule_inputs(&self, now: &StepInputs) -> StepInputs {
        StepInputs { step: self.clock.updates(now.step, self.treatment().accumulate), ..*now }
    }

    /// What the rule's shader finds in `now.rule`.
    pub fn rule_numbers(&self, now: &StepInputs) -> [f32; 4] {
        self.kernel().rule(&self.rule_inputs(now))
    }
    /// Adds the gradient of the penalty.
    pub fn penalise(&self, params: &[f32], grads: &mut [f32]) {
        let treatment = self.treatment();
        if treatment.has_penalty() {
            passes::penalise(params, grads, &self.groups, [treatment.l1, treatment.l2]);
        }
    }

    /// The step up of sharpness-aware minimisation.
    pub fn perturb(&self, params: &mut [f32], grads: &[f32]) {
        let scale = self.treatment().sam / (passes::norm(grads, &self.groups) + 1e-12);
        passes::add_scaled(params, grads, &self.groups, scale);
    }

    /// All after the backward pass: overwrites `grads` with what the rule saw, and moves `params` and
    /// `state` unless the batch is only added to a sum.
    pub fn apply(&self, params: &mut [f32], grads: &mut [f32], state: &mut [f32], now: &StepInputs) {
        let treatment = self.treatment();
        let (state, sums) = state.split_at_mut(self.spec.optimizer.state_len(self.params_len));
        if treatment.accumulate > 1 {
            let last = self.moves_at(now.step);
            passes::accumulate(grads, sums, 1.0 / treatment.accumulate as f32, last);
            if !last {
                return;
            }
        }
        if !treatment.has_sam() {
            self.penalise(params, grads);
        }
        if treatment.clip_value > 0.0 {
            passes::clip_value(grads, treatment.clip_value);
        }
        if treatment.clip_norm > 0.0 {
            let norm = passes::norm(grads, &self.groups);
            passes::scale(grads, (treatment.clip_norm / (norm + 1e-6)).min(1.0));
        }
        let now = self.rule_inputs(now);
        let mut first = 0;
        for group in &self.groups {
            let range = first..group.end;
            first = group.end;
            if group.factor == 0.0 {
                continue;
            }
            let part = Part {
                slots: pieces(state, self.params_len, range.clone()),
                params: &mut params[range.clone()],
                grads: &grads[range],
                factor: group.factor,
                decay: group.decay,
            };
            self.kernel().update(part, &now);
        }
    }
}

/// The pieces at `range` of blocks that are each `len` long.
pub(super) fn pieces(state: &mut [f32], len: usize, range: Range<usize>) -> [&mut [f32]; SLOTS_LIMIT] {
    let count = state.len().checked_div(len).unwrap_or(0);
    carve(state, std::array::from_fn(|i| if i < count { i * len + range.start..i * len + range.end } else { 0..0 }))
}
