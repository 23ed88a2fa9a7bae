//! What is being built: the draft of a run, the layer that is chosen in it, and the way back.

use engine::{Draft, LayerSpec, ModelSpec, Param, Repair};
use leptos::prelude::*;
use protocol::RunSpec;

use crate::{dom, reaction::effect};

/// Changes of settings within this time of each other are taken back together: a slider that is pulled.
const TOGETHER_MS: f64 = 700.0;
/// Steps that can be taken back.
const MOST: usize = 300;

/// Steps back and forth.
#[derive(Debug, Default)]
struct Steps {
    past: Vec<RunSpec>,
    future: Vec<RunSpec>,
    /// What the draft was when it was looked at last.
    now: Option<RunSpec>,
    /// What ran then: a draft that equals it has not been touched.
    running: Option<RunSpec>,
    last_ms: f64,
}

/// The draft and what is done to it. Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Builder {
    pub draft: RwSignal<RunSpec>,
    /// Place of the layer or of the branch that is chosen; empty where there is none.
    pub place: RwSignal<Vec<usize>>,
    /// Whether weights that still fit are to be kept.
    pub keep: RwSignal<bool>,
    /// What became of a file, in words; and whether it was taken.
    pub told: RwSignal<Option<(bool, String)>>,
    pub can_undo: RwSignal<bool>,
    pub can_redo: RwSignal<bool>,
    steps: StoredValue<Steps>,
}

impl Builder {
    pub fn new(draft: RwSignal<RunSpec>) -> Self {
        Self {
            draft,
            place: RwSignal::new(Vec::new()),
            keep: RwSignal::new(false),
            told: RwSignal::new(None),
            can_undo: RwSignal::new(false),
            can_redo: RwSignal::new(false),
            steps: StoredValue::new(Steps::default()),
        }
    }

    /// Follows the draft, whoever changes it, and what runs: an untouched draft is what runs.
    pub fn follow(self, running: RwSignal<RunSpec>) {
        effect(move || {
            let spec = running.get();
            let untouched = self.steps.with_value(|s| s.running.is_none() || s.running.as_ref() == s.now.as_ref());
            self.steps.update_value(|s| s.running = Some(spec.clone()));
            if untouched {
                self.steps.update_value(|s| s.now = Some(spec.clone()));
                self.draft.set(spec);
            }
        });
        effect(move || {
            let draft = self.draft.get();
            self.steps.update_value(|s| s.note(draft));
            self.show_steps();
        });
    }

    fn show_steps(self) {
        let (undo, redo) = self.steps.with_value(|s| (!s.past.is_empty(), !s.future.is_empty()));
        self.can_undo.set(undo);
        self.can_redo.set(redo);
    }

    /// Takes the last change of network or settings back.
    pub fn undo(self) {
        self.turn(|s| (&mut s.past, &mut s.future));
    }

    pub fn redo(self) {
        self.turn(|s| (&mut s.future, &mut s.past));
    }

    fn turn(self, ends: fn(&mut Steps) -> (&mut Vec<RunSpec>, &mut Vec<RunSpec>)) {
        let now = self.draft.get_untracked();
        let spec = self.steps.try_update_value(|s| {
            s.note(now.clone());
            let (from, to) = ends(s);
            let spec = from.pop()?;
            to.push(now);
            s.now = Some(spec.clone());
            s.last_ms = 0.0;
            Some(spec)
        });
        if let Some(spec) = spec.flatten() {
            self.draft.set(spec);
            self.show_steps();
        }
    }

    pub fn model(self) -> ModelSpec {
        self.draft.with_untracked(|d| d.model.clone())
    }

    /// Another network, with `place` chosen in it.
    pub fn set(self, model: ModelSpec, place: Vec<usize>) {
        self.draft.update(|d| {
            // Rates are of layers by number: where layers have moved they mean others.
            if d.model.layers != model.layers {
                d.train.treatment.rates.clear();
            }
            d.model = model;
        });
        self.place.set(place);
        self.mend_place();
    }

    /// Chooses a layer that is there, if the chosen one is not.
    pub fn mend_place(self) {
        let place = self.place.get_untracked();
        let found = self.draft.with_untracked(|d| nearest(&d.model, &place));
        if found != place {
            self.place.set(found);
        }
    }

    /// The gap behind what is chosen: in a chosen branch, its first.
    pub fn gap(self) -> Vec<usize> {
        let place = self.place.get_untracked();
        self.draft.with_untracked(|d| match place.split_last() {
            None => vec![d.model.layers.len()],
            Some(_) if place.len().is_multiple_of(2) => [&place[..], &[0]].concat(),
            Some((index, list)) => [list, &[index + 1]].concat(),
        })
    }

    /// Puts layers into a gap and chooses the last of them.
    pub fn insert(self, gap: &[usize], layers: Vec<LayerSpec>) {
        let count = layers.len();
        if let (Some(model), Some((index, list))) = (self.model().inserted(gap, layers), gap.split_last()) {
            self.set(model, [list, &[index + count.saturating_sub(1)]].concat());
        }
    }

    pub fn remove(self) {
        let place = self.place.get_untracked();
        let model = self.model();
        let without = match place.split_last() {
            Some((branch, join)) if place.len().is_multiple_of(2) => self.with_branches(join, |branches| drop(branches.remove(*branch))),
            _ => model.removed(&place),
        };
        if let Some(without) = without {
            self.set(without, place);
        }
    }

    pub fn duplicate(self) {
        let place = self.place.get_untracked();
        if let Some(layer) = self.model().layer(&place).cloned() {
            self.insert(&self.gap(), vec![layer]);
        }
    }

    /// Moves the chosen layer into the next gap.
    pub fn shift(self, up: bool) {
        let place = self.place.get_untracked();
        let model = self.model();
        if let Some(gap) = model.next_gap(&place, up) {
            self.put(&place, &gap);
        }
    }

    pub fn put(self, from: &[usize], gap: &[usize]) {
        if let Some((model, place)) = self.model().moved(from, gap) {
            self.set(model, place);
        }
    }

    /// The model with the branches of a join changed.
    pub fn with_branches(self, join: &[usize], change: impl FnOnce(&mut Vec<Vec<LayerSpec>>)) -> Option<ModelSpec> {
        let model = self.model();
        let layer = model.layer(join)?;
        let mut branches = layer.op().branches().to_vec();
        change(&mut branches);
        let layer = layer.op().with_branches(branches)?;
        model.with_layer(join, layer)
    }

    pub fn mend(self, repair: &Repair) {
        let place = repair.place.clone().unwrap_or_else(|| self.place.get_untracked());
        self.set(repair.model.clone(), place);
    }

    /// Moves the choice up or down the list.
    pub fn step(self, by: isize) {
        let stops = self.draft.with_untracked(|d| stops(&d.model));
        let place = self.place.get_untracked();
        let at = stops.iter().position(|s| *s == place);
        let next = match at {
            None => 0,
            Some(at) => at.saturating_add_signed(by).min(stops.len().saturating_sub(1)),
        };
        if let Some(next) = stops.get(next) {
            self.place.set(next.clone());
        }
    }

    /// What `of` says of each tensor of the layer at `place`.
    pub fn checked_params<T>(self, place: &[usize], of: impl Fn(&Param) -> T) -> Vec<T> {
        let draft = self.draft.with_untracked(|d| Draft::of(&d.model, data::CLASSES));
        let params = draft.node(place).map(|node| node.params.clone()).unwrap_or_default();
        draft.params.get(params).unwrap_or_default().iter().map(of).collect()
    }
}

impl Steps {
    /// The draft is `draft` now.
    fn note(&mut self, draft: RunSpec) {
        let Some(before) = self.now.replace(draft.clone()) else { return };
        if before == draft {
            return;
        }
        let now_ms = dom::now_ms();
        let together = now_ms - self.last_ms < TOGETHER_MS && ops(&before) == ops(&draft) && !self.past.is_empty();
        self.last_ms = now_ms;
        self.future.clear();
        if !together {
            self.past.push(before);
            let surplus = self.past.len().saturating_sub(MOST);
            self.past.drain(..surplus);
        }
    }
}

/// The operators of a network in order: what a change of settings leaves alone.
fn ops(spec: &RunSpec) -> Vec<(Vec<usize>, &'static str)> {
    let model = &spec.model;
    let name = |place: Vec<usize>| model.layer(&place).map(|l| l.op().kind().name).map(|name| (place, name));
    model.places().into_iter().filter_map(name).collect()
}

/// Every place that can be chosen: layers, and behind each join its branches with theirs.
pub fn stops(model: &ModelSpec) -> Vec<Vec<usize>> {
    let mut stops = Vec::new();
    for gap in model.gaps() {
        // The first gap of a branch comes after the branch's own line.
        if let Some((0, branch)) = gap.split_last()
            && !branch.is_empty()
        {
            stops.push(branch.to_vec());
        }
        if model.layer(&gap).is_some() {
            stops.push(gap);
        }
    }
    stops
}

/// `place` if something is there, else what is nearest before it.
fn nearest(model: &ModelSpec, place: &[usize]) -> Vec<usize> {
    let mut place = place.to_vec();
    while !place.is_empty() {
        let is_there = if place.len().is_multiple_of(2) { model.list(&place).is_some() } else { model.layer(&place).is_some() };
        if is_there {
            return place;
        }
        match place.last_mut() {
            Some(0) | None => drop(place.pop()),
            Some(index) => *index -= 1,
        }
    }
    if model.layers.is_empty() { place } else { vec![0] }
}

#[cfg(test)]
mod tests {
    use engine::presets::preset;

    use super::*;

    #[test]
    fn branches_are_stops_of_their_own() {
        let model = preset("resnet").unwrap().model();
        let stops = stops(&model);
        assert_eq!(stops.len(), model.places().len() + 2 * 3);
        assert_eq!(stops.iter().filter(|s| s.len() == 2).count(), 6);
        // The first residual block: the join, its empty branch, its second branch, a layer of that.
        assert_eq!(stops[3..7], [vec![3], vec![3, 0], vec![3, 1], vec![3, 1, 0]]);
    }

    #[test]
    fn what_is_gone_leaves_the_choice_beside_it() {
        let model = preset("lens").unwrap().model();
        assert_eq!(nearest(&model, &[4]), [4]);
        assert_eq!(nearest(&model, &[40]), [10]);
        assert_eq!(nearest(&model, &[4, 1, 0]), [4]);
        let none = ModelSpec { layers: vec![], ..model };
        assert!(nearest(&none, &[0]).is_empty());
    }
}
