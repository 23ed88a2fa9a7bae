//! The image is moved: how much of what is pooled changes?

use crate::reaction::effect;
use engine::{
    LayerSpec, Padding, Pair,
    ops::{AvgPool2d, Conv2d, GlobalAvgPool2d, MaxPool2d, Relu},
};
use figures::Range;
use leptos::prelude::*;

use super::kinds::{EDGE, IMAGE};
use crate::{
    learn::{
        chart::{Axes, Chart, Line, numbered},
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix, written},
        moved::moved,
        part::part,
    },
    link::figure::Wanted,
};

/// Most pixels by which the image is moved.
pub const MOST: usize = 6;
const SIDE: usize = data::SIDE;

/// What stands behind the convolution, the word of the captions for it, and its name.
const WAYS: [(&str, &str, &str); 4] =
    [("none", "input", "No pooling"), ("max", "kernel", "Maximum"), ("average", "output", "Average"), ("global", "sum", "Global average")];

fn layers(way: &str, size: usize) -> Vec<LayerSpec> {
    let edges = Conv2d { out_ch: 1, pad: Padding::all(1), bias: false, ..Conv2d::default() };
    let mut layers: Vec<LayerSpec> = vec![edges.into(), Relu {}.into()];
    let window = Pair::square(size.clamp(2, SIDE / 2));
    match way {
        "max" => layers.push(MaxPool2d { kernel: window, stride: window, ..MaxPool2d::default() }.into()),
        "average" => layers.push(AvgPool2d { kernel: window, stride: window, ..AvgPool2d::default() }.into()),
        "global" => layers.push(GlobalAvgPool2d {}.into()),
        _ => {}
    }
    layers
}

/// What the network gives for the image moved by 0 to [`MOST`] pixels, in one batch.
fn asked(desk: Desk, way: &'static str) -> ReadSignal<Answer> {
    let (size, sample) = (desk.count("size"), desk.sample());
    desk.ask(move || {
        let image = sample.get();
        let images: Vec<f32> = (0..=MOST).flat_map(|dx| moved(&image, SIDE, (dx, 0), 0.0)).collect();
        let layers = layers(way, size.get());
        let last = layers.len() - 1;
        Some(FigureAsk::new(IMAGE, layers, &images).weights(&EDGE).want(Wanted::Output(last)))
    })
}

/// How far each output is from the first one, as a share of its length.
fn changes(answer: &Answer) -> Vec<(f64, f64)> {
    let Some((dims, numbers)) = answer.told.given.first().and_then(|given| answer.get(given.of)) else { return Vec::new() };
    let len: usize = dims.iter().skip(1).product();
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let first = numbers.get(..len).unwrap_or_default();
    let whole = length(&mut first.iter().map(|v| f64::from(*v)));
    if whole == 0.0 {
        return Vec::new();
    }
    let change = |(dx, values): (usize, &[f32])| {
        let apart = length(&mut values.iter().zip(first).map(|(a, b)| f64::from(*a) - f64::from(*b)));
        (dx as f64, apart / whole)
    };
    numbers.chunks_exact(len.max(1)).enumerate().map(change).collect()
}

pub fn view(desk: Desk) -> AnyView {
    let (dx, covered, sample) = (desk.count("dx"), desk.is_on("covered"), desk.sample());
    let dx = Memo::new(move |_| dx.get().min(MOST));
    let found = WAYS.map(|(way, ..)| {
        let answer = asked(desk, way);
        Memo::new(move |_| answer.with(changes))
    });
    let at = move |i: usize| found[i].with(|points| points.get(dx.get()).map_or(f64::NAN, |p| p.1));
    effect(move || {
        for (i, (way, ..)) in WAYS.iter().enumerate() {
            desk.report(way, at(i));
        }
        let hidden = covered.get();
        let cell = |i: usize, (_, _, name): &(&str, &str, &str)| {
            format!("<mtr><mtd><mtext>{name}</mtext></mtd><mtd><mo>=</mo><mn class=\"result\">{}</mn></mtd></mtr>", share(at(i)))
        };
        let rows: String = WAYS.iter().enumerate().map(|(i, way)| cell(i, way)).collect();
        desk.live.set(if hidden || !at(0).is_finite() { String::new() } else { format!("<mtable columnalign=\"left\">{rows}</mtable>") });
    });
    let lines = Signal::derive(move || {
        let line = |(i, (_, mark, _)): (usize, &(&str, &'static str, &str))| {
            // No pooling may be seen before anything has been said.
            let points = if covered.get() && i > 0 { Vec::new() } else { found[i].get() };
            Line { mark, points, ..Line::default() }
        };
        WAYS.iter().enumerate().map(line).collect::<Vec<_>>()
    });
    let axes = Axes {
        x: (0.0, MOST as f64),
        y: (0.0, 1.6),
        x_ticks: numbered((0..=MOST).map(|i| i as f64)),
        y_ticks: numbered([0.0, 0.5, 1.0, 1.5]),
        x_name: "pixels by which the image has moved",
    };
    let label = "How much the output changes as the image moves; the list beside it has the numbers";
    let chart = Chart::new("changes", label, Signal::stored(axes), lines).cursor(Signal::derive(move || dx.get() as f64));
    let image = Memo::new(move |_| Matrix::new(SIDE, SIDE, moved(&sample.get(), SIDE, (dx.get(), 0), 0.0)));
    let grid = Grid::new("moved", Signal::stored("Your image, moved".to_owned()), image)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
    let by = Signal::derive(move || format!("{} px to the right", dx.get()));
    let row = move |(i, (way, mark, name)): (usize, &(&'static str, &'static str, &'static str))| {
        let (way, mark, name) = (*way, *mark, *name);
        let text = move || if covered.get() && i > 0 { "?".to_owned() } else { share(at(i)) };
        view! {
            <tr class:lit=move || desk.is_lit(mark)><th scope="row" class=format!("name-{mark}")>{name}</th>
                <td class="number" data-testid=format!("change-{way}")>{text}</td></tr>
        }
        .into_any()
    };
    view! {
        <div class="shift">
            <div class="side">
                {part(desk, "image", "Your image".to_owned(), by, grid.view(desk))}
                <table class="told"><tbody>{WAYS.iter().enumerate().map(row).collect_view()}</tbody></table>
            </div>
            <div class="changes"><p class="axis">"change of the output, as a share of it"</p>{chart.view(desk)}</div>
        </div>
    }
    .into_any()
}

fn share(value: f64) -> String {
    if value.is_finite() { written(value as f32, 2) } else { "–".to_owned() }
}
