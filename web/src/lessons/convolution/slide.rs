//! One kernel on one image: window, products, sum, output.

use crate::reaction::{effect, live};
use engine::ops::account::Account;
use figures::Range;
use leptos::prelude::*;

use super::figure::{Parts, extent, plane};
use super::weights;
use crate::learn::{
    grid::{Grid, Look, Matrix, written},
    part::part,
    player::player,
};

/// A move and a rest.
const PERIOD_MS: i32 = 620;

pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    let answer = parts.convolved(move || parts.kernel.get().weights.repeat(parts.picture.with(|p| p.shape.ch)), false);
    let account = parts.account();
    let output = Memo::new(move |_| answer.with(|a| plane(a, 0, parts.out.get())));
    let range = Signal::derive(move || Range::symmetric(output.with(strongest)));
    effect(move || {
        let (row, col) = parts.at.get();
        output.with(|m| {
            desk.report("strongest", f64::from(strongest(m)));
            desk.report("value", f64::from(m.get(row, col)));
        });
    });
    effect(move || {
        let told = parts.told.get();
        account.with(|account| desk.live.set(account.as_ref().map_or(String::new(), |a| sums(a, parts.kernel.with(|k| k.side), told))));
    });
    let total = Signal::derive(move || {
        let (rows, cols) = parts.out.get();
        rows * cols
    });
    let out = Signal::derive(move || {
        let (rows, cols) = parts.out.get();
        format!("{rows}×{cols}")
    });
    view! {
        <div class="slide">
            {part(desk, "input", "Input", Signal::derive(move || parts.picture.with(|p| extent(p.shape))), parts.input().view(desk))}
            <div class="middle">
                {weights::view(parts)}
                {products(parts, account)}
                {total_view(parts, account)}
            </div>
            {part(desk, "output", "Output", out, parts.map("output", "Output: drag from here, too", output.into(), range).view(desk))}
        </div>
        {player(desk, "at", total, PERIOD_MS)}
    }
    .into_any()
}

fn strongest(matrix: &Matrix) -> f32 {
    matrix.values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// What each weight makes of the number under it.
fn products(parts: Parts, account: Memo<Option<Account>>) -> AnyView {
    let matrix = Signal::derive(move || {
        let side = parts.kernel.with(|k| k.side);
        let products = account.with(|a| a.as_ref().map(|a| a.terms.iter().take(side * side).map(|t| t.product() as f32).collect()));
        Matrix::new(side, side, products.unwrap_or_default())
    });
    let look = Signal::derive(move || {
        let whole = matrix.with(|m| m.values.iter().all(|v| v.fract() == 0.0));
        Look { signed: true, decimals: Some(if whole { 0 } else { 2 }), ..Look::default() }
    });
    let grid = Grid::new("products", Signal::stored("Products of weights and numbers".to_owned()), matrix).look(look);
    part(parts.desk, "product", "× numbers", "", grid.view(parts.desk))
}

fn total_view(parts: Parts, account: Memo<Option<Account>>) -> AnyView {
    let sum = move || match (parts.told.get(), account.with(|a| a.as_ref().map(Account::result))) {
        (true, Some(sum)) => written(sum as f32, 2),
        _ => "?".to_owned(),
    };
    view! { <p class="total" class:lit=move || parts.desk.is_lit("sum")><span>"Sum"</span><b class="number" data-testid="sum">{live(sum)}</b></p> }.into_any()
}

/// The sum written out, a row of the kernel a line.
fn sums(account: &Account, side: usize, told: bool) -> String {
    let number = |value: f32| {
        let text = written(value, 2);
        if value < 0.0 { format!("<mo>(</mo><mn>{text}</mn><mo>)</mo>") } else { format!("<mn>{text}</mn>") }
    };
    let line = |row: usize| {
        let terms = account.terms.iter().skip(row * side).take(side.min(4));
        let mut text: Vec<String> = terms.map(|t| format!("{}<mo>·</mo>{}", number(t.factor), number(t.value))).collect();
        if side > 4 {
            text.push("<mo>…</mo>".to_owned());
        }
        let first = if row == 0 { "<mo>=</mo>" } else { "<mo>+</mo>" };
        format!("<mtr><mtd>{first}</mtd><mtd>{}</mtd></mtr>", text.join("<mo>+</mo>"))
    };
    let lines: String = (0..side.min(4)).map(line).collect();
    let rest = if side > 4 { "<mtr><mtd></mtd><mtd><mo>…</mo></mtd></mtr>" } else { "" };
    let result = if told { written(account.result() as f32, 2) } else { "?".to_owned() };
    format!(
        "<mtable columnalign=\"right left\">{lines}{rest}<mtr><mtd><mo>=</mo></mtd><mtd><mn class=\"result\">{result}</mn></mtd></mtr></mtable>"
    )
}
