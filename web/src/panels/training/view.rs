//! The controls.

use leptos::prelude::*;

use super::{augmentation::Augmentation, objective::Objective, rules};
use crate::{state::app, widgets::number};

/// Batch sizes that are offered.
const BATCHES: [usize; 6] = [16, 32, 64, 128, 256, 512];

#[component]
pub fn Training() -> impl IntoView {
    let draft = app().draft;
    view! {
            <div class="setup-train">
                <rules::Optimizer draft/>
                <fieldset>
                    <legend>"Images per step"</legend>
                    <div class="choice" role="radiogroup" aria-label="Images per step">
                        {BATCHES.map(|batch| view! {
                            <button role="radio" class="number" data-testid=format!("batch-{batch}") aria-checked=move || draft.with(|d| d.train.batch == batch).to_string()
                                on:click=move |_| draft.update(|d| d.train.batch = batch)>{batch}</button>
                        }).collect_view()}
                    </div>
                </fieldset>
                <Field label="Learning rate" testid="setup-rate" value=Signal::derive(move || draft.with(|d| number::rate(d.train.rate)))
                    on_change=move |text: String| { if let Ok(rate) = text.trim().parse() { draft.update(|d| d.train.rate = rate); } }/>
                <Field label="Epochs" testid="setup-epochs" value=Signal::derive(move || draft.with(|d| d.train.epochs.to_string()))
                    on_change=move |text: String| { if let Ok(epochs) = text.trim().parse() { draft.update(|d| d.train.epochs = epochs); } }/>
                <Field label="Seed" testid="setup-seed" value=Signal::derive(move || draft.with(|d| d.train.seed.to_string()))
                    on_change=move |text: String| { if let Ok(seed) = text.trim().parse() { draft.update(|d| d.train.seed = seed); } }/>
            </div>
            <Objective draft/>
            <rules::Rules draft/>
            <Augmentation draft/>
    }
}

#[component]
pub fn Field(
    label: &'static str,
    #[prop(into)] testid: String,
    #[prop(into)] value: Signal<String>,
    on_change: impl Fn(String) + 'static,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            <input class="number" type="text" inputmode="decimal" autocomplete="off" data-testid=testid prop:value=move || value.get()
                on:change=move |event| on_change(event_target_value(&event))/>
        </label>
    }
}
