//! What goes wrong in the run, why, and what helps.

use leptos::prelude::*;
use protocol::Advice;

use super::{Panel, Place};
use crate::{
    reaction::live,
    state::{AppState, Focus, app, lab},
    widgets::number,
};

pub const PANEL: Panel = Panel {
    slug: "adviser",
    title: "Adviser",
    place: Place::Monitor,
    view: || view! { <Adviser/> }.into_any(),
    style: include_str!("style.css"),
};

#[component]
fn Adviser() -> impl IntoView {
    let state = app();
    let rules = Memo::new(move |_| state.monitors.advice.with(|all| all.iter().map(|a| a.rule.clone()).collect::<Vec<String>>()));
    let list = move || {
        let found = rules.get();
        if found.is_empty() { well() } else { found.into_iter().map(|rule| advice_view(state, rule)).collect_view().into_any() }
    };
    view! { <div class="adviser-list" aria-live="polite" data-testid="advice-list">{live(list)}</div> }
}

fn well() -> AnyView {
    view! {
        <p data-testid="advice-none">"Nothing goes wrong, as far as can be seen."</p>
        <p class="monitor-note">
            "Watched for: lost numbers, a rate too high or too low, a loss that stands still, over- and underfitting, vanishing and exploding gradients, dead ReLUs, batches too small for batch norm, augmentation too strong."
        </p>
    }
    .into_any()
}

/// One rule's finding; it stays in its place while its numbers change.
fn advice_view(state: AppState, rule: String) -> AnyView {
    let slug = rule.clone();
    let found = Memo::new(move |_| state.monitors.advice.with(|all| all.iter().find(|a| a.rule == rule).cloned()));
    let title = move || found.with(|a| a.as_ref().map(|a| a.title.clone()));
    let evidence = move || found.with(|a| a.as_ref().map(|a| a.evidence.clone()));
    let apply = move |_| {
        if let Some(advice) = found.get_untracked() {
            lab().remedy_by(&advice);
        }
    };
    let label = Memo::new(move |_| found.with(|a| a.as_ref().and_then(|a| a.remedy.as_ref().map(|r| r.label.clone()))));
    let remedy = move || {
        label.get().map(|label| view! { <button class="adviser-remedy" data-testid="advice-remedy" on:click=apply>{label}</button> })
    };
    view! {
        <article class="adviser-item" data-testid=format!("advice-{slug}")>
            <h3>{live(title)}</h3>
            <p>{live(evidence)}</p>
            <div class="adviser-do">{remedy}{places(state, found)}</div>
        </article>
    }
    .into_any()
}

/// Where it shows: in the curves, and on the stage.
fn places(state: AppState, found: Memo<Option<Advice>>) -> AnyView {
    let place = Memo::new(move |_| found.with(|a| a.as_ref().map(|a| (a.step, a.layer))));
    let view = move || {
        let (step, layer) = place.get()?;
        let name = layer.and_then(|id| state.graph.with(|g| g.as_ref().and_then(|g| g.nodes.get(id.0)).map(|n| n.name.clone())));
        let show = move |_| {
            state.monitors.at.set(Some(step));
            state.tabs.show("curves");
        };
        let focus = move |_| {
            if let Some(id) = layer {
                state.focus.set(Some(Focus { tensor: engine::Tensor::Output(id), channel: 0, cell: None }));
            }
        };
        Some(view! {
            <button class="quiet" data-testid="advice-step" on:click=show>{format!("Step {} in the curves", number::grouped(u64::from(step)))}</button>
            {name.map(|name| view! { <button class="quiet" data-testid="advice-layer" on:click=focus>{format!("{name} on the stage")}</button> })}
        })
    };
    view.into_any()
}

/// How many things go wrong, beside the tabs; nothing where all is well.
#[component]
pub fn Badge() -> impl IntoView {
    let state = app();
    let count = Memo::new(move |_| state.monitors.advice.with(Vec::len));
    let first = move || state.monitors.advice.with(|a| a.first().map(|a| a.title.clone()));
    move || {
        let count = count.get();
        (count > 0).then(|| {
            let label = if count == 1 { "1 hint".to_owned() } else { format!("{count} hints") };
            view! {
                <button class="monitors-hint" data-testid="advice-badge" title=first on:click=move |_| state.tabs.show(PANEL.slug)>{label}</button>
            }
        })
    }
}
