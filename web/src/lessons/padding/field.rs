//! Which pixels three dilated layers read together, and how often.

use crate::reaction::{effect, live};
use engine::{LayerSpec, Pair, Shape, ops::Conv2d};
use figures::Range;
use leptos::prelude::*;

use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Matrix},
        part::part,
    },
    link::figure::Wanted,
};

/// Rows and columns of the image: the widest stack reads 25 of them.
const SIDE: usize = 27;
const KERNEL: usize = 3;

fn dilations(text: &str) -> Vec<usize> {
    text.split(',').take(3).map(|d| d.parse().unwrap_or(1).clamp(1, 5)).collect()
}

fn layers(dilations: &[usize]) -> Vec<LayerSpec> {
    let layer =
        |d: &usize| Conv2d { out_ch: 1, kernel: Pair::square(KERNEL), dilation: Pair::square(*d), bias: false, ..Conv2d::default() };
    dilations.iter().map(|d| layer(d).into()).collect()
}

pub fn view(desk: Desk) -> AnyView {
    let stack = desk.text("stack");
    let spans = Memo::new(move |_| stack.with(|s| dilations(s)));
    // All weights are 1, so the gradient counts the ways from a pixel to the number in the middle.
    let answer = desk.ask(move || {
        let spans = spans.get();
        let out = SIDE.saturating_sub(spans.iter().sum::<usize>() * (KERNEL - 1));
        let middle = out / 2 * out + out / 2;
        let ask = FigureAsk::new(Shape::new(1, SIDE, SIDE), layers(&spans), &vec![0.0; SIDE * SIDE]);
        Some(ask.weights(&vec![1.0; KERNEL * KERNEL * spans.len()]).want(Wanted::Field { node: spans.len() - 1, index: middle }))
    });
    let matrix = Memo::new(move |_| {
        let counts = answer.with(|a| a.told.given.first().and_then(|g| a.numbers.get(g.range.clone())).map(<[f32]>::to_vec));
        Matrix::new(SIDE, SIDE, counts.unwrap_or_default())
    });
    effect(move || {
        let spans = spans.get();
        let reach = 1 + spans.iter().sum::<usize>() * (KERNEL - 1);
        let read = matrix.with(|m| m.values.iter().filter(|v| **v > 0.0).count());
        desk.report("field", reach as f64);
        // Not before the engine has answered.
        if read > 0 {
            desk.report("holes", (reach * reach) as f64 - read as f64);
        }
        let terms: Vec<String> = spans.iter().map(|d| format!("<mn>{d}</mn><mo>·</mo><mn>2</mn>")).collect();
        desk.live.set(format!("<mo>=</mo><mn>1</mn><mo>+</mo>{}<mo>=</mo><mn class=\"result\">{reach}</mn>", terms.join("<mo>+</mo>")));
    });
    let most = Signal::derive(move || matrix.with(|m| m.values.iter().filter(|v| v.is_finite()).fold(1.0_f32, |most, v| most.max(*v))));
    let grid = Grid::new(
        "field",
        Signal::stored("How many ways lead from each pixel to one number of the third layer".to_owned()),
        Signal::from(matrix),
    )
    .look(Signal::derive(move || Look { range: Some(Range { lo: 0.0, hi: most.get() }), decimals: Some(0), ..Look::default() }));
    let told = move || {
        let (reach, read) =
            (1 + spans.with(|s| s.iter().sum::<usize>()) * (KERNEL - 1), matrix.with(|m| m.values.iter().filter(|v| **v > 0.0).count()));
        if read == 0 {
            return String::new();
        }
        format!("{read} of {} pixels of a {reach}×{reach} field are read", reach * reach)
    };
    view! {
        <div class="field">
            {part(desk, "input", "Pixels that one number of the third layer reads", stack, grid.view(desk))}
            <p class="told" data-testid="holes">{live(told)}</p>
        </div>
    }
    .into_any()
}
