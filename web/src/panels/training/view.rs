//! The sections, and what happens when something is changed: the run takes it up as it goes.

use engine::{Init, OptimizerSpec, ScheduleSpec, SettingKind, Treatment, schedule::CurveSpec};
use leptos::prelude::*;
use protocol::{Precision, Quest, RunSpec, Stopping, TrainSpec};

use super::{
    augmentation::Augmentation,
    digits, layers, objective, rate,
    rows::{self, Part, Row},
    search,
};
use crate::{
    dom::frame,
    reaction::{effect, live},
    state::{app, lab, lab::toolbox::live_part},
};

/// Batch sizes that are offered.
const BATCHES: [usize; 7] = [16, 32, 64, 128, 256, 512, 1024];
/// Changes that follow each other faster are taken up together.
const QUIET_MS: i32 = 120;

#[component]
pub fn Training() -> impl IntoView {
    let draft = app().draft;
    apply_changes(draft);
    view! {
        <p class="training-answer" role="status" data-testid="training-answer">{answer(draft)}</p>
        <div class="training-parts">
            {section("Objective", "What training makes small.", objective::view(draft))}
            {section("Optimizer", "How weights follow their gradients.", optimizer(draft))}
            {section("Schedule", "How the rate changes over the run.", schedule(draft))}
            {section("Regularisation", "What keeps the network from learning by heart, and gradients from exploding.", regularisation(draft))}
            {section("Layers", "What learns, and how fast.", layers::view(draft))}
            {section("Data", "Which digits train.", digits::view(draft))}
            {section("Stopping", "How long, and with which weights it ends.", stopping(draft))}
            {section("Precision", "How the graphics card stores what layers give.", precision(draft))}
            {section("Start", "What a run begins with: taken up by “Train from the start”.", start(draft))}
        </div>
        <Augmentation draft/>
    }
}

/// The open run goes on with what was changed, once no more changes follow.
fn apply_changes(draft: RwSignal<RunSpec>) {
    let (lab, changes) = (lab(), StoredValue::new(0u32));
    effect(move || {
        draft.track();
        let mine = changes.try_update_value(|n| {
            *n += 1;
            *n
        });
        frame::after(QUIET_MS, move || {
            if changes.try_get_value() == mine
                && let Some(spec) = draft.try_get_untracked()
            {
                lab.amend(&spec);
            }
        });
    });
}

/// What became of the last change, and what waits for a new start.
fn answer(draft: RwSignal<RunSpec>) -> impl Fn() -> AnyView {
    let state = app();
    move || {
        let waits = state.spec.with(|running| draft.with(|d| live_part(running, d) != *d));
        let waiting =
            waits.then(|| view! { <span class="training-waits">" Network, seed or first weights differ: train from the start."</span> });
        let told = match state.toolbox.answer.get() {
            None => view! { "Changes are taken up while the run goes on." }.into_any(),
            Some(Ok(told)) => view! { {told} }.into_any(),
            Some(Err(why)) => view! { <span class="training-problem">{why}</span> }.into_any(),
        };
        view! { {told} {waiting} }.into_any()
    }
}

fn section(title: &'static str, about: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="training-part" aria-label=title>
            <h3>{title}</h3>
            <p class="training-about">{about}</p>
            {content}
        </section>
    }
    .into_any()
}

/// A number of the run that stands in no list of settings.
#[allow(clippy::too_many_arguments, reason = "a row has as many parts")]
fn lone(
    label: &'static str,
    testid: &'static str,
    unit: &'static str,
    about: &'static str,
    kind: SettingKind,
    usual: f64,
    draft: RwSignal<RunSpec>,
    get: fn(&TrainSpec) -> f64,
    set: fn(&mut TrainSpec, f64),
) -> AnyView {
    let value = Memo::new(move |_| draft.with(|d| get(&d.train)));
    let change = Callback::new(move |value: f64| draft.update(|d| set(&mut d.train, value)));
    rows::view(Row { label: label.to_owned(), unit, about, testid: testid.to_owned(), kind, usual }, value.into(), change)
}

fn optimizer(draft: RwSignal<RunSpec>) -> AnyView {
    let chosen = Memo::new(move |_| draft.with(|d| d.train.optimizer.rule().name()));
    let names = OptimizerSpec::all().iter().map(|o| (o.rule().name(), o.rule().title())).collect();
    let pick = Callback::new(move |place: usize| {
        if let Some(spec) = OptimizerSpec::all().get(place) {
            let rate = if *spec == OptimizerSpec::default() { TrainSpec::default().rate } else { spec.rule().usual_rate() };
            draft.update(|d| (d.train.optimizer, d.train.rate) = (*spec, rate));
        }
    });
    let part = Part { name: "optimizer", of: |d| &d.train.optimizer, set: |d, spec| d.train.optimizer = spec };
    let settings = move || {
        let name = chosen.get();
        let usual = OptimizerSpec::all().into_iter().find(|o| o.rule().name() == name).unwrap_or_default();
        rows::settings(draft.with_untracked(|d| d.train.optimizer.rule().settings()), part, &usual, draft)
    };
    let rate = move || {
        chosen.track();
        // The rule that a run has of itself has its rate too.
        let usual = draft.with_untracked(|d| {
            let usual = TrainSpec::default();
            let same = usual.optimizer.rule().name() == d.train.optimizer.rule().name();
            f64::from(if same { usual.rate } else { d.train.optimizer.rule().usual_rate() })
        });
        let kind = SettingKind::Number { least: 0.0, most: 100.0 };
        let about = "How far weights move along their gradients. Another rule brings its usual one.";
        lone("Learning rate", "setup-rate", "", about, kind, usual, draft, |t| f64::from(t.rate), |t, v| t.rate = v as f32)
    };
    let batch_name = move |batch: usize| draft.with(|d| d.train.batch == batch).to_string();
    view! {
        {rows::choice("Optimizer", "optimizer", names, chosen, pick)}
        <div class="training-rows">{live(rate)} {live(settings)}</div>
        {search::view(Quest::Rate, draft)}
        <h4>"Images per step"</h4>
        <div class="choice training-choice" role="radiogroup" aria-label="Images per step">
            {BATCHES.map(|batch| view! {
                <button role="radio" class="number" data-testid=format!("batch-{batch}") aria-checked=move || batch_name(batch)
                    on:click=move |_| draft.update(|d| d.train.batch = batch)>{batch}</button>
            }).collect_view()}
        </div>
        <div class="training-rows">
            {lone("Batch size", "setup-batch", "images", "More make a steadier gradient and fewer updates.", SettingKind::Count { least: 1, most: 1024 }, 64.0, draft,
                |t| t.batch as f64, |t, v| t.batch = v as usize)}
        </div>
        {search::view(Quest::Batch, draft)}
    }
    .into_any()
}

fn schedule(draft: RwSignal<RunSpec>) -> AnyView {
    let chosen = Memo::new(move |_| draft.with(|d| d.train.schedule.curve.curve().name()));
    let names = CurveSpec::all().iter().map(|c| (c.curve().name(), c.curve().title())).collect();
    let pick = Callback::new(move |place: usize| {
        if let Some(curve) = CurveSpec::all().get(place) {
            draft.update(|d| d.train.schedule.curve = *curve);
        }
    });
    let curve = Part { name: "schedule", of: |d| &d.train.schedule.curve, set: |d, spec| d.train.schedule.curve = spec };
    let warmup = Part { name: "schedule", of: |d| &d.train.schedule, set: |d, spec| d.train.schedule = spec };
    let settings = move || {
        let name = chosen.get();
        let usual = CurveSpec::all().into_iter().find(|c| c.curve().name() == name).unwrap_or_default();
        rows::settings(draft.with_untracked(|d| d.train.schedule.curve.curve().settings()), curve, &usual, draft)
    };
    view! {
        {rows::choice("Schedule of the rate", "schedule", names, chosen, pick)}
        {rate::view(draft)}
        <div class="training-rows">
            {live(settings)}
            {rows::settings(ScheduleSpec::SETTINGS, warmup, &ScheduleSpec::default(), draft)}
        </div>
    }
    .into_any()
}

fn regularisation(draft: RwSignal<RunSpec>) -> AnyView {
    let state = app();
    let part = Part { name: "update", of: |d| &d.train.treatment, set: |d, spec| d.train.treatment = spec };
    let penalty = Memo::new(move |_| state.progress.with(|p| p.penalty));
    let reading = move || {
        let value = penalty.get();
        (value > 0.0).then(|| view! { <p class="training-about" data-testid="penalty">{format!("The penalty adds {} to the loss, which is shown without it.", crate::widgets::number::short(value))}</p> })
    };
    view! {
        <div class="training-rows">{rows::settings(Treatment::SETTINGS, part, &Treatment::default(), draft)}</div>
        {live(reading)}
    }
    .into_any()
}

fn stopping(draft: RwSignal<RunSpec>) -> AnyView {
    let part = Part { name: "stop", of: |d| &d.train.stopping, set: |d, spec| d.train.stopping = spec };
    view! {
        <div class="training-rows">
            {lone("Epochs", "setup-epochs", "epochs", "Passes over the training digits.", SettingKind::Count { least: 1, most: 1000 },
                f64::from(TrainSpec::default().epochs), draft, |t| f64::from(t.epochs), |t, v| t.epochs = v as u32)}
            {rows::settings(Stopping::SETTINGS, part, &Stopping::default(), draft)}
        </div>
    }
    .into_any()
}

fn precision(draft: RwSignal<RunSpec>) -> AnyView {
    let state = app();
    let names = vec![("auto", "automatic"), ("half", "half"), ("full", "full")];
    let values = [Precision::Auto, Precision::Half, Precision::Full];
    let chosen = Memo::new(move |_| {
        draft.with(|d| match d.train.precision {
            Precision::Auto => "auto",
            Precision::Half => "half",
            Precision::Full => "full",
        })
    });
    let pick = Callback::new(move |place: usize| {
        if let Some(value) = values.get(place) {
            draft.update(|d| d.train.precision = *value);
        }
    });
    let now = move || {
        let summary = state.summary.get();
        let offers = state.card.with(|c| c.as_ref().and_then(|c| c.adapter.as_ref()).is_some_and(|a| a.half));
        match (summary.backend, summary.half) {
            (protocol::Backend::Cpu, _) => "The run is on the CPU, which always has full precision.",
            (_, true) => "The run stores activations in half precision now.",
            (_, false) if !offers => "This graphics card does not offer half precision.",
            (_, false) => "The run stores activations in full precision now.",
        }
    };
    view! {
        {rows::choice("Precision", "precision", names, chosen, pick)}
        <p class="training-about" data-testid="precision-words">{live(now)}</p>
    }
    .into_any()
}

fn start(draft: RwSignal<RunSpec>) -> AnyView {
    let chosen = Memo::new(move |_| draft.with(|d| d.model.init.name()));
    let names = Init::ALL.iter().map(|i| (i.name(), i.label())).collect::<Vec<_>>();
    let part = Part { name: "init", of: |d| &d.model.init, set: |d, spec| d.model.init = spec };
    let choose = move |event: web_sys::Event| {
        let wanted = event_target_value(&event);
        if let Some(init) = Init::ALL.into_iter().find(|i| i.name() == wanted) {
            draft.update(|d| d.model.init = init);
        }
    };
    let settings = move || {
        let name = chosen.get();
        let usual = Init::ALL.into_iter().find(|i| i.name() == name).unwrap_or_default();
        rows::settings(draft.with_untracked(|d| d.model.init.settings()), part, &usual, draft)
    };
    view! {
        <div class="training-rows">
            <label class="training-field">
                <span class="training-name">"First weights"</span>
                <select data-testid="setup-init" prop:value=move || chosen.get() on:change=choose>
                    {names.into_iter().map(|(name, title)| view! { <option value=name selected=move || chosen.get() == name>{title}</option> }).collect_view()}
                </select>
            </label>
            {live(settings)}
            {lone("Seed", "setup-seed", "", "Draws weights, order, dropout and augmentation.", SettingKind::Count { least: 0, most: u32::MAX }, 1.0, draft,
                |t| f64::from(t.seed), |t, v| t.seed = v as u32)}
        </div>
    }
    .into_any()
}
