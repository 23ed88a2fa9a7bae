//! Several kernels on one image: each gives a map of its own.

use crate::reaction::effect;
use figures::Range;
use leptos::prelude::*;

use super::{
    figure::{Parts, extent, plane},
    kernels::preset,
};
use crate::learn::{
    grid::{Grid, Look, Matrix},
    part::part,
};

/// Of these the layer consists.
const BANK: [&str; 6] = ["edge", "sobel-y", "outline", "blur", "emboss", "sharpen"];
const SIDE: usize = 3;

/// Each on all channels alike, so that the map is that of their mean.
fn kernels(channels: usize) -> Vec<f32> {
    let one = |slug: &&str| -> Vec<f32> {
        let weights = preset(slug).map(|p| p.weights(SIDE)).unwrap_or_default();
        weights.iter().map(|w| w / channels as f32).collect::<Vec<_>>().repeat(channels)
    };
    BANK.iter().flat_map(one).collect()
}

pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    // All have the same size.
    desk.settings.update_untracked(|s| s.set("size", "3"));
    let answer = parts.convolved(move || kernels(parts.picture.with(|p| p.shape.ch)), false);
    effect(move || {
        let ((row, col), (rows, cols)) = (parts.at.get(), parts.out.get());
        let values: Vec<f32> = (0..BANK.len()).map(|o| answer.with(|a| plane(a, o, (rows, cols))).get(row, col)).collect();
        desk.live.set(listed(&values));
    });
    let tile = move |o: usize| {
        let name = preset(BANK[o]).map_or("", |p| p.name);
        let matrix = Memo::new(move |_| answer.with(|a| plane(a, o, parts.out.get())));
        let range = Signal::derive(move || {
            Range::symmetric(matrix.with(|m| m.values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))))
        });
        let weights = preset(BANK[o]).map(|p| p.weights(SIDE)).unwrap_or_default();
        let kernel = Grid::new("bank-kernel", Signal::stored(format!("{name}: kernel")), Signal::stored(Matrix::new(SIDE, SIDE, weights)))
            .look(Look { signed: true, ..Look::default() });
        let map = parts.map("map", "Map of one kernel", matrix.into(), range);
        let inner = view! { <div class="bank-kernel">{kernel.view(desk)}</div>{map.view(desk)} };
        part(desk, "output", name, "", inner.into_any())
    };
    let shape = Signal::derive(move || parts.picture.with(|p| extent(p.shape)));
    view! {
        <div class="bank">
            <div class="whole">{part(desk, "input", "Input", shape, parts.input().view(desk))}</div>
            <div class="tiles">{(0..BANK.len()).map(tile).collect_view()}</div>
        </div>
    }
    .into_any()
}

fn listed(values: &[f32]) -> String {
    if values.iter().any(|v| !v.is_finite()) {
        return String::new();
    }
    let entry = |(o, v): (usize, &f32)| {
        format!("<msub><mi>y</mi><mn>{}</mn></msub><mo>=</mo><mn class=\"result\">{}</mn>", o + 1, crate::learn::grid::written(*v, 2))
    };
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(entry)
        .collect::<Vec<_>>()
        .chunks(3)
        .map(|row| {
            let cells: String = row.iter().map(|cell| format!("<mtd>{cell}</mtd>")).collect();
            format!("<mtr>{cells}</mtr>")
        })
        .collect();
    format!("<mtable>{}</mtable>", rows.concat())
}
