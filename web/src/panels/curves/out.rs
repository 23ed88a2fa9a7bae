//! The curves as files and as a table.

use figures::{ChartOptions, Curves, View, svg};
use leptos::prelude::*;

use crate::{
    dom::file,
    state::{AppState, NoticeKind},
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

pub fn save_svg(state: AppState, curves: &Curves, options: &ChartOptions, view: &View) {
    let size = svg::Size { width: 1200, height: 360 };
    match svg::view_svg(curves, options, view, size) {
        Ok(text) => save(state, "learning-curves.svg", text.as_bytes()),
        Err(why) => state.notify(NoticeKind::Failed, format!("The curves were not saved: {why}."), None),
    }
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
    rows.sort_by_key(|r| std::cmp::Reverse(r.0));
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
