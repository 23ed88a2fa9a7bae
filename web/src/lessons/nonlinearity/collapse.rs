//! Two linear layers, and the one matrix that they are.

use std::sync::Arc;

use crate::reaction::effect;
use engine::{
    LayerSpec, Pair, Shape,
    ops::{AdaptiveAvgPool2d, Dense, Flatten},
};
use figures::Range;
use leptos::prelude::*;

use super::functions;
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix},
        part::part,
    },
    link::figure::Wanted,
    widgets::number,
};

/// Rows and columns of the small image, units of the first layer, rows and columns of what the second one gives.
const SIDE: usize = 8;
const UNITS: usize = 24;
const OUT: usize = 4;
const INPUTS: usize = SIDE * SIDE;
const OUTPUTS: usize = OUT * OUT;
/// Whoever opens the lesson sees the same weights.
const SEED: u32 = 4;

fn dense(out: usize) -> LayerSpec {
    Dense { out, bias: false }.into()
}

fn layers(behind: impl IntoIterator<Item = LayerSpec>) -> Vec<LayerSpec> {
    let small: LayerSpec = AdaptiveAvgPool2d { output: Pair::square(SIDE) }.into();
    [small, Flatten {}.into()].into_iter().chain(behind).collect()
}

fn two(word: &str) -> Vec<LayerSpec> {
    layers([dense(UNITS)].into_iter().chain(functions::layer(word)).chain([dense(OUTPUTS)]))
}

/// The matrix of the second layer times that of the first.
fn product(first: &[f32], second: &[f32]) -> Vec<f32> {
    if first.len() != UNITS * INPUTS || second.len() != OUTPUTS * UNITS {
        return Vec::new();
    }
    let cell = |row: &[f32], col: usize| {
        row.iter().enumerate().map(|(k, w)| f64::from(*w) * f64::from(first[k * INPUTS + col])).sum::<f64>() as f32
    };
    second.chunks_exact(UNITS).flat_map(|row| (0..INPUTS).map(move |col| cell(row, col))).collect()
}

fn weight(answer: &Answer, which: usize) -> Vec<f32> {
    answer.get(Wanted::Weight(which)).map(|(_, numbers)| numbers.to_vec()).unwrap_or_default()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// What the last layer gives, as a square.
fn last(answer: &Answer) -> Vec<f32> {
    let given = answer.told.given.iter().rev().find(|given| matches!(given.of, Wanted::Output(n) if n >= 2));
    given.and_then(|given| answer.get(given.of)).map(|(_, numbers)| numbers.to_vec()).unwrap_or_default()
}

pub fn view(desk: Desk) -> AnyView {
    let (word, covered, sample) = (desk.text("act"), desk.is_on("covered"), desk.sample());
    let image = Shape::new(1, data::SIDE, data::SIDE);
    let stack = desk.ask(move || {
        let layers = word.with(|w| two(w));
        let output = Wanted::Output(layers.len() - 1);
        let ask = FigureAsk::new(image, layers, &sample.get()).seed(SEED);
        Some(ask.want(Wanted::Output(0)).want(Wanted::Weight(0)).want(Wanted::Weight(1)).want(output))
    });
    let first = Memo::new(move |_| stack.with(|a| weight(a, 0)));
    let second = Memo::new(move |_| stack.with(|a| weight(a, 1)));
    let one = Memo::new(move |_| Arc::new(first.with(|a| second.with(|b| product(a, b)))));
    let single = desk.ask(move || {
        let weights = one.get();
        let layers = layers([dense(OUTPUTS)]);
        (!weights.is_empty()).then(|| FigureAsk::new(image, layers, &sample.get()).weights(&weights).want(Wanted::Output(2)))
    });
    let through_two = Memo::new(move |_| Matrix::new(OUT, OUT, stack.with(last)));
    let through_one = Memo::new(move |_| Matrix::new(OUT, OUT, single.with(last)));
    let apart = Memo::new(move |_| {
        let pairs = |a: &Matrix, b: &Matrix| a.values.iter().zip(b.values.iter()).map(|(a, b)| a - b).collect::<Vec<f32>>();
        Matrix::new(OUT, OUT, through_two.with(|a| through_one.with(|b| pairs(a, b))))
    });
    effect(move || {
        let known = apart.with(|m| m.values.iter().all(|v| v.is_finite()));
        let difference = if known { f64::from(apart.with(|m| largest(&m.values))) } else { f64::NAN };
        desk.report("difference", difference);
        desk.report("strongest", f64::from(through_two.with(|m| largest(&m.values))));
        let told = format!(
            "<mtext>largest difference:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn>",
            number::signed(difference as f32)
        );
        desk.live.set(if covered.get() || !known { String::new() } else { told });
    });
    let small = Memo::new(move |_| Matrix::new(SIDE, SIDE, stack.with(|a| a.output(0).to_vec())));
    let shown = Memo::new(move |_| Matrix::new(OUTPUTS, INPUTS, if covered.get() { Vec::new() } else { one.get().to_vec() }));
    let square = move |testid: &'static str, title: &'static str, mark: &'static str, of: Memo<Matrix>, hides: bool| {
        let look = Signal::derive(move || Look {
            signed: true,
            range: Some(Range::symmetric(through_two.with(|m| largest(&m.values)))),
            decimals: Some(2),
            known: (hides && covered.get()).then_some(0),
            ..Look::default()
        });
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), of).look(look);
        part(desk, mark, title.to_owned(), String::new(), grid.view(desk))
    };
    let counted =
        move |rows: usize, cols: usize| Signal::derive(move || format!("{rows}×{cols} = {}", number::grouped((rows * cols) as u64)));
    let product_size = Signal::derive(move || if covered.get() { "?".to_owned() } else { counted(OUTPUTS, INPUTS).get() });
    let first = Memo::new(move |_| Matrix::new(UNITS, INPUTS, first.get()));
    let second = Memo::new(move |_| Matrix::new(OUTPUTS, UNITS, second.get()));
    let input = Grid::new("small", Signal::stored("Your image, made small".to_owned()), small)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
    let between = move || word.with(|w| functions::name(w));
    view! {
        <div class="collapse">
            {matrix(desk, "first", "First layer", counted(UNITS, INPUTS), first)}
            <p class="between">{between}</p>
            {matrix(desk, "second", "Second layer", counted(OUTPUTS, UNITS), second)}
            <p class="between">"="</p>
            {matrix(desk, "product", "One matrix", product_size, shown)}
        </div>
        <div class="four">
            {part(desk, "input", "Your image, small".to_owned(), "8×8".to_owned(), input.view(desk))}
            {square("two", "Through both", "output", through_two, false)}
            {square("one", "Through the one", "output", through_one, true)}
            {square("apart", "Difference", "sum", apart, true)}
        </div>
    }
    .into_any()
}

fn matrix(desk: Desk, testid: &'static str, title: &'static str, size: Signal<String>, of: Memo<Matrix>) -> AnyView {
    let look =
        Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(of.with(|m| largest(&m.values)))), ..Look::default() });
    let grid = Grid::new(testid, Signal::stored(format!("{title}: its weights")), of).look(look);
    part(desk, "kernel", title.to_owned(), size, grid.view(desk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_multiplied() {
        let mut first = vec![0.0; UNITS * INPUTS];
        let mut second = vec![0.0; OUTPUTS * UNITS];
        // Unit 2 sees pixel 5 twofold, output 3 sees unit 2 threefold and unit 7 once; unit 7 sees pixel 5 once.
        (first[2 * INPUTS + 5], first[7 * INPUTS + 5]) = (2.0, 1.0);
        (second[3 * UNITS + 2], second[3 * UNITS + 7]) = (3.0, 1.0);
        let product = product(&first, &second);
        assert_eq!(product.iter().enumerate().filter(|(_, w)| **w != 0.0).collect::<Vec<_>>(), [(3 * INPUTS + 5, &7.0)]);
        assert!(super::product(&[], &second).is_empty());
    }
}
