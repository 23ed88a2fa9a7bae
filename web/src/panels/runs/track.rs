//! A race under way, or its result.

use figures::{ChartOptions, Curves, LossScale, View};
use leptos::{html, prelude::*};
use plotters_canvas::CanvasBackend;
use protocol::Record;

use super::columns::{COLUMNS, Column};
use crate::{
    dom::{frame, image, size},
    panels::curves::out,
    reaction::{effect, live},
    state::{AppState, lab, runs},
    widgets::swatch::swatch,
};

/// What the standings leave to the table of runs: there is less room.
const SPARED: [&str; 2] = ["params", "validation-loss"];

pub fn view(state: AppState) -> AnyView {
    let race = state.runs.race;
    let over = Memo::new(move |_| race.with(|r| r.as_ref().is_none_or(|r| r.over)));
    let words = move || {
        race.with(|r| {
            let Some(race) = r else { return String::new() };
            let done = race.racers.iter().map(|r| r.progress.step).min().unwrap_or(0);
            match (race.over, race.message.as_str()) {
                (true, "") => format!("Over: {} steps each. The runs are in the table.", race.steps),
                (true, why) => format!("Ended early: {why}. What was reached is in the table."),
                _ if done >= race.steps => "Scoring on 10 000 validation and 10 000 test digits…".to_owned(),
                _ => format!("Step {done} of {}; the run of the page rests.", race.steps),
            }
        })
    };
    let save = move |_| {
        let ghosts = race.with_untracked(|r| r.as_ref().map(|r| ghosts(&r.records()))).unwrap_or_default();
        let steps = race.with_untracked(|r| r.as_ref().map_or(0, |r| r.steps));
        let view = View { ghosts, ..View::default() };
        let options = ChartOptions { loss_scale: LossScale::Log, ..ChartOptions::default() };
        out::save_svg(state, "race.svg", &format!("Race of {steps} steps from one seed"), &Curves::default(), &options, &view);
    };
    view! {
        <div class="runs-track">
            <div class="runs-head">
                <p class="runs-words number" role="status" data-testid="race-words">{live(words)}</p>
                <Show when=move || over.get() fallback=|| view! { <button class="quiet" data-testid="race-stop" on:click=move |_| lab().stop_race()>"Stop the race"</button> }>
                    <button class="quiet" data-testid="race-svg" title="Save the picture as SVG" on:click=save>"Race SVG"</button>
                    <button class="quiet" data-testid="race-again" on:click=move |_| race.set(None)>"Another race"</button>
                </Show>
            </div>
            <div class="runs-both">{chart(state)}{standings(state)}</div>
        </div>
    }
    .into_any()
}

fn ghosts(records: &[Record]) -> Vec<figures::Ghost> {
    records.iter().map(|r| runs::ghost(r, format!("{} {}", r.slot + 1, r.name))).collect()
}

fn chart(state: AppState) -> AnyView {
    let canvas = NodeRef::<html::Canvas>::new();
    let room = RwSignal::new((0.0, 0.0));
    let words = RwSignal::new(String::new());
    let draw = move || {
        let Some(canvas) = canvas.get_untracked() else { return };
        let (ratio, (width, height)) = (image::device_ratio(), room.get_untracked());
        if width < 40.0 || height < 40.0 {
            return;
        }
        canvas.set_width((width * ratio) as u32);
        canvas.set_height((height * ratio) as u32);
        let ghosts = state.runs.race.with_untracked(|r| r.as_ref().map(|r| ghosts(&r.records()))).unwrap_or_default();
        let said: Vec<String> = ghosts.iter().map(|g| format!("{}: {}", g.name, g.curves.in_words())).collect();
        words.set(said.join(" "));
        let options = ChartOptions {
            theme: state.theme.get_untracked(),
            pixel_ratio: ratio,
            loss_scale: LossScale::Log,
            family: "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif",
            empty_caption: "On your marks",
            ..ChartOptions::default()
        };
        if let Some(backend) = CanvasBackend::with_canvas_object(canvas) {
            let view = View { ghosts, ..View::default() };
            // What cannot be drawn now is drawn with the next report.
            let _ = figures::draw_view(backend, &Curves::default(), &options, &view);
        }
    };
    effect(move || {
        state.runs.race.track();
        state.theme.track();
        room.track();
        frame::next(move |_| {
            // The panel may have been closed meanwhile.
            if room.try_get_untracked().is_some() {
                draw();
            }
        });
    });
    effect(move || {
        if let Some(canvas) = canvas.get() {
            size::follow(&canvas, move |now| room.set(now));
        }
    });
    view! { <div class="runs-chart"><canvas node_ref=canvas role="img" aria-label=move || words.get() data-testid="race-chart"></canvas></div> }.into_any()
}

fn standings(state: AppState) -> AnyView {
    let columns: Vec<&'static Column> = COLUMNS.iter().filter(|c| !SPARED.contains(&c.slug)).collect();
    let heads: Vec<AnyView> =
        columns.iter().map(|c| view! { <th scope="col" class="runs-number" title=c.about>{c.title}</th> }.into_any()).collect();
    let rows = move || {
        let theme = state.theme.get();
        let (records, troubles, steps): (Vec<Record>, Vec<String>, u32) = state.runs.race.with(|r| {
            r.as_ref().map_or_else(Default::default, |race| {
                let troubles = race.racers.iter().map(|r| r.trouble.clone()).collect();
                (race.records(), troubles, race.steps)
            })
        });
        let one = |(i, record): (usize, &Record)| {
            let share = 100.0 * f64::from(record.last.step) / f64::from(steps.max(1));
            let cells: Vec<AnyView> = columns
                .iter()
                .map(|c| view! { <td class="runs-number number" data-column=c.slug>{c.text(record)}</td> }.into_any())
                .collect();
            let trouble = troubles.get(i).filter(|t| !t.is_empty()).cloned();
            view! {
                <tr data-testid=format!("racer-{}", i + 1) style=format!("--share: {share:.1}%")>
                    <th scope="row">{swatch(i as u32, theme)}<span>{record.name.clone()}</span>{trouble.map(|t| view! { <small class="runs-trouble" title=t.clone()>{t.clone()}</small> })}</th>
                    {cells}
                </tr>
            }
            .into_any()
        };
        records.iter().enumerate().map(one).collect::<Vec<AnyView>>()
    };
    view! {
        <div class="runs-scroll" tabindex="0" role="group" aria-label="How the race stands">
            <table class="runs-table" data-testid="race-table">
                <thead><tr><th scope="col">"Contestant"</th>{heads}</tr></thead>
                <tbody>{live(rows)}</tbody>
            </table>
        </div>
    }
    .into_any()
}
