//! Networks that come in, weights that stay, and files for other programs.

use engine::{Graph, ModelSpec, json, kept::Kept};
use leptos::prelude::*;
use protocol::{Command, RunId, RunSpec, Save};

use super::{Lab, Purpose};
use crate::{
    dom,
    link::message::{Ask, Parcel},
    state::NoticeKind,
};

impl Lab {
    /// Takes a network in JSON as the draft; whether it could be read. What is wrong is told in the workbench.
    pub fn take_network(&self, name: &str, text: &str) -> bool {
        let state = self.state;
        match json::read::<ModelSpec>(text.trim()) {
            Ok(model) => {
                state.builder.set(model, Vec::new());
                state.builder.told.set(Some((true, format!("{name} is the draft now."))));
                true
            }
            Err(why) => {
                state.builder.told.set(Some((false, format!("{name} is no network: {why}."))));
                false
            }
        }
    }

    /// A network in a file that was dropped.
    pub fn take_network_file(&self, name: &str, bytes: &[u8]) {
        self.take_network(name, &String::from_utf8_lossy(bytes));
        self.state.tabs.bench.set("network");
        self.state.setup_open.set(true);
    }

    /// Trains `spec`; with `keep`, from the weights of the open run where they fit.
    pub fn train(&self, spec: RunSpec, keep: bool) {
        if keep && self.state.is_open() {
            self.save(Save::Weights, Purpose::Graft(Box::new(spec)));
        } else {
            self.open_and_play(spec);
        }
    }

    /// The weights have come that a new run is to begin with.
    pub(super) fn graft(&self, spec: RunSpec, file: Vec<u8>) {
        self.send_own(&spec);
        let run = RunId(self.state.run.get_untracked().0 + 1);
        self.inner.update_value(|inner| inner.play_when_ready = true);
        self.begin_run(run);
        self.post(Parcel { head: Ask::Session(Box::new(Command::Open { run, spec })), bulk: Vec::new(), file });
    }

    /// How many tensors of the running network fit the draft, and how many the draft has.
    pub fn fitting(&self) -> (usize, usize) {
        self.state.graph.with(|running| {
            let draft = self.state.draft.with(|d| Graph::check(&d.model).ok());
            match (running, draft) {
                (Some(running), Some(draft)) => (Kept::between(running, &draft).params.len(), draft.params.len()),
                _ => (0, 0),
            }
        })
    }

    /// The network that runs, with its weights, as ONNX.
    pub fn save_onnx(&self) {
        self.save(Save::Weights, Purpose::Onnx);
    }

    pub(super) fn convert(&self, file: Vec<u8>) {
        self.post(Parcel { head: Ask::Onnx, bulk: Vec::new(), file });
    }

    pub(super) fn converted(&self, problem: Option<String>, file: &[u8]) {
        let done = match problem {
            None => dom::file::download("network.onnx", file),
            Some(why) => Err(why),
        };
        if let Err(why) = done {
            self.state.builder.told.set(Some((false, format!("No ONNX file was made: {why}."))));
            self.state.notify(NoticeKind::Failed, format!("No ONNX file was made: {why}."), None);
        }
    }
}
