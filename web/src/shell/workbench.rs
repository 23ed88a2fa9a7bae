//! The workbench: network, training and data are set here. What is chosen is a draft until it is trained.

use engine::Graph;
use leptos::prelude::*;
use protocol::RunSpec;

use super::monitors::panel_view;
use crate::{
    panels::{self, Panel, Place},
    state::{app, lab},
    widgets::{dialog::Dialog, tabs::Tabs},
};

#[component]
pub fn Workbench() -> impl IntoView {
    let state = app();
    let draft = state.draft;
    // What is chosen starts from what runs.
    Effect::new(move |_| {
        if state.setup_open.get() {
            draft.set(state.spec.get_untracked());
        }
    });
    let problem = Memo::new(move |_| draft.with(problem_of));
    let start = move |_| {
        if problem.with_untracked(Option::is_none) {
            state.setup_open.set(false);
            lab().open_and_play(draft.get_untracked());
        }
    };
    let panels: Vec<&'static Panel> = panels::at(Place::Bench).collect();
    let open = state.tabs.bench;
    view! {
        <Dialog title="Workbench" testid="workbench" open=state.setup_open>
            <Tabs label="Workbench" name="bench" panels=panels.clone() open/>
            {move || {
                let panel = panels.iter().find(|p| p.slug == open.get());
                state.setup_open.get().then(|| panel.map(|panel| panel_view(panel, "bench"))).flatten()
            }}
            <footer class="workbench-end">
                <p class="workbench-problem" role="alert">{move || problem.get()}</p>
                <button class="primary" data-testid="setup-start" disabled=move || problem.with(Option::is_some) on:click=start>"Train from the start"</button>
            </footer>
        </Dialog>
    }
}

/// Why `spec` cannot run, in words.
fn problem_of(spec: &RunSpec) -> Option<String> {
    let graph = match Graph::check_classifier(&spec.model, data::CLASSES) {
        Ok(graph) => graph,
        Err(error) => return Some(error.to_string()),
    };
    let loss = || spec.train.loss.check(graph.output()).err().map(|e| e.to_string());
    let training = || spec.train.check().err().map(|e| e.to_string());
    // Rates are of layers: another network may not have them.
    let update = || spec.train.update().check(&graph).err().map(|e| e.to_string());
    loss().or_else(training).or_else(update)
}
