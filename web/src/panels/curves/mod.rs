//! Learning curves, drawn by plotters on a canvas.

use figures::{ChartOptions, Curves, LossScale, Measured, MeasuredOn, TrainPoint, XAxis};
use leptos::{html, prelude::*};
use plotters_canvas::CanvasBackend;
use protocol::EvalSet;

use super::{Panel, Place};
use crate::{
    dom::{frame, image, now_ms, size},
    state::app,
};

pub const PANEL: Panel = Panel {
    slug: "curves",
    title: "Learning curves",
    place: Place::Monitor,
    view: || view! { <Chart/> }.into_any(),
    style: include_str!("style.css"),
};

/// Between two drawings of the chart while points come in.
const PERIOD_MS: f64 = 240.0;

#[component]
fn Chart() -> impl IntoView {
    let state = app();
    let node = NodeRef::<html::Canvas>::new();
    let room = RwSignal::new((0.0_f64, 0.0_f64));
    let log = RwSignal::new(true);
    let words = RwSignal::new(String::new());
    let curves = StoredValue::new(Curves::default());
    let drawn_ms = StoredValue::new(f64::NEG_INFINITY);
    let due = StoredValue::new(false);
    Effect::new(move |_| {
        if let Some(canvas) = node.get() {
            size::follow(&canvas, move |now| room.set(now));
        }
    });
    let draw = move || {
        let Some(canvas) = node.get_untracked() else { return };
        let ratio = image::device_ratio();
        let (width, height) = room.get_untracked();
        if width < 40.0 || height < 40.0 {
            return;
        }
        canvas.set_width((width * ratio) as u32);
        canvas.set_height((height * ratio) as u32);
        curves.update_value(|curves| {
            state.history.with_value(|history| {
                // Points are only ever added, until another run begins.
                if history.len() < curves.train.len() {
                    curves.train.clear();
                }
                let new = history[curves.train.len()..].iter();
                curves.train.extend(new.map(|p| TrainPoint { step: p.step, epoch: p.epoch, loss: p.loss, accuracy: p.accuracy }));
            });
            state.scores.with_untracked(|scores| {
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
        let options = ChartOptions {
            theme: state.theme.get_untracked(),
            pixel_ratio: ratio,
            x_axis: XAxis::Step,
            loss_scale: if log.get_untracked() { LossScale::Log } else { LossScale::Linear },
            family: "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif",
            empty_caption: "The curves begin with the first step",
            ..ChartOptions::default()
        };
        if let Some(backend) = CanvasBackend::with_canvas_object(canvas) {
            curves.with_value(|curves| {
                if figures::draw_curves(backend, curves, &options).is_ok() {
                    words.set(curves.in_words());
                }
            });
        }
    };
    Effect::new(move |_| {
        state.curve_tick.track();
        state.theme.track();
        state.run.track();
        log.track();
        room.track();
        if due.try_update_value(|due| std::mem::replace(due, true)) == Some(true) {
            return;
        }
        let wait = (drawn_ms.get_value() + PERIOD_MS - now_ms()).max(0.0);
        frame::after(wait as i32, move || {
            frame::next(move |_| {
                due.set_value(false);
                drawn_ms.set_value(now_ms());
                draw();
            });
        });
    });
    view! {
        <div class="curves-top">
            <div class="choice" role="radiogroup" aria-label="Scale of the loss">
                <button role="radio" aria-checked=move || (!log.get()).to_string() data-testid="loss-linear" on:click=move |_| log.set(false)>"linear"</button>
                <button role="radio" aria-checked=move || log.get().to_string() data-testid="loss-log" on:click=move |_| log.set(true)>"log"</button>
            </div>
        </div>
        <canvas class="curves-canvas" node_ref=node role="img" aria-label=move || words.get() data-testid="curves"></canvas>
    }
}
