//! The curves as files and as a table.

use figures::{ChartOptions, Curves, Ghost, Theme, View, svg};
use leptos::prelude::*;
use protocol::{Record, difference};

use crate::{
    dom::file,
    state::{AppState, NoticeKind, runs},
    widgets::number,
};

pub fn save(state: AppState, name: &str, bytes: &[u8]) {
    if let Err(why) = file::download(name, bytes) {
        state.notify(NoticeKind::Failed, format!("{name} was not saved: {why}."), None);
    }
}

/// One line a point, with the rate.
pub fn csv(state: AppState, curves: &Curves) -> String {
    let mut lines = curves.to_csv().lines().map(|l| format!("{l},")).collect::<Vec<_>>();
    if let Some(head) = lines.first_mut() {
        head.push_str("rate");
    }
    state.history.with_value(|points| {
        for (line, point) in lines.iter_mut().skip(1).zip(points) {
            line.push_str(&point.rate.to_string());
        }
    });
    lines.join("\n") + "\n"
}

/// An earlier run as the chart takes it, with the name that stands in a key.
pub fn ghost(record: &Record) -> Ghost {
    let name = if record.difference.is_empty() {
        format!("{} {}", record.slot + 1, record.name)
    } else {
        format!("{} {}: {}", record.slot + 1, record.name, record.difference)
    };
    runs::ghost(record, name)
}

/// For print: light, with a title and a key.
pub fn save_svg(state: AppState, name: &str, title: &str, curves: &Curves, options: &ChartOptions, view: &View) {
    let size = svg::Size { width: 1100, height: 420 + 19 * view.ghosts.len() as u32 };
    let options = ChartOptions { theme: Theme::Light, ..*options };
    match svg::view_svg(title, curves, &options, view, size) {
        Ok(text) => save(state, name, text.as_bytes()),
        Err(why) => state.notify(NoticeKind::Failed, format!("The curves were not saved: {why}."), None),
    }
}

/// What a picture of the run is called.
pub fn title(state: AppState) -> String {
    let train = state.spec.with_untracked(|s| {
        let rule = difference::optimizer(s.train.optimizer.rule().name());
        format!(
            "{}: {rule}, rate {}, {} images a step, seed {}",
            difference::network_name(&s.model),
            s.train.rate,
            s.train.batch,
            s.train.seed
        )
    });
    format!("Learning curves of {train}")
}

/// Rows of the table, at most: of a long run every so manieth point.
const ROWS: usize = 60;

/// The text twin of the picture: points, scores and what happened, by step.
pub fn table(state: AppState) -> AnyView {
    state.curve_tick.track();
    let mut rows: Vec<(u32, [String; 5])> = state.history.with_value(|all| {
        let every = all.len().div_ceil(ROWS).max(1);
        let row = |p: &protocol::Progress| {
            (
                p.step,
                ["training".to_owned(), number::short(p.epoch), number::short(p.loss), number::percent(p.accuracy), number::rate(p.rate)],
            )
        };
        all.iter().rev().step_by(every).map(row).collect()
    });
    state.scores.with(|scores| {
        for s in scores {
            let set = if s.set == protocol::EvalSet::Test { "test" } else { "validation" };
            rows.push((
                s.step,
                [set.to_owned(), number::short(s.epoch), number::short(s.loss), number::percent(s.accuracy), String::new()],
            ));
        }
    });
    for mark in state.monitors.marks.get() {
        rows.push((mark.step, [mark.what, String::new(), String::new(), String::new(), String::new()]));
    }
    engine::order::sort_by_key(&mut rows, |r| std::cmp::Reverse(r.0));
    let body: Vec<AnyView> = rows
        .into_iter()
        .map(|(step, cells)| {
            let cells = cells.into_iter().map(|c| view! { <td>{c}</td> }).collect_view();
            view! { <tr><th scope="row" class="number">{number::grouped(u64::from(step))}</th>{cells}</tr> }.into_any()
        })
        .collect();
    view! {
        <div class="curves-table" tabindex="0" role="group" aria-label="The curves as a table" data-testid="curves-table">
            <table class="number">
                <thead><tr><th scope="col">"step"</th><th scope="col">"what"</th><th scope="col">"epoch"</th><th scope="col">"loss"</th><th scope="col">"accuracy"</th><th scope="col">"rate"</th></tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}
