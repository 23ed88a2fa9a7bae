//! The controls.

use std::ops::RangeInclusive;

use engine::{
    Augment,
    augment::{ROTATIONS, SCALES, SHIFTS},
};
use leptos::prelude::*;
use protocol::RunSpec;

use super::objective::Objective;
use super::rules;
use crate::{
    state::app,
    widgets::{number, slider::Slider},
};

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
            <fieldset class="setup-augment">
                <legend>"Augmentation"</legend>
                <p>"At every step each training image is moved a little, by random amounts up to these, so that the network cannot learn the images by heart."</p>
                {AUGMENTS.iter().map(|setting| augment_view(setting, draft)).collect_view()}
            </fieldset>
    }
}

/// A part of the augmentation, set in steps of a fraction of its unit.
struct AugmentSetting {
    label: &'static str,
    testid: &'static str,
    limits: RangeInclusive<f32>,
    /// Positions of the slider to one of the setting.
    per_one: f32,
    /// What the slider shows for one of the setting.
    shown: f32,
    field: fn(&mut Augment) -> &mut f32,
}

static AUGMENTS: [AugmentSetting; 3] = [
    AugmentSetting { label: "Shift, px", testid: "setup-shift", limits: SHIFTS, per_one: 2.0, shown: 1.0, field: |a| &mut a.shift },
    AugmentSetting { label: "Rotate, °", testid: "setup-rotate", limits: ROTATIONS, per_one: 1.0, shown: 1.0, field: |a| &mut a.rotate },
    AugmentSetting { label: "Scale, %", testid: "setup-scale", limits: SCALES, per_one: 100.0, shown: 100.0, field: |a| &mut a.scale },
];

fn augment_view(setting: &'static AugmentSetting, draft: RwSignal<RunSpec>) -> impl IntoView {
    let value = move || {
        let mut augment = draft.with(|d| d.train.augment);
        *(setting.field)(&mut augment)
    };
    view! {
        <Slider label=setting.label testid=setting.testid last=(setting.limits.end() * setting.per_one) as u32
            position=Signal::derive(move || (value() * setting.per_one).round() as u32)
            reading=Signal::derive(move || number::short(f64::from(value() * setting.shown)))
            on_move=move |place| draft.update(|d| *(setting.field)(&mut d.train.augment) = place as f32 / setting.per_one)/>
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
