//! Other settings while the run goes on, and searches.

use engine::Graph;
use leptos::prelude::*;
use protocol::{Command, Quest, RunSpec, TrainSpec};

use super::Lab;
use crate::{dom::frame, state::toolbox::Search};

/// Settings that have not changed for so long are kept.
const CHANGED_MS: i32 = 300;

/// What of `draft` the run of `running` can take up as it goes: everything but what gives it other weights or another
/// start.
pub fn live_part(running: &RunSpec, draft: &RunSpec) -> RunSpec {
    let mut spec = draft.clone();
    spec.train.seed = running.train.seed;
    spec.model.init = running.model.init;
    // Another set begins another run; how often images of one's own come goes with it.
    if spec.train.data != running.train.data {
        (spec.train.data, spec.train.selection.repeat) = (running.train.data, running.train.selection.repeat);
    }
    let same = match (Graph::check(&running.model), Graph::check(&spec.model)) {
        (Ok(old), Ok(new)) => old.params == new.params && old.state == new.state && old.spec.input == new.spec.input,
        _ => false,
    };
    if !same {
        // Rates are of the layers of the other network.
        let mut treatment = spec.train.treatment.clone();
        treatment.rates.clone_from(&running.train.treatment.rates);
        spec = RunSpec { model: running.model.clone(), train: TrainSpec { treatment, ..spec.train } };
    }
    spec
}

impl Lab {
    /// The run goes on with what it can take up of `draft`, where that is anything new.
    pub fn amend(&self, draft: &RunSpec) {
        let state = self.state;
        let running = state.spec.get_untracked();
        let spec = live_part(&running, draft);
        if spec != running && spec.train.check().is_ok() && state.is_open() {
            self.command(Command::Amend { run: state.run.get_untracked(), spec });
        }
    }

    /// A checkpoint with the settings as they are now, once they have been left alone for a moment.
    pub(super) fn keep_changed(&self) {
        let lab = *self;
        let link = protocol::link::encode(&self.state.spec.get_untracked());
        frame::after(CHANGED_MS, move || {
            if protocol::link::encode(&lab.state.spec.get_untracked()) == link {
                lab.inner.update_value(|inner| inner.keeper.outdate());
                lab.keep();
            }
        });
    }

    /// Begins a search, or ends the one under way.
    pub fn seek(&self, quest: Option<Quest>) {
        if let Some(quest) = quest {
            self.state.toolbox.search.set(Some(Search { quest, finding: None, over: false, message: String::new() }));
        }
        self.tell_run(Command::Seek { run: self.state.run.get_untracked(), quest });
    }
}

#[cfg(test)]
mod tests {
    use engine::{Init, ops::Dense, presets::PRESETS};

    use super::*;

    #[test]
    fn what_needs_a_new_start_waits_for_it() {
        let running = RunSpec::default();
        let mut draft = running.clone();
        draft.train.rate = 0.5;
        assert_eq!(live_part(&running, &draft), draft);
        draft.train.seed = 9;
        draft.model.init = Init::Zero;
        let live = live_part(&running, &draft);
        assert_eq!((live.train.seed, live.model.init, live.train.rate), (running.train.seed, running.model.init, 0.5));
        draft.model = PRESETS[1].model();
        assert_eq!(live_part(&running, &draft).model, running.model);
        draft.model = running.model.clone();
        *draft.model.layers.last_mut().unwrap() = Dense { out: 10, bias: false }.into();
        assert_eq!(live_part(&running, &draft).model, running.model);
    }
}
