//! Other settings while a run goes on: the same weights, and what of the optimizer's state still has a meaning.
//!
//! A run with a change before a step computes what a run computes that was saved there, loaded, and changed.

use engine::optim::Clock;
use protocol::{Event, Hyper, Note, RunSpec, change::changes};

use super::{Drive, Surroundings, Training};
use crate::{
    Network, OpenError,
    checkpoint::NOTES_LIMIT,
    machine::{self, Numbers},
    network::Standing,
    safeguard::Safeguard,
};

/// Changes of one setting that follow each other faster than this are one: a slider is being moved.
const ONE_CHANGE_MS: f64 = 1_500.0;

impl Training {
    pub fn tune(&mut self, hyper: Hyper, now_ms: f64) -> Event {
        let mut spec = self.network.spec.clone();
        spec.train.rate = hyper.rate;
        self.note_changes(&spec, self.step + self.ahead, now_ms);
        self.network.spec = spec;
        // Another rate is another try.
        self.lost = None;
        self.rate = hyper.rate;
        self.amended_event()
    }

    /// Takes up other settings once the steps under way have come back; an error says why it cannot.
    pub fn ask_amend(&mut self, spec: RunSpec, around: &Surroundings) -> Result<Option<Event>, String> {
        let old = &self.network;
        let told = |e: OpenError| e.to_string();
        let new = Network::open_on(&spec, old.portion, Standing::default(), around.data).map_err(told)?;
        if spec.model.init != old.spec.model.init || spec.train.seed != old.spec.train.seed {
            return Err("seed and first weights are those that the run began with: begin it anew to change them".to_owned());
        }
        if new.graph.params != old.graph.params || new.graph.state != old.graph.state || spec.model.input != old.spec.model.input {
            return Err("the network would have other weights: begin the run anew to change it".to_owned());
        }
        let mut same = old.spec.clone();
        same.train.rate = spec.train.rate;
        if same == spec {
            self.amends = None;
            return Ok(Some(self.tune(Hyper { rate: spec.train.rate }, around.now_ms)));
        }
        self.trial = None;
        self.amends = Some(spec);
        Ok(None)
    }

    /// The numbers are those of the step that has been reached: goes on from them with the settings that were asked for.
    pub(super) fn amended(&mut self, numbers: &Numbers, around: &mut Surroundings) {
        let Some(spec) = self.amends.take() else { return };
        let (network, numbers, lost) = match amended(&self.network, &spec, numbers, self.step, around) {
            Ok(new) => new,
            Err(error) => {
                around.outbox.push(Event::Declined { run: self.id, message: format!("amend: {error}") }.into());
                return;
            }
        };
        self.report(around.now_ms, around.outbox);
        let (machine, refusal) = machine::made(&network, &numbers, around.maker.as_deref(), around.hire);
        self.note_changes(&spec, self.step, around.now_ms);
        self.notes.extend(lost.into_iter().map(|what| Note::told(self.step, what)));
        if spec.train.epochs != self.network.spec.train.epochs {
            self.goal = spec.train.epochs;
        }
        if !spec.train.stopping.restore_best || network.split != self.network.split {
            self.best = None;
        }
        self.rate = spec.train.rate;
        self.penalty = penalty(&network, &numbers);
        let state_len = |n: &Network| n.spec.train.update().state_len(n.graph.params_len());
        if network.standing() != self.network.standing() || state_len(&network) != state_len(&self.network) {
            self.moments.forget();
        }
        self.look_now(around.outbox);
        self.probes.change();
        // Other settings are another try.
        self.lost = None;
        self.network = network;
        self.machine = machine;
        self.safeguard = Safeguard::new(self.step, numbers);
        self.go_back(self.step);
        if self.drive == Drive::Finished && !self.at_goal() {
            self.drive = Drive::Paused;
        }
        self.meter.start(around.now_ms);
        around.outbox.push(self.amended_event().into());
        if let Some(fault) = refusal {
            if fault.lost {
                *around.maker = None;
            }
            around.outbox.push(self.moved(format!("{fault}: the run continues on the CPU")).into());
        }
    }

    pub(super) fn amended_event(&self) -> Event {
        let spec = self.network.spec.clone();
        Event::Amended { run: self.id, step: self.step + self.ahead, spec, summary: self.summary(), notes: self.notes.clone() }
    }

    fn note_changes(&mut self, spec: &RunSpec, step: u32, now_ms: f64) {
        let mut news = changes(&self.network.spec, spec, step);
        if let ([new], Some(last)) = (&mut news[..], self.notes.last_mut())
            && new.what == last.what
            && now_ms - self.changed_ms < ONE_CHANGE_MS
            && !last.to.is_empty()
        {
            last.to = std::mem::take(&mut new.to);
            last.step = step;
            news.clear();
            if self.notes.last().is_some_and(|n| n.from == n.to) {
                self.notes.pop();
            }
        }
        self.changed_ms = now_ms;
        self.notes.append(&mut news);
        let surplus = self.notes.len().saturating_sub(NOTES_LIMIT);
        self.notes.drain(..surplus);
    }

    /// Something happened to the run at the step that has been reached.
    pub(super) fn note(&mut self, what: String) {
        self.notes.push(Note::told(self.step, what));
    }
}

/// What the penalty adds to the loss.
pub(super) fn penalty(network: &Network, numbers: &Numbers) -> f64 {
    let treatment = &network.spec.train.treatment;
    if !treatment.has_penalty() {
        return 0.0;
    }
    let penalty = treatment.penalty(&network.graph, &numbers.params);
    // A head holds finite numbers.
    if penalty.is_finite() { penalty } else { 0.0 }
}

/// `old` with the settings of `spec` from `step` on, its numbers, and in words what of the optimizer's state was lost.
fn amended(
    old: &Network,
    spec: &RunSpec,
    numbers: &Numbers,
    step: u32,
    around: &Surroundings,
) -> Result<(Network, Numbers, Vec<String>), OpenError> {
    let fresh = Network::open_on(spec, old.portion, Standing::default(), around.data)?;
    let [before, after] = [old, &fresh].map(|n| n.spec.train.update());
    let same_rule = before.optimizer.rule().name() == after.optimizer.rule().name();
    let same_sums = before.treatment.accumulate == after.treatment.accumulate;
    let clock = match (same_rule, same_sums) {
        (true, true) => old.clock,
        (true, false) => Clock { since: step, made: old.clock.updates(step, before.treatment.accumulate) },
        (false, _) => Clock { since: step, made: 0 },
    };
    let origin = old.feed.handed_on(step, &fresh.feed);
    let network = fresh.standing_at(Standing { origin, clock });

    let len = numbers.params.len();
    let mut optimizer_state = vec![0.0; after.state_len(len)];
    let names = before.slots();
    for (slot, block) in after.slots().into_iter().zip(optimizer_state.chunks_exact_mut(len.max(1))) {
        let kept = if slot == "grad_sum" { same_sums && same_rule } else { same_rule };
        if let Some(place) = names.iter().position(|name| kept && *name == slot) {
            block.copy_from_slice(&numbers.optimizer_state[place * len..(place + 1) * len]);
        }
    }
    let mut lost = Vec::new();
    if !same_rule && !names.is_empty() {
        lost.push(format!(
            "what {} had gathered is dropped, and {} begins anew",
            before.optimizer.rule().title(),
            after.optimizer.rule().title()
        ));
    }
    let numbers = Numbers { params: numbers.params.clone(), state: numbers.state.clone(), optimizer_state };
    Ok((network, numbers, lost))
}
