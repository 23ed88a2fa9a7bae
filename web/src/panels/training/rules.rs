//! How weights are updated: controls made from the engine's lists of rules, curves and settings.

use engine::{Init, OptimizerSpec, ScheduleSpec, Setting, SettingKind, Treatment, schedule::CurveSpec};
use leptos::prelude::*;
use protocol::RunSpec;
use serde::{Serialize, de::DeserializeOwned};

use super::view::Field;
use crate::widgets::number;

/// The rule: one of the list, and its settings.
#[component]
pub fn Optimizer(draft: RwSignal<RunSpec>) -> impl IntoView {
    let chosen = Memo::new(move |_| draft.with(|d| d.train.optimizer.rule().name()));
    view! {
        <fieldset>
            <legend>"Optimizer"</legend>
            <div class="choice" role="radiogroup" aria-label="Optimizer">
                {OptimizerSpec::all().into_iter().map(|spec| {
                    let rule = spec.rule();
                    let (name, rate) = (rule.name(), rule.usual_rate());
                    view! {
                        <button role="radio" data-testid=format!("optimizer-{name}") aria-checked=move || (chosen.get() == name).to_string()
                            on:click=move |_| if chosen.get_untracked() != name {
                                draft.update(|d| (d.train.optimizer, d.train.rate) = (spec, rate));
                            }>{rule.title()}</button>
                    }
                }).collect_view()}
            </div>
        </fieldset>
    }
}

/// Settings of the rule, the schedule, what stands around the rule, and the first weights.
#[component]
pub fn Rules(draft: RwSignal<RunSpec>) -> impl IntoView {
    let optimizer = Part { of: |d| &d.train.optimizer, set: |d, spec| d.train.optimizer = spec };
    let curve = Part { of: |d| &d.train.schedule.curve, set: |d, spec| d.train.schedule.curve = spec };
    let schedule = Part { of: |d| &d.train.schedule, set: |d, spec| d.train.schedule = spec };
    let treatment = Part { of: |d| &d.train.treatment, set: |d, spec| d.train.treatment = spec };
    let init = Part { of: |d| &d.model.init, set: |d, spec| d.model.init = spec };
    let rule_name = Memo::new(move |_| draft.with(|d| d.train.optimizer.rule().name()));
    let curve_name = Memo::new(move |_| draft.with(|d| d.train.schedule.curve.curve().name()));
    let init_name = Memo::new(move |_| draft.with(|d| d.model.init.name()));
    view! {
        <details class="setup-rules" data-testid="setup-rules">
            <summary>"Optimizer, schedule, regularisation"</summary>
            <div class="setup-settings">
                {move || {
                    rule_name.get();
                    let settings = draft.with_untracked(|d| d.train.optimizer.rule().settings());
                    settings_view(settings, "optimizer", optimizer, draft)
                }}
            </div>
            <div class="setup-settings">
                <Choice label="Schedule of the rate" testid="setup-schedule" chosen=curve_name
                    names=CurveSpec::all().iter().map(|c| (c.curve().name(), c.curve().title())).collect()
                    on_choice=move |place| if let Some(curve) = CurveSpec::all().get(place) { draft.update(|d| d.train.schedule.curve = *curve); }/>
                {move || {
                    curve_name.get();
                    let settings = draft.with_untracked(|d| d.train.schedule.curve.curve().settings());
                    settings_view(settings, "schedule", curve, draft)
                }}
                {settings_view(ScheduleSpec::SETTINGS, "schedule", schedule, draft)}
            </div>
            <div class="setup-settings">{settings_view(Treatment::SETTINGS, "update", treatment, draft)}</div>
            <div class="setup-settings">
                <Choice label="First weights" testid="setup-init" chosen=init_name
                    names=Init::ALL.iter().map(|i| (i.name(), i.label())).collect()
                    on_choice=move |place| if let Some(init) = Init::ALL.get(place) { draft.update(|d| d.model.init = *init); }/>
                {move || {
                    init_name.get();
                    settings_view(draft.with_untracked(|d| d.model.init.settings()), "init", init, draft)
                }}
            </div>
            <p>"A length of 0 fits the run. 0 elsewhere: without."</p>
        </details>
    }
}

/// A part of the run whose settings stand in a list.
struct Part<T: 'static> {
    of: fn(&RunSpec) -> &T,
    set: fn(&mut RunSpec, T),
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<T> {}

fn settings_view<T: Serialize + DeserializeOwned>(
    settings: &'static [Setting],
    testid: &'static str,
    part: Part<T>,
    draft: RwSignal<RunSpec>,
) -> impl IntoView {
    settings.iter().map(|setting| setting_view(setting, testid, part, draft)).collect_view()
}

fn setting_view<T: Serialize + DeserializeOwned>(
    setting: &'static Setting,
    testid: &'static str,
    part: Part<T>,
    draft: RwSignal<RunSpec>,
) -> AnyView {
    let testid = format!("{testid}-{}", setting.key.replace('/', "-"));
    let value = move || draft.with(|d| setting.value((part.of)(d))).unwrap_or_default();
    let change = move |value: f64| {
        draft.update(|d| {
            if let Some(spec) = setting.with((part.of)(d), value) {
                (part.set)(d, spec);
            }
        });
    };
    match setting.kind {
        SettingKind::Switch => view! {
            <label class="field">
                <span>{setting.label}</span>
                <input type="checkbox" data-testid=testid prop:checked=move || value() != 0.0
                    on:change=move |event| change(f64::from(u8::from(event_target_checked(&event))))/>
            </label>
        }
        .into_any(),
        SettingKind::Number { .. } | SettingKind::Count { .. } => view! {
            <Field label=setting.label testid value=Signal::derive(move || text_of(setting.kind, value()))
                on_change=move |text: String| { if let Ok(value) = text.trim().parse() { change(value); } }/>
        }
        .into_any(),
    }
}

fn text_of(kind: SettingKind, value: f64) -> String {
    match kind {
        SettingKind::Count { .. } => format!("{value:.0}"),
        // As it was written: three digits would make 1 of 0.9999.
        _ => {
            let (plain, value) = ((value as f32).to_string(), value as f32);
            if plain.len() <= 8 { plain } else { number::rate(value) }
        }
    }
}

#[component]
fn Choice(
    label: &'static str,
    testid: &'static str,
    /// Name and title of each.
    names: Vec<(&'static str, &'static str)>,
    chosen: Memo<&'static str>,
    /// Hears the place in `names`.
    on_choice: impl Fn(usize) + 'static,
) -> impl IntoView {
    let known: Vec<&'static str> = names.iter().map(|(name, _)| *name).collect();
    view! {
        <label class="field">
            <span>{label}</span>
            <select data-testid=testid prop:value=move || chosen.get()
                on:change=move |event| if let Some(place) = known.iter().position(|name| *name == event_target_value(&event)) { on_choice(place); }>
                {names.iter().copied().map(|(name, title)| view! {
                    <option value=name selected=move || chosen.get() == name>{title}</option>
                }).collect_view()}
            </select>
        </label>
    }
}
