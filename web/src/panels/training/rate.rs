//! The learning rate over the run, as a small picture and in words.

use leptos::prelude::*;
use protocol::RunSpec;

use crate::{reaction::live, state::app, widgets::number};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 64.0;
/// Points of the curve.
const POINTS: u32 = 150;

/// Steps of the whole run, as it stands now.
fn total_steps(epochs: u32) -> u32 {
    let state = app();
    let (progress, per_epoch) = (state.progress.get(), f64::from(state.summary.with(|s| s.steps_per_epoch)));
    let left = (f64::from(epochs) - progress.epoch).max(0.0) * per_epoch;
    (f64::from(progress.step) + left).round().max(1.0) as u32
}

pub fn view(draft: RwSignal<RunSpec>) -> AnyView {
    let state = app();
    let total = Memo::new(move |_| total_steps(draft.with(|d| d.train.epochs)));
    // Rate, highest rate, points.
    let curve = Memo::new(move |_| {
        let total = total.get();
        let (schedule, rate) = draft.with(|d| (d.train.schedule.fitted(total), d.train.rate));
        (0..=POINTS).map(|i| schedule.rate(rate, (u64::from(total) * u64::from(i) / u64::from(POINTS)) as u32)).collect::<Vec<f32>>()
    });
    let path = move || {
        curve.with(|rates| {
            let most = rates.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            let mut path = String::new();
            for (i, rate) in rates.iter().enumerate() {
                let x = i as f64 / f64::from(POINTS) * WIDTH;
                let y = 3.0 + (1.0 - f64::from(rate / most)) * (HEIGHT - 6.0);
                path.push_str(&format!("{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' }));
            }
            path
        })
    };
    let now = move || f64::from(state.progress.get().step) / f64::from(total.get());
    let here = move || format!("{:.1}", now().min(1.0) * WIDTH);
    let words = move || {
        let (total, step) = (total.get(), state.progress.get().step);
        let rate = draft.with(|d| d.train.schedule.fitted(total).rate(d.train.rate, step));
        let (least, most) = curve.with(|c| c.iter().fold((f32::MAX, 0.0f32), |(a, b), r| (a.min(*r), b.max(*r))));
        format!(
            "Now {} at step {} of {}; over the run {} to {}.",
            number::rate(rate),
            number::grouped(u64::from(step)),
            number::grouped(u64::from(total)),
            number::rate(least),
            number::rate(most)
        )
    };
    view! {
        <figure class="training-rate">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <line class="training-axis" x1="0" x2=WIDTH y1=HEIGHT - 3.0 y2=HEIGHT - 3.0/>
                <path d=path/>
                <line class="training-now" x1=here x2=here y1="0" y2=HEIGHT/>
            </svg>
            <figcaption class="training-about" data-testid="schedule-words">{live(words)}</figcaption>
        </figure>
    }
    .into_any()
}
