//! A small image becomes a row of numbers.

use engine::{
    LayerSpec, Pair, Shape,
    ops::{AdaptiveAvgPool2d, Conv2d, Flatten},
};
use figures::Range;
use leptos::prelude::*;

use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Mark, Matrix, Outline, Touch},
        part::part,
        player::player,
    },
    link::figure::Wanted,
};

/// Rows and columns of the small image.
pub const SIDE: usize = 7;
const COUNT: usize = SIDE * SIDE;

fn layers() -> Vec<LayerSpec> {
    // The convolution changes nothing: the engine takes no network without a weight.
    let same = Conv2d { out_ch: 1, kernel: Pair::square(1), bias: false, ..Conv2d::default() };
    vec![AdaptiveAvgPool2d { output: Pair::square(SIDE) }.into(), same.into(), Flatten {}.into()]
}

pub fn view(desk: Desk) -> AnyView {
    let (sample, at, below) = (desk.sample(), desk.count("at"), desk.is_on("below"));
    let at = Memo::new(move |_| at.get().min(COUNT - 1));
    let answer = desk.ask(move || {
        let ask = FigureAsk::new(Shape::new(1, data::SIDE, data::SIDE), layers(), &sample.get());
        Some(ask.weights(&[1.0]).want(Wanted::Output(0)).want(Wanted::Output(2)))
    });
    let small = Memo::new(move |_| Matrix::new(SIDE, SIDE, answer.with(|a| a.output(0).to_vec())));
    let row = Memo::new(move |_| Matrix::new(1, COUNT, answer.with(|a| a.output(2).to_vec())));
    let marks = move |across: bool| {
        Signal::derive(move || {
            let place = |i: usize| if across { (0, i) } else { (i / SIDE, i % SIDE) };
            let mut outlines = vec![Outline::cell(place(at.get()), Mark::Accent)];
            let under = at.get() + SIDE;
            if below.get() && under < COUNT {
                outlines.push(Outline::cell(place(under), Mark::Kernel));
            }
            outlines
        })
    };
    Effect::new(move |_| {
        let (at, row, value) = (at.get(), at.get() / SIDE, row.with(|m| m.get(0, at.get())));
        desk.report("value", f64::from(value));
        desk.report("same", f64::from(u8::from(small.with(|m| m.get(row, at % SIDE)) == value)));
        desk.live.set(format!(
            "<mn>{row}</mn><mo>·</mo><mn>{SIDE}</mn><mo>+</mo><mn>{}</mn><mo>=</mo><mn class=\"result\">{at}</mn>",
            at % SIDE
        ));
    });
    let grey = Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() };
    let image = Grid::new("small", Signal::stored("Your image, made small".to_owned()), small)
        .look(Look { decimals: Some(1), ..grey })
        .outlines(marks(false))
        .cursor(Signal::derive(move || Some((at.get() / SIDE, at.get() % SIDE))))
        .touch(move |touch: Touch| {
            if touch.pressed {
                let inside = |x: isize| x.clamp(0, SIDE as isize - 1);
                desk.set("at", inside(touch.row) * SIDE as isize + inside(touch.col));
            }
        });
    let show_all = desk.is_on("below");
    let flat = Grid::new("flat", Signal::stored("The same numbers in one row".to_owned()), row)
        .look(Signal::derive(move || Look { known: (!show_all.get()).then_some(at.get() + 1), ..grey }))
        .outlines(marks(true))
        .cursor(Signal::derive(move || Some((0, at.get()))))
        .touch(move |touch: Touch| {
            if touch.pressed {
                desk.set("at", touch.col.clamp(0, COUNT as isize - 1));
            }
        });
    let place = Signal::derive(move || format!("place {}", at.get()));
    let cell = Signal::derive(move || format!("row {}, column {}", at.get() / SIDE, at.get() % SIDE));
    view! {
        <div class="flat">
            <div class="flat-image">{part(desk, "input", "Your image, made small".to_owned(), cell, image.view(desk))}</div>
            {part(desk, "output", "Flattened".to_owned(), place, flat.view(desk))}
        </div>
        {player(desk, "at", COUNT, 260)}
    }
    .into_any()
}
