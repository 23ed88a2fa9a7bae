//! The numbers of the run.

use data::Source;
use leptos::prelude::*;
use protocol::{Backend, EvalSet};

use super::{Panel, Place, card::facts};
use crate::{
    reaction::live,
    state::{Phase, app, lab},
    widgets::{
        icon::{Glyph, Icon},
        number,
    },
};

pub const PANEL: Panel = Panel {
    slug: "status",
    title: "Numbers",
    place: Place::Page,
    view: || view! { <Status/> }.into_any(),
    style: include_str!("style.css"),
};

#[component]
fn Status() -> impl IntoView {
    let state = app();
    let phase = move || match state.phase.get() {
        Phase::Starting => "starting",
        Phase::Playing => "training",
        Phase::Paused | Phase::Finished if state.time.looking.get().is_some() => "looking back",
        Phase::Paused => "paused",
        Phase::Finished => "finished",
        Phase::Stopped => "stopped",
    };
    let score = move |set: EvalSet| {
        state.scores.track();
        state.score(set).map_or_else(|| "–".to_owned(), number::percent)
    };
    let train = move || {
        state.curve_tick.track();
        let end = state.time.end();
        state
            .history
            .with_value(|history| recent(history.iter().rev().filter(|p| p.step <= end).take(20).map(|p| p.accuracy)))
            .map_or_else(|| "–".to_owned(), number::percent)
    };
    let speed = move || {
        let speed = state.progress.with(|p| p.images_per_second);
        if speed > 0.0 { format!("{} img/s", number::grouped(speed.round() as u64)) } else { "–".to_owned() }
    };
    let data = move || {
        let arrived = state.arrived.get();
        if arrived.train_total == 0 {
            "…".to_owned()
        } else if arrived.train >= arrived.train_total {
            format!("all {}", number::grouped(u64::from(arrived.train_total)))
        } else {
            format!("{:.0}\u{202f}%", 100.0 * f64::from(arrived.train) / f64::from(arrived.train_total))
        }
    };
    // What there is of them to train on.
    let things = move || match state.spec.with(|s| s.train.data) {
        Source::Digits => "Digits",
        Source::Shapes => "Shapes",
        Source::Own | Source::DigitsAndOwn => "Images",
    };
    // The card's name, where it is the card that works.
    let name = move || {
        let on_card = state.summary.with(|s| s.backend != Backend::Cpu);
        let name = state.card.with(|c| c.as_ref().and_then(|c| c.adapter.as_ref()).map(|a| facts::short_name(&a.name)));
        name.filter(|_| on_card)
    };
    let cores = move || state.summary.with(|s| (s.backend == Backend::Cpu && s.cores > 0).then_some(s.cores));
    let traffic = move || {
        let playing = state.phase.get() == Phase::Playing;
        state.traffic.get().filter(|_| playing).map(|t| {
            format!(
                "{} × {}/s",
                number::short(t.dispatches_per_step),
                number::grouped((t.dispatches_per_second / t.dispatches_per_step.max(1.0)) as u64)
            )
        })
    };
    view! {
        <dl class="status-grid">
            <div><dt>"State"</dt><dd data-testid="state">{live(phase)}</dd></div>
            <div><dt>"Training"</dt><dd class="number" data-testid="accuracy-train">{live(train)}</dd></div>
            <div><dt>"Validation"</dt><dd class="number" data-testid="accuracy-validation">{move || score(EvalSet::Validation)}</dd></div>
            <div><dt>"Test"</dt><dd class="number" data-testid="accuracy-test">{move || score(EvalSet::Test)}</dd></div>
            <div><dt>"Speed"</dt><dd class="number" data-testid="speed-reading">{live(speed)}</dd></div>
            <div>
                <dt>"Backend"</dt>
                <dd>
                    <button class="status-backend" aria-haspopup="dialog" title="Where it runs, and why" data-testid="open-card" on:click=move |_| state.card_open.set(true)>
                        <span data-testid="backend">{move || facts::word(state.summary.with(|s| s.backend))}</span>
                        {move || name().map(|name| view! { <small>{name}</small> })}
                        <Icon glyph=Glyph::Next/>
                    </button>
                </dd>
            </div>
            {move || cores().map(|cores| view! { <div><dt>"Cores"</dt><dd class="number" data-testid="cores">{cores}</dd></div> })}
            {move || traffic().map(|traffic| view! { <div class="status-traffic"><dt>"Dispatches"</dt><dd class="number">{traffic}</dd></div> })}
            <div><dt>"Weights"</dt><dd class="number">{move || number::grouped(u64::from(state.summary.with(|s| s.params)))}</dd></div>
            <div><dt>"Multiply-adds"</dt><dd class="number">{move || number::large(state.summary.with(|s| s.multiply_adds))}</dd></div>
            <div><dt>"Memory"</dt><dd class="number">{move || format!("{} MiB", number::short(state.summary.with(|s| s.memory_bytes) / 1_048_576.0))}</dd></div>
            <div><dt>{live(things)}</dt><dd class="number" data-testid="data">{live(data)}</dd></div>
        </dl>
        <div class="status-files">
            <button class="quiet" data-testid="save-weights" aria-label="Save the weights as a file" title="Save the weights: safetensors, under PyTorch's names" on:click=move |_| lab().save_weights()>
                <Icon glyph=Glyph::Down/>"Save"
            </button>
            <label class="quiet" title="Load weights or a checkpoint; or drop the file anywhere on the page">
                <Icon glyph=Glyph::Up/>"Load"
                <input class="sr-only" type="file" aria-label="Load weights or a checkpoint" accept=".safetensors" data-testid="load-file" on:change=move |event| crate::shell::drop::chosen(lab(), &event)/>
            </label>
        </div>
    }
}

/// Mean of some numbers.
fn recent(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
