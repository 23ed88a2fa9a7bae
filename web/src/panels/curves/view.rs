//! The chart on the page.

use figures::{ChartOptions, Curves, LossScale, Measured, MeasuredOn, Plot, TrainPoint, View, XAxis};
use leptos::{ev, html, prelude::*};
use plotters_canvas::CanvasBackend;
use protocol::EvalSet;
use web_sys::{KeyboardEvent, PointerEvent, WheelEvent};

use super::{
    happenings::{self, Spot},
    key,
    keys::Sight,
    out, reading,
};
use crate::{
    dom::{frame, image, now_ms, size},
    reaction::effect,
    state::{AppState, app},
    widgets::slider::Slider,
};

/// Between two drawings of the chart while points come in.
const PERIOD_MS: f64 = 240.0;
/// Positions of the slider: none, half-lives from 8 steps on, and what suits the run.
const SMOOTHEST: u32 = 9;

/// Everything that the chart depends on. Copying is free.
#[derive(Clone, Copy)]
struct Chart {
    state: AppState,
    canvas: NodeRef<html::Canvas>,
    overlay: NodeRef<html::Canvas>,
    room: RwSignal<(f64, f64)>,
    log: RwSignal<bool>,
    smooth: RwSignal<u32>,
    sight: RwSignal<Sight>,
    words: RwSignal<String>,
    curves: StoredValue<Curves>,
    plots: StoredValue<Vec<Plot>>,
    as_table: RwSignal<bool>,
    /// Marks over the curves, and what the one at hand says.
    spots: RwSignal<Vec<Spot>>,
    told: RwSignal<Option<String>>,
}

impl Chart {
    fn half_life(self) -> Option<f64> {
        match self.smooth.get_untracked() {
            0 => Some(0.0),
            SMOOTHEST.. => None,
            position => Some(f64::from(4u32 << position)),
        }
    }

    fn options(self, ratio: f64) -> ChartOptions {
        ChartOptions {
            theme: self.state.theme.get_untracked(),
            pixel_ratio: ratio,
            x_axis: if self.sight.get_untracked().by_epoch { XAxis::Epoch } else { XAxis::Step },
            loss_scale: if self.log.get_untracked() { LossScale::Log } else { LossScale::Linear },
            half_life_steps: self.half_life(),
            family: "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif",
            empty_caption: "The curves begin with the first step",
            ..ChartOptions::default()
        }
    }

    fn view(self) -> View {
        let sight = self.sight.get_untracked();
        let rate = self.state.history.with_value(|all| all.iter().map(|p| (sight.x_of(p), f64::from(p.rate))).collect());
        let marks = happenings::all(self.state).into_iter().map(|(step, _)| self.place_of(step)).collect();
        let ghosts = self.state.runs.list.with_untracked(|list| list.iter().filter(|r| r.shown).map(out::ghost).collect());
        View { window: sight.window, marks, rate, ghosts }
    }

    /// Where a step lies on the horizontal axis.
    fn place_of(self, step: u32) -> f64 {
        let per_epoch = f64::from(self.state.summary.with_untracked(|s| s.steps_per_epoch).max(1));
        if self.sight.with_untracked(|s| s.by_epoch) { f64::from(step) / per_epoch } else { f64::from(step) }
    }

    fn gather(self) {
        self.curves.update_value(|curves| {
            self.state.history.with_value(|history| {
                // Points are only ever added, until another run begins or this one goes back.
                let same = curves.train.last().is_none_or(|last| history.get(curves.train.len() - 1).is_some_and(|p| p.step == last.step));
                if !same {
                    curves.train.clear();
                }
                let new = history[curves.train.len()..].iter();
                curves.train.extend(new.map(|p| TrainPoint { step: p.step, epoch: p.epoch, loss: p.loss, accuracy: p.accuracy }));
            });
            self.state.scores.with_untracked(|scores| {
                curves.scores.clear();
                curves.scores.extend(scores.iter().map(|s| Measured {
                    on: if s.set == EvalSet::Test { MeasuredOn::Test } else { MeasuredOn::Validation },
                    step: s.step,
                    epoch: s.epoch,
                    loss: s.loss,
                    accuracy: s.accuracy,
                }));
            });
        });
    }

    fn draw(self) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        let ratio = image::device_ratio();
        let (width, height) = self.room.get_untracked();
        if width < 40.0 || height < 40.0 {
            return;
        }
        canvas.set_width((width * ratio) as u32);
        canvas.set_height((height * ratio) as u32);
        self.gather();
        if let Some(backend) = CanvasBackend::with_canvas_object(canvas) {
            self.curves.with_value(|curves| {
                if let Ok(plots) = figures::draw_view(backend, curves, &self.options(ratio), &self.view()) {
                    let spots = happenings::spots(self.state, &plots, &|step| self.place_of(step));
                    if self.spots.with_untracked(|before| *before != spots) {
                        self.spots.set(spots);
                    }
                    self.plots.set_value(plots);
                    self.words.set(curves.in_words());
                }
            });
        }
        self.draw_cursor();
    }

    fn draw_cursor(self) {
        if let Some(overlay) = self.overlay.get_untracked() {
            let colour = self.state.theme.get_untracked().palette().foreground.to_string();
            let sight = self.sight.get_untracked();
            self.plots
                .with_value(|plots| reading::draw(&overlay, self.room.get_untracked(), image::device_ratio(), plots, &sight, &colour));
        }
    }

    /// The place on the horizontal axis under a pointer.
    fn place(self, offset: (i32, i32)) -> Option<f64> {
        let ratio = image::device_ratio();
        let (x, y) = (f64::from(offset.0) * ratio, f64::from(offset.1) * ratio);
        self.plots.with_value(|plots| plots.iter().find(|p| p.holds(x, y)).map(|p| p.x_at(x)))
    }

    fn point(self, event: &PointerEvent) {
        let place = self.place((event.offset_x(), event.offset_y()));
        if place.is_some() || self.sight.with_untracked(|s| s.drag.is_none()) {
            self.sight.update(|sight| sight.cursor = place);
        }
    }

    fn press(self, event: &PointerEvent) {
        let place = self.place((event.offset_x(), event.offset_y()));
        self.sight.update(|sight| (sight.cursor, sight.drag) = (place, place));
    }

    fn release(self, event: &PointerEvent) {
        let place = self.place((event.offset_x(), event.offset_y()));
        self.state.history.with_value(|all| {
            self.sight.update(|sight| match place.or(sight.cursor) {
                Some(at) => sight.drop(at, all),
                None => sight.drag = None,
            });
        });
    }

    fn wheel(self, event: &WheelEvent) {
        let Some(at) = self.place((event.offset_x(), event.offset_y())) else { return };
        event.prevent_default();
        self.state.history.with_value(|all| {
            self.sight.update(|sight| {
                if event.delta_x().abs() > event.delta_y().abs() {
                    sight.shift(event.delta_x() / 800.0, all);
                } else {
                    sight.zoom(at, event.delta_y() < 0.0, all);
                }
            });
        });
    }

    fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let meant = self
            .state
            .history
            .with_value(|all| self.sight.try_update(|sight| sight.press(&event.key(), event.shift_key(), all)) == Some(true));
        if meant {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    /// Draws soon after anything has changed, but not too often.
    fn follow(self) {
        let drawn_ms = StoredValue::new(f64::NEG_INFINITY);
        let due = StoredValue::new(false);
        let seen = Memo::new(move |_| self.sight.with(|s| (s.window, s.by_epoch)));
        let touched = StoredValue::new((None, false));
        effect(move || {
            let state = self.state;
            state.curve_tick.track();
            state.theme.track();
            state.run.track();
            state.monitors.marks.track();
            state.monitors.advice.track();
            state.toolbox.notes.track();
            state.runs.list.track();
            self.log.track();
            self.smooth.track();
            self.room.track();
            // What the hand does is shown at once.
            let hurried = touched.try_update_value(|last| std::mem::replace(last, seen.get()) != seen.get_untracked()) == Some(true);
            if due.try_update_value(|due| std::mem::replace(due, true)) == Some(true) && !hurried {
                return;
            }
            let wait = if hurried { 0.0 } else { (drawn_ms.get_value() + PERIOD_MS - now_ms()).max(0.0) };
            frame::after(wait as i32, move || {
                frame::next(move |_| {
                    // The panel may have been closed meanwhile.
                    if due.try_get_value().is_some() {
                        due.set_value(false);
                        drawn_ms.set_value(now_ms());
                        self.draw();
                    }
                });
            });
        });
        effect(move || {
            self.sight.track();
            self.draw_cursor();
        });
        // Another run is seen whole.
        effect(move || {
            self.state.run.track();
            self.sight.update(|sight| (sight.window, sight.cursor) = (None, None));
        });
        effect(move || {
            if let Some(canvas) = self.canvas.get() {
                size::follow(&canvas, move |now| self.room.set(now));
            }
        });
    }
}

#[component]
pub fn Chart() -> impl IntoView {
    let chart = Chart {
        state: app(),
        canvas: NodeRef::new(),
        overlay: NodeRef::new(),
        room: RwSignal::new((0.0, 0.0)),
        log: RwSignal::new(true),
        smooth: RwSignal::new(SMOOTHEST),
        sight: RwSignal::new(Sight::default()),
        words: RwSignal::new(String::new()),
        curves: StoredValue::new(Curves::default()),
        plots: StoredValue::new(Vec::new()),
        as_table: RwSignal::new(false),
        spots: RwSignal::new(Vec::new()),
        told: RwSignal::new(None),
    };
    chart.follow();
    let read = Memo::new(move |_| {
        chart.state.curve_tick.track();
        chart.sight.with(|sight| reading::words(chart.state, sight))
    });
    view! {
        {controls(chart)}
        <p class="curves-reading number" aria-live="polite" data-testid="curves-reading">
            {move || chart.told.get().or_else(|| read.get()).unwrap_or_else(|| "Point at the curves, or focus them and use the arrows, to read them".to_owned())}
        </p>
        {key::key(chart.state, chart.sight)}
        {move || if chart.as_table.get() { out::table(chart.state) } else { picture(chart) }}
    }
}

fn picture(chart: Chart) -> AnyView {
    let zoomed = move || chart.sight.with(|s| s.window.is_some());
    view! {
        <div class="curves-picture" tabindex="0" role="group" data-testid="curves-picture"
            aria-label="Learning curves. Arrows read the points, plus and minus zoom, shift and arrows move, 0 shows everything"
            on:keydown=move |event| chart.key(&event)>
            <canvas class="curves-canvas" node_ref=chart.canvas role="img" aria-label=move || chart.words.get() data-testid="curves"></canvas>
            <canvas class="curves-canvas curves-over" node_ref=chart.overlay aria-hidden="true" data-testid="curves-over"
                on:pointermove=move |event| chart.point(&event)
                on:pointerdown=move |event| chart.press(&event)
                on:pointerup=move |event| chart.release(&event)
                on:pointerleave=move |_: PointerEvent| chart.sight.update(|s| (s.cursor, s.drag) = (None, None))
                on:dblclick=move |_: ev::MouseEvent| chart.sight.update(|s| (s.window, s.drag) = (None, None))
                on:wheel=move |event| chart.wheel(&event)></canvas>
            {happenings::view(chart.spots, chart.told)}
            <Show when=zoomed>
                <button class="quiet curves-whole" data-testid="curves-whole" on:click=move |_| chart.sight.update(|s| s.window = None)>"Show all"</button>
            </Show>
        </div>
    }
    .into_any()
}

fn controls(chart: Chart) -> AnyView {
    let Chart { log, smooth, sight, as_table, state, .. } = chart;
    let by_epoch = move || sight.with(|s| s.by_epoch);
    let turn = move |to: bool| sight.set(Sight { by_epoch: to, ..Sight::default() });
    let said = Signal::derive(move || match smooth.get() {
        0 => "raw".to_owned(),
        SMOOTHEST.. => "auto".to_owned(),
        position => format!("{} steps", 4u32 << position),
    });
    let save_csv = move |_| {
        chart.gather();
        chart.curves.with_value(|curves| out::save(state, "learning-curves.csv", out::csv(state, curves).as_bytes()));
    };
    let save_svg = move |_| {
        chart.gather();
        chart.curves.with_value(|curves| {
            out::save_svg(state, "learning-curves.svg", &out::title(state), curves, &chart.options(1.0), &chart.view());
        });
    };
    view! {
        <div class="curves-top">
            <div class="choice" role="radiogroup" aria-label="Scale of the loss">
                <button role="radio" aria-checked=move || (!log.get()).to_string() data-testid="loss-linear" on:click=move |_| log.set(false)>"linear"</button>
                <button role="radio" aria-checked=move || log.get().to_string() data-testid="loss-log" on:click=move |_| log.set(true)>"log"</button>
            </div>
            <div class="choice" role="radiogroup" aria-label="What the curves run over">
                <button role="radio" aria-checked=move || (!by_epoch()).to_string() data-testid="curves-steps" on:click=move |_| turn(false)>"steps"</button>
                <button role="radio" aria-checked=move || by_epoch().to_string() data-testid="curves-epochs" on:click=move |_| turn(true)>"epochs"</button>
            </div>
            <Slider label="Smoothing" testid="curves-smooth" last=SMOOTHEST position=smooth reading=said on_move=move |to| smooth.set(to)/>
            <span class="curves-gap"></span>
            <button class="quiet" aria-pressed=move || as_table.get().to_string() data-testid="curves-as-table" on:click=move |_| as_table.update(|t| *t = !*t)>"Table"</button>
            <button class="quiet" data-testid="curves-csv" title="Save every point as CSV" on:click=save_csv>"CSV"</button>
            <button class="quiet" data-testid="curves-svg" title="Save the picture as SVG" on:click=save_svg>"SVG"</button>
        </div>
    }
    .into_any()
}
