//! The five ways to pad, side by side: what each puts beyond the edge, and what a kernel makes of it there.

use crate::reaction::{effect, live};
use engine::{Padding, Shape, ops::conv2d::PadMode};
use figures::Range;
use leptos::prelude::*;

use super::figure::Parts;
use crate::{
    learn::{
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, written},
        part::part,
    },
    link::figure::Wanted,
};

/// What stands on both sides of `a b c`.
fn strip(mode: PadMode) -> &'static str {
    match mode {
        PadMode::Zeros => "0 0 | a b c | 0 0",
        PadMode::Reflect => "c b | a b c | b a",
        PadMode::Symmetric => "b a | a b c | c b",
        PadMode::Replicate => "a a | a b c | c c",
        PadMode::Circular => "b c | a b c | a b",
    }
}

pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    let answers = PadMode::ALL.map(|mode| asked(parts, mode));
    let range = Signal::derive(move || {
        let most =
            answers.iter().flat_map(|a| a.with(|a| a.output(0).to_vec())).filter(|v| v.is_finite()).fold(0.0_f32, |m, v| m.max(v.abs()));
        Range::symmetric(most)
    });
    let own = Memo::new(move |_| {
        let word = desk.settings.with(|s| s.get("mode").to_owned());
        PadMode::ALL.iter().position(|m| m.name() == word).unwrap_or(0)
    });
    effect(move || {
        let (row, col) = parts.at.get();
        let map = map_of(parts, answers[own.get()]);
        desk.report("value", f64::from(map.get(row, col)));
        desk.report("beyond", beyond(parts, &map));
        // Not before somebody has said what it will be.
        desk.live.set(if desk.settings.with(|s| s.is_on("covered")) { String::new() } else { edges(&map) });
    });
    let mode = Signal::derive(move || desk.settings.with(|s| s.get("mode").to_owned()));
    let tiles = (0..PadMode::ALL.len()).map(|i| tile(parts, i, answers[i], range, own)).collect_view();
    view! {
        <div class="modes">
            {part(desk, "pad", "Input with padding", mode, parts.padded().view(desk))}
            <div class="tiles">{tiles}</div>
        </div>
    }
    .into_any()
}

fn asked(parts: Parts, mode: PadMode) -> ReadSignal<Answer> {
    parts.desk.ask(move || {
        let mut layer = parts.layer.get();
        (layer.pad_mode, layer.pad) = (mode, Padding::all(parts.desk.settings.with(|s| s.count("pad"))));
        let ask = parts.picture.with(|p| FigureAsk::new(Shape::new(1, p.rows, p.cols), vec![layer.into()], &p.values));
        Some(ask.weights(&parts.weights()).want(Wanted::Output(0)))
    })
}

fn map_of(parts: Parts, answer: ReadSignal<Answer>) -> Matrix {
    let (rows, cols) = parts.out.get().unwrap_or((1, 1));
    let numbers = answer.with(|a| match a.get(Wanted::Output(0)) {
        Some((&[_, _, h, w], numbers)) if (h, w) == (rows, cols) => numbers.to_vec(),
        _ => Vec::new(),
    });
    Matrix::new(rows, cols, numbers)
}

/// How much stronger the output is anywhere than in the middle, where no window reaches beyond the edge.
fn beyond(parts: Parts, map: &Matrix) -> f64 {
    if map.values.iter().any(|v| !v.is_finite()) || parts.picture.with(|p| p.rows != map.rows) {
        return f64::NAN;
    }
    let middle = map.get(map.rows / 2, map.cols / 2).abs();
    map.values.iter().map(|v| f64::from(v.abs() - middle)).fold(0.0, f64::max)
}

/// First, second and middle number of the middle row.
fn edges(map: &Matrix) -> String {
    let row = map.rows / 2;
    let at = |col: usize| map.get(row, col);
    if [at(0), at(1), at(map.cols / 2)].iter().any(|v| !v.is_finite()) {
        return String::new();
    }
    let cell =
        |name: &str, value: f32| format!("<mtd><mtext>{name}</mtext></mtd><mtd><mn class=\"result\">{}</mn></mtd>", written(value, 3));
    format!(
        "<mtable columnalign=\"left right\"><mtr>{}</mtr><mtr>{}</mtr></mtable>",
        cell("at the edge", at(0)),
        cell("in the middle", at(map.cols / 2))
    )
}

fn tile(parts: Parts, index: usize, answer: ReadSignal<Answer>, range: Signal<Range>, own: Memo<usize>) -> AnyView {
    let (desk, mode) = (parts.desk, PadMode::ALL[index]);
    let matrix = Signal::derive(move || map_of(parts, answer));
    let covered = desk.is_on("covered");
    let trouble = move || answer.with(|a| a.told.trouble.clone()).map(|why| view! { <p class="trouble">{why}</p> });
    let grid = Grid::new("mode-map", Signal::stored(format!("Output with {} padding", mode.name())), matrix)
        .look(Signal::derive(move || Look {
            signed: true,
            range: Some(range.get()),
            decimals: Some(2),
            known: covered.get().then_some(0),
            ..Look::default()
        }))
        .outlines(Signal::derive(move || if covered.get() { Vec::new() } else { vec![Outline::cell(parts.at.get(), Mark::Output)] }))
        .cursor(Signal::derive(move || Some(parts.at.get())))
        .touch(move |touch| {
            if touch.pressed {
                desk.set("mode", mode.name());
            }
            parts.go_to(touch);
        });
    view! {
        <div class="tile" class:chosen=move || own.get() == index>
            <button class="tile-name" data-testid=format!("mode-{}", mode.name()) aria-pressed=move || (own.get() == index).to_string() on:click=move |_| desk.set("mode", mode.name())>
                <b>{mode.name()}</b><span class="number">{strip(mode)}</span>
            </button>
            {grid.view(desk)}
            {live(trouble)}
        </div>
    }
    .into_any()
}
