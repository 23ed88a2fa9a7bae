//! The workbench: network, training and data are set here. What is chosen is a draft until it is trained.

use engine::Graph;
use leptos::prelude::*;
use protocol::RunSpec;

use super::monitors::panel_view;
use crate::{
    panels::{self, Panel, Place},
    state::{app, lab, lab::toolbox::live_part},
    widgets::{
        dialog::Dialog,
        icon::{Glyph, Icon},
        tabs::Tabs,
    },
};

#[component]
pub fn Workbench() -> impl IntoView {
    let (state, lab) = (app(), lab());
    let draft = state.draft;
    let problem = Memo::new(move |_| draft.with(problem_of));
    let is_another = Memo::new(move |_| state.spec.with(|run| draft.with(|d| run.model != d.model)));
    // Counted only while it is shown.
    let fitting = Memo::new(move |_| if state.setup_open.get() && is_another.get() { lab.fitting() } else { (0, 0) });
    let start = move |_| {
        if problem.with_untracked(Option::is_none) {
            state.setup_open.set(false);
            lab.train(draft.get_untracked(), state.builder.keep.get_untracked() && fitting.get_untracked().0 > 0);
        }
    };
    let panels: Vec<&'static Panel> = panels::at(Place::Bench).collect();
    let open = state.tabs.bench;
    // The training tab applies by itself what the run can take up; the builder asks.
    let lives = Memo::new(move |_| {
        let asks = state.setup_open.get() && open.get() == "network" && problem.with(Option::is_none) && state.is_open();
        asks && state.spec.with(|run| draft.with(|d| run != d && live_part(run, d) == *d))
    });
    let go_on = move |_| {
        state.setup_open.set(false);
        lab.amend(&draft.get_untracked());
    };
    view! {
        <Dialog title="Workbench" testid="workbench" open=state.setup_open>
            <Tabs label="Workbench" name="bench" panels=panels.clone() open/>
            {move || {
                let panel = panels.iter().find(|p| p.slug == open.get());
                state.setup_open.get().then(|| panel.map(|panel| panel_view(panel, "bench"))).flatten()
            }}
            <footer class="workbench-end">
                {steps_view()}
                <p class="workbench-problem" role="alert">{move || problem.get()}</p>
                {move || (fitting.get().0 > 0).then(|| keep_view(fitting.get()))}
                {move || lives.get().then(|| view! {
                    <button class="primary" data-testid="setup-apply" title="All weights stay: the run takes the change up as it goes" on:click=go_on>"Go on with this"</button>
                }.into_any())}
                <button class:primary=move || !lives.get() class:quiet=move || lives.get() data-testid="setup-start" disabled=move || problem.with(Option::is_some) on:click=start>
                    {move || if is_another.get() && !lives.get() { "Train this network" } else { "Train from the start" }}
                </button>
            </footer>
        </Dialog>
    }
}

/// A change back, and again; and everything back to what runs.
fn steps_view() -> AnyView {
    let state = app();
    let builder = state.builder;
    let touched = move || state.spec.with(|run| state.draft.with(|d| run != d));
    view! {
        <div class="workbench-steps" role="group" aria-label="Changes">
            <button class="quiet" data-testid="draft-undo" aria-label="Undo" title="Undo (Ctrl Z)" disabled=move || !builder.can_undo.get() on:click=move |_| builder.undo()><Icon glyph=Glyph::Undo/></button>
            <button class="quiet" data-testid="draft-redo" aria-label="Redo" title="Redo (Ctrl Y)" disabled=move || !builder.can_redo.get() on:click=move |_| builder.redo()><Icon glyph=Glyph::Redo/></button>
            <button class="quiet" data-testid="draft-revert" title="Back to what is running" disabled=move || !touched() on:click=move |_| builder.draft.set(state.spec.get_untracked())>"Discard"</button>
        </div>
    }
    .into_any()
}

/// Weights that fit may stay.
fn keep_view((fit, all): (usize, usize)) -> AnyView {
    let keep = app().builder.keep;
    view! {
        <label class="switch workbench-keep" title="Layers that are as before go on from the weights that they have learnt">
            <input type="checkbox" data-testid="keep-weights" prop:checked=move || keep.get() on:change=move |event| keep.set(event_target_checked(&event))/>
            {format!("keep the weights that still fit ({fit} of {all})")}
        </label>
    }
    .into_any()
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
