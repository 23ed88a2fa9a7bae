//! Searches for a rate and a batch size: what was found, as a picture, in words, and to be used.

use leptos::prelude::*;
use protocol::{BatchRow, Finding, Quest, RatePoint, RunSpec};

use crate::{
    state::{app, lab, toolbox::Search},
    widgets::number,
};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 110.0;

/// The button of a search and, once it has begun, what it has found.
pub fn view(quest: Quest, draft: RwSignal<RunSpec>) -> AnyView {
    let (state, lab) = (app(), lab());
    let (testid, label, about) = match quest {
        Quest::Rate => (
            "find-rate",
            "Find a learning rate",
            "Training waits; a copy of the network is trained with a rate that grows from step to step.",
        ),
        Quest::Batch => {
            ("find-batch", "Find a batch size", "Training waits; a copy is timed with 1 to 1024 images a step, on the card or one core.")
        }
    };
    let own = Memo::new(move |_| state.toolbox.search.with(|s| s.clone().filter(|s| s.quest == quest)));
    let busy = Memo::new(move |_| state.toolbox.search.with(|s| s.as_ref().is_some_and(|s| !s.over)));
    let running = Memo::new(move |_| own.with(|s| s.as_ref().is_some_and(|s| !s.over)));
    let press = move |_| lab.seek(if running.get_untracked() { None } else { Some(quest) });
    view! {
        <div class="training-search">
            <button class="quiet training-find" data-testid=testid title=about disabled=move || busy.get() && !running.get() on:click=press>
                {move || if running.get() { "Stop the search" } else { label }}
            </button>
            {move || own.get().map(|search| found(&search, draft))}
        </div>
    }
    .into_any()
}

fn found(search: &Search, draft: RwSignal<RunSpec>) -> AnyView {
    let words = if search.over { sentence(&search.message) } else { "Searching…".to_owned() };
    let (picture, suggested) = match &search.finding {
        Some(Finding::Rate { points, suggestion }) => {
            let rate = suggestion.as_ref().and_then(|s| s.rate);
            (rates(points, rate), rate.map(|rate| use_rate(rate, draft)))
        }
        Some(Finding::Batch { rows, suggestion }) => {
            let batch = suggestion.as_ref().and_then(|s| s.batch);
            (batches(rows, batch), batch.map(|batch| use_batch(batch, draft)))
        }
        None => (().into_any(), None),
    };
    view! {
        <figure class="training-found">
            {picture}
            <figcaption class="training-about" role="status" data-testid="search-words">{words}</figcaption>
            {suggested}
        </figure>
    }
    .into_any()
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
    first.chain(letters).chain(std::iter::once('.')).collect()
}

fn use_rate(rate: f32, draft: RwSignal<RunSpec>) -> AnyView {
    let text = format!("Use {}", number::rate(rate));
    view! { <button class="training-use" data-testid="use-rate" on:click=move |_| draft.update(|d| d.train.rate = rate)>{text}</button> }
        .into_any()
}

fn use_batch(batch: u32, draft: RwSignal<RunSpec>) -> AnyView {
    let press = move |_| draft.update(|d| d.train.batch = batch as usize);
    view! { <button class="training-use" data-testid="use-batch" on:click=press>{format!("Use {batch}")}</button> }.into_any()
}

/// The loss over the rate, which is logarithmic.
fn rates(points: &[RatePoint], suggestion: Option<f32>) -> AnyView {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return ().into_any() };
    let most = points.iter().take(5).map(|p| p.smooth).fold(0.0, f64::max) * 1.3;
    let least = points.iter().map(|p| p.smooth).fold(f64::INFINITY, f64::min).min(most * 0.999) * 0.8;
    let (from, to) = (f64::from(first.rate).log10(), f64::from(last.rate).log10().max(f64::from(first.rate).log10() + 1.0));
    let x = |rate: f32| (f64::from(rate).log10() - from) / (to - from) * WIDTH;
    let y = |loss: f64| ((most - loss) / (most - least) * (HEIGHT - 16.0)).clamp(0.0, HEIGHT - 14.0);
    let path = |of: fn(&RatePoint) -> f64| {
        let part = |(i, p): (usize, &RatePoint)| format!("{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, x(p.rate), y(of(p)));
        points.iter().enumerate().map(part).collect::<String>()
    };
    let decades = (from.ceil() as i32..=to.floor() as i32).map(|d| {
        let at = (f64::from(d) - from) / (to - from) * WIDTH;
        view! {
            <line class="training-axis" x1=at x2=at y1="0" y2=HEIGHT - 14.0/>
            <text x=at.clamp(10.0, WIDTH - 12.0) y=HEIGHT - 2.0 text-anchor="middle">{format!("1e{d}")}</text>
        }
    });
    let mark = suggestion.map(|rate| view! { <line class="training-now" x1=x(rate) x2=x(rate) y1="0" y2=HEIGHT - 14.0/> });
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="Loss over the learning rate; what it comes to is said below">
            {decades.collect_view()}
            <path class="training-raw" d=path(|p| p.loss)/>
            <path d=path(|p| p.smooth)/>
            {mark}
        </svg>
    }
    .into_any()
}

fn batches(rows: &[BatchRow], suggestion: Option<u32>) -> AnyView {
    let most = rows.iter().map(|r| r.images_per_second).fold(1.0, f64::max);
    let lines = rows.iter().map(|row| {
        let bar = format!("--share: {:.1}%", row.images_per_second / most * 100.0);
        view! {
            <tr aria-current=(suggestion == Some(row.batch)).then_some("true")>
                <th scope="row">{row.batch}</th>
                <td class="training-bar" style=bar>{number::grouped(row.images_per_second.round() as u64)}</td>
                <td>{format!("{} ms", number::short(row.step_ms))}</td>
                <td>{format!("{} MB", number::short(row.memory_bytes / 1e6))}</td>
            </tr>
        }
    });
    view! {
        <table class="number">
            <thead><tr><th scope="col">"batch"</th><th scope="col">"images/s"</th><th scope="col">"step"</th><th scope="col">"memory"</th></tr></thead>
            <tbody>{lines.collect_view()}</tbody>
        </table>
    }
    .into_any()
}
