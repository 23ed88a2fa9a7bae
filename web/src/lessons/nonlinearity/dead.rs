//! A unit with a bias over many digits: for how many it answers, and what gradient is left to it.

use crate::reaction::effect;
use engine::Shape;
use figures::Range;
use leptos::prelude::*;

use super::functions::{self, EDGE};
use crate::{
    learn::{
        bank::bank,
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Matrix},
        part::part,
    },
    link::figure::Wanted,
    widgets::number,
};

const SIDE: usize = data::SIDE;
const OUT: usize = SIDE - 2;
/// Rows and columns of the digits.
const ROWS: usize = 6;
const DIGITS: usize = ROWS * ROWS;
/// Least bias. The kernel's sum is 4 at most: paper is 0, ink is 1.
pub const LEAST: f32 = -6.0;

/// All digits as one picture.
fn sheet(digits: &[f32]) -> Vec<f32> {
    let width = ROWS * SIDE;
    let pixel = |i: usize| {
        let (row, col) = (i / width, i % width);
        let digit = row / SIDE * ROWS + col / SIDE;
        digits.get(digit * SIDE * SIDE + row % SIDE * SIDE + col % SIDE).copied().unwrap_or(f32::NAN)
    };
    (0..width * width).map(pixel).collect()
}

pub fn view(desk: Desk) -> AnyView {
    let (word, bias, covered) = (desk.text("act"), desk.number("bias"), desk.is_on("covered"));
    let digits = bank(desk, DIGITS as u32);
    let bias = Memo::new(move |_| bias.get().clamp(LEAST, 0.0));
    let answer = desk.ask(move || {
        let digits = digits.get();
        let layers = word.with(|w| functions::behind_conv(w, 3, true));
        let last = layers.len() - 1;
        let weights = [&EDGE[..], &[bias.get()]].concat();
        // Every number of the output is asked to grow.
        let pull = vec![1.0 / DIGITS as f32; DIGITS * OUT * OUT];
        let ask = FigureAsk::new(Shape::new(1, SIDE, SIDE), layers, &digits).weights(&weights).pull(&pull);
        (!digits.is_empty()).then(|| ask.want(Wanted::Output(last)).want(Wanted::WeightGrad(0)).want(Wanted::WeightGrad(1)))
    });
    let answers = Memo::new(move |_| {
        let numbers = answer.with(|a| a.told.given.first().and_then(|given| a.get(given.of)).map(|(_, n)| n.to_vec())).unwrap_or_default();
        numbers.chunks_exact(OUT * OUT).map(|map| map.iter().copied().fold(f32::NEG_INFINITY, f32::max)).collect::<Vec<f32>>()
    });
    let gradient = move |which: usize| answer.with(|a| a.get(Wanted::WeightGrad(which)).map(|(_, n)| n.to_vec()).unwrap_or_default());
    let on_weights = Memo::new(move |_| gradient(0));
    let on_bias = Memo::new(move |_| gradient(1).first().copied().unwrap_or(f32::NAN));
    let alive = Memo::new(move |_| answers.with(|all| all.iter().filter(|v| **v > 0.0).count()));
    let known = Memo::new(move |_| answers.with(|all| all.len() == DIGITS));
    effect(move || {
        let length = on_weights.with(|g| g.iter().chain([&on_bias.get()]).map(|v| f64::from(v * v)).sum::<f64>().sqrt());
        if !known.get() {
            return;
        }
        desk.report("alive", alive.get() as f64);
        desk.report("gradient", length);
        let told = if covered.get() { "?".to_owned() } else { number::short(length) };
        desk.live.set(format!("<mo>‖</mo><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>w</mi></mrow></mfrac><mo>‖</mo><mo>=</mo><mn class=\"result\">{told}</mn>"));
    });
    let picture = Memo::new(move |_| Matrix::new(ROWS * SIDE, ROWS * SIDE, digits.with(|d| sheet(d))));
    let input = Grid::new("digits", Signal::stored("Digits of the data set".to_owned()), picture)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
    let strongest = Memo::new(move |_| Matrix::new(ROWS, ROWS, answers.get()));
    let output = Grid::new("answers", Signal::stored("The strongest answer to each digit".to_owned()), strongest).look(Look {
        signed: true,
        range: Some(Range::symmetric(4.0)),
        decimals: Some(2),
        ..Look::default()
    });
    let count = Signal::derive(move || if known.get() { format!("{} of {DIGITS} above 0", alive.get()) } else { String::new() });
    view! {
        <div class="dead">
            {part(desk, "input", "Digits".to_owned(), DIGITS.to_string(), input.view(desk))}
            {unit(desk, bias)}
            {part(desk, "output", "Strongest answer".to_owned(), count, output.view(desk))}
            {slope(desk, on_weights, on_bias, covered)}
        </div>
    }
    .into_any()
}

/// Its weights.
fn unit(desk: Desk, bias: Memo<f32>) -> AnyView {
    let kernel = Grid::new("kernel", Signal::stored("The kernel".to_owned()), Signal::stored(Matrix::new(3, 3, EDGE.to_vec())))
        .look(Look { signed: true, range: Some(Range::symmetric(4.0)), decimals: Some(0), ..Look::default() });
    let told = Signal::derive(move || format!("bias {}", crate::learn::grid::written(bias.get(), 1)));
    part(desk, "kernel", "Kernel".to_owned(), told, kernel.view(desk))
}

/// What training would go by.
fn slope(desk: Desk, on_weights: Memo<Vec<f32>>, on_bias: Memo<f32>, covered: Memo<bool>) -> AnyView {
    let matrix = Memo::new(move |_| Matrix::new(3, 3, on_weights.get()));
    let look = Signal::derive(move || {
        let most = on_weights.with(|g| g.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs())));
        let decimals = if most < 0.1 { 4 } else { 2 };
        Look {
            signed: true,
            range: Some(Range::symmetric(most.max(1e-6))),
            decimals: Some(decimals),
            known: covered.get().then_some(0),
            ..Look::default()
        }
    });
    let grid = Grid::new("gradient", Signal::stored("Gradient of the weights".to_owned()), matrix).look(look);
    let told = Signal::derive(move || match (covered.get(), on_bias.get()) {
        (true, _) => "?".to_owned(),
        (_, on_bias) if on_bias.is_finite() => format!("bias {}", number::short(f64::from(on_bias))),
        _ => String::new(),
    });
    part(desk, "sum", "Gradient".to_owned(), told, grid.view(desk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_lie_side_by_side() {
        let mut digits = vec![0.0; DIGITS * SIDE * SIDE];
        // The second digit of the second row: its pixel in row 3, column 5.
        digits[(ROWS + 1) * SIDE * SIDE + 3 * SIDE + 5] = 1.0;
        let sheet = sheet(&digits);
        assert_eq!(sheet.iter().position(|v| *v == 1.0), Some((SIDE + 3) * ROWS * SIDE + SIDE + 5));
        // No answer is larger than the sum of what is above 0.
        assert_eq!(EDGE.iter().filter(|w| **w > 0.0).sum::<f32>(), 4.0);
    }
}
