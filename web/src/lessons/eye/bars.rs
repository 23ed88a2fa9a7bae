//! A bar on a screen: it turns before one cell, or moves before a simple and a complex one.

use crate::reaction::effect;
use engine::{LayerSpec, Pair, Shape, ops::MaxPool2d};
use figures::Range;
use leptos::prelude::*;

use super::{
    cell::{angle, field, orientation},
    filters::{ANGLES, KERNEL, OUT, SCREEN, bar, cells, degrees, gabor},
};
use crate::{
    learn::{
        chart::{Axes, Chart, Line, numbered},
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, written},
        part::part,
    },
    link::figure::Wanted,
};

/// Degrees between two points of the curve.
const STEP: usize = 5;
/// Most pixels by which the bar moves either way.
pub const MOST: usize = 6;
/// Side of the square of simple cells whose strongest answer a complex cell has.
pub const POOL: usize = 5;
const POOLED: usize = OUT - POOL + 1;

fn ask(images: &[f32], cell: usize) -> FigureAsk {
    let pool: LayerSpec = MaxPool2d { kernel: Pair::square(POOL), stride: Pair::one(), ..MaxPool2d::default() }.into();
    let mut layers = cells(1, 0);
    layers.push(pool);
    FigureAsk::new(Shape::new(1, SCREEN, SCREEN), layers, images)
        .weights(&gabor(degrees(cell)))
        .want(Wanted::Output(1))
        .want(Wanted::Output(2))
}

/// For every image what the cell in the middle gives.
fn middle(answer: &Answer, layer: usize, side: usize) -> Vec<f64> {
    answer.output(layer).chunks_exact(side * side).map(|map| f64::from(map[side * side / 2])).collect()
}

fn screen(desk: Desk, picture: Memo<Vec<f32>>, mark: Outline) -> AnyView {
    let matrix = Memo::new(move |_| Matrix::new(SCREEN, SCREEN, picture.get()));
    let grid = Grid::new("screen", Signal::stored("A bar on the screen, and the field of the cell".to_owned()), matrix)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() })
        .outlines(Signal::stored(vec![mark]));
    part(desk, "input", "A bar on a screen".to_owned(), String::new(), grid.view(desk))
}

fn field_outline(side: usize) -> Outline {
    let from = (SCREEN - side) / 2;
    Outline::new(from, from, side, side, Mark::Input)
}

pub fn tuning(desk: Desk) -> AnyView {
    let (cell, turn, covered) = (desk.count("cell"), desk.count("bar"), desk.is_on("covered"));
    let cell = Memo::new(move |_| cell.get().min(ANGLES - 1));
    let turn = Memo::new(move |_| turn.get().min(180));
    let picture = Memo::new(move |_| bar(turn.get() as f32, 0.0));
    // The bar at every fifth degree, and as it is now.
    let answer = desk.ask(move || {
        let turned = (0..=180).step_by(STEP).flat_map(|d| bar(d as f32, 0.0));
        Some(ask(&turned.chain(picture.get()).collect::<Vec<_>>(), cell.get()))
    });
    let all = Memo::new(move |_| answer.with(|a| middle(a, 1, OUT)));
    let value = Memo::new(move |_| all.with(|all| all.last().copied()));
    let most = Memo::new(move |_| all.with(|all| all.iter().fold(0.0_f64, |m, v| m.max(*v))));
    effect(move || {
        desk.report("value", value.get().unwrap_or(f64::NAN));
        desk.report("strongest", most.get());
        let told = |value: f64| {
            let away = (turn.get() as f32 - degrees(cell.get())).rem_euclid(180.0);
            let away = away.min(180.0 - away);
            format!(
                "<mtext>{} away from the stripe:</mtext><mspace width=\"0.4em\"/><mi>y</mi><mo>=</mo><mn class=\"result\">{}</mn>",
                format_args!("{}°", written(away, 1)),
                written(value as f32, 2)
            )
        };
        desk.live.set(value.get().filter(|_| !covered.get()).map_or(String::new(), told));
    });
    let lines = Signal::derive(move || {
        // The last is the bar as it is now; it has its place among the others.
        let mut points: Vec<(f64, f64)> = all.with(|all| (0..=180).step_by(STEP).map(|d| d as f64).zip(all.iter().copied()).collect());
        points.extend(value.get().map(|v| (turn.get() as f64, v)));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points.retain(|_| !covered.get());
        vec![Line { mark: "output", points, ..Line::default() }]
    });
    let cursor = Signal::derive(move || turn.get() as f64);
    let prefers = Signal::derive(move || angle(cell.get()));
    view! {
        <div class="tuning">
            {screen(desk, picture, field_outline(KERNEL))}
            {part(desk, "kernel", "The cell".to_owned(), prefers, field("weights", cell.into()).view(desk))}
            {plot(desk, "Its answer as the bar turns", "tuning", orientation("angle of the bar"), cursor, lines)}
        </div>
    }
    .into_any()
}

fn plot(desk: Desk, title: &'static str, testid: &'static str, axes: Axes, cursor: Signal<f64>, lines: Signal<Vec<Line>>) -> AnyView {
    let chart = Chart::new(testid, title, Signal::stored(axes), lines).cursor(cursor);
    part(desk, "output", title.to_owned(), String::new(), chart.view(desk))
}

/// Pixels to the right, answers upwards.
fn shifts() -> Axes {
    let most = MOST as f64;
    Axes {
        x: (-most, most),
        y: (0.0, 1.0),
        x_ticks: numbered([-most, -most / 2.0, 0.0, most / 2.0, most]),
        y_ticks: numbered([0.0, 0.5, 1.0]),
        x_name: "pixels to the right",
    }
}

pub fn moving(desk: Desk) -> AnyView {
    let (place, covered) = (desk.count("place"), desk.is_on("covered"));
    let place = Memo::new(move |_| place.get().min(2 * MOST));
    let shift = |place: usize| place as f32 - MOST as f32;
    let upright = ANGLES / 2;
    let picture = Memo::new(move |_| bar(degrees(upright), shift(place.get())));
    // Every place of the bar at once: what moves is only which of them is marked.
    let answer = desk.ask(move || {
        let moved = (0..=2 * MOST).flat_map(|place| bar(degrees(upright), shift(place)));
        Some(ask(&moved.collect::<Vec<_>>(), upright))
    });
    let simple = Memo::new(move |_| answer.with(|a| middle(a, 1, OUT)));
    let complex = Memo::new(move |_| answer.with(|a| middle(a, 2, POOLED)));
    let lines = Signal::derive(move || {
        let points = |values: &Vec<f64>| values.iter().enumerate().map(|(i, v)| (f64::from(shift(i)), *v)).collect();
        let hidden = covered.get();
        let complex = if hidden { Vec::new() } else { complex.with(points) };
        vec![
            Line { mark: "kernel", points: simple.with(points), ..Line::default() },
            Line { mark: "output", points: complex, ..Line::default() },
        ]
    });
    let cursor = Signal::derive(move || f64::from(shift(place.get())));
    effect(move || {
        let at = |values: &Vec<f64>| values.get(place.get()).copied().unwrap_or(f64::NAN);
        let (s, c) = (simple.with(at), complex.with(at));
        desk.report("simple", s);
        desk.report("complex", c);
        let number = |v: f64| format!("<mn class=\"result\">{}</mn>", written(v as f32, 2));
        let complex = if covered.get() { "<mn>?</mn>".to_owned() } else { number(c) };
        let told = format!(
            "<mtext>simple:</mtext><mspace width=\"0.4em\"/>{}<mspace width=\"1.2em\"/><mtext>complex:</mtext><mspace width=\"0.4em\"/>{complex}",
            number(s)
        );
        desk.live.set(if s.is_finite() { told } else { String::new() });
    });
    view! {
        <div class="tuning">
            {screen(desk, picture, field_outline(KERNEL + POOL - 1))}
            {part(desk, "kernel", "A simple cell".to_owned(), angle(upright), field("weights", Signal::stored(upright)).view(desk))}
            {plot(desk, "Their answers as the bar moves", "moving", shifts(), cursor, lines)}
        </div>
        <p class="legend"><b class="name-kernel">"simple: one place"</b><b class="name-output">"complex: the strongest of 5×5 places"</b></p>
    }
    .into_any()
}
