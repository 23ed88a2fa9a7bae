//! What was changed while the run went on, and what was searched for.

use leptos::prelude::*;
use protocol::{Finding, Note, Quest};

/// A search for a rate or a batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    pub quest: Quest,
    /// Nothing at first.
    pub finding: Option<Finding>,
    pub over: bool,
    /// What it came to, once it is over.
    pub message: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Toolbox {
    /// Every change of the run, oldest first: for curves to show.
    pub notes: RwSignal<Vec<Note>>,
    /// The last change in words, or why it was not made.
    pub answer: RwSignal<Option<Result<String, String>>>,
    pub search: RwSignal<Option<Search>>,
}

impl Toolbox {
    pub fn new() -> Self {
        Self { notes: RwSignal::new(Vec::new()), answer: RwSignal::new(None), search: RwSignal::new(None) }
    }

    /// Another run.
    pub fn clear(&self, notes: Vec<Note>) {
        self.notes.set(notes);
        self.answer.set(None);
        self.search.set(None);
    }

    /// The settings that the run goes on with from `step` on have been taken up.
    pub fn amended(&self, step: u32, notes: Vec<Note>) {
        let told: Vec<String> = notes.iter().filter(|n| n.step == step).map(told).collect();
        if !told.is_empty() {
            self.answer.set(Some(Ok(format!("Applied at step {step}: {}.", told.join("; ")))));
        }
        self.notes.set(notes);
    }

    pub fn found(&self, finding: Finding, over: bool, message: String) {
        let quest = match finding {
            Finding::Rate { .. } => Quest::Rate,
            Finding::Batch { .. } => Quest::Batch,
        };
        self.search.set(Some(Search { quest, finding: Some(finding), over, message }));
    }
}

fn told(note: &Note) -> String {
    let Note { what, from, to, .. } = note;
    if from.is_empty() && to.is_empty() { what.clone() } else { format!("{what} {from} → {to}") }
}
