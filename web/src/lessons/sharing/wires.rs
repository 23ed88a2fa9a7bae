//! A small layer as the matrix of its weights: which pixels a unit is joined to, and by which weight.

use engine::{
    LayerSpec, Pair, Shape,
    ops::{AdaptiveAvgPool2d, Conv2d, Dense, Flatten},
};
use figures::Range;
use leptos::prelude::*;

use super::layers::{KERNEL, Kind, OUT, SHARED, SIDE};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch, written},
        part::part,
    },
    link::figure::Wanted,
    widgets::number,
};

/// Pixels of the person's image and of the small one.
const IMAGE: Shape = Shape::new(1, data::SIDE, data::SIDE);

fn small() -> LayerSpec {
    AdaptiveAvgPool2d { output: Pair::square(SIDE) }.into()
}

/// Signal-like handles: copying is free.
#[derive(Clone, Copy)]
struct Wires {
    desk: Desk,
    kind: Memo<Kind>,
    at: Memo<usize>,
    /// The small image (layer 0) and what the layer, written as a matrix, makes of it (layer 2).
    answer: ReadSignal<Answer>,
}

impl Wires {
    fn go_to(self, unit: isize) {
        self.desk.set("at", unit.clamp(0, (OUT * OUT) as isize - 1));
    }

    fn input(self) -> AnyView {
        let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, self.answer.with(|a| a.output(0).to_vec())));
        let outline = move || {
            let at = self.at.get();
            match self.kind.get() {
                Kind::Dense => Outline::new(0, 0, SIDE, SIDE, Mark::Input),
                Kind::Local | Kind::Conv => Outline::new(at / OUT, at % OUT, KERNEL, KERNEL, Mark::Input),
            }
        };
        let grid = Grid::new("input", Signal::stored("Your image, made small".to_owned()), matrix)
            .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), decimals: Some(1), ..Look::default() })
            .outlines(Signal::derive(move || vec![outline()]));
        part(self.desk, "input", "Input", "8×8".to_owned(), grid.view(self.desk))
    }

    fn matrix(self) -> AnyView {
        let matrix = Memo::new(move |_| Matrix::new(OUT * OUT, SIDE * SIDE, self.kind.get().matrix()));
        let grid = Grid::new("matrix", Signal::stored("Weights: a row for each unit, a column for each pixel".to_owned()), matrix)
            .look(Look { signed: true, range: Some(Range::symmetric(0.5)), ..Look::default() })
            .outlines(Signal::derive(move || vec![Outline::new(self.at.get(), 0, 1, SIDE * SIDE, Mark::Kernel)]))
            .cursor(Signal::derive(move || Some((self.at.get(), 0))))
            .touch(move |touch: Touch| {
                if touch.pressed {
                    self.go_to(touch.row);
                }
            });
        let free = Signal::derive(move || {
            if self.desk.settings.with(|s| s.is_on("covered")) {
                return "? different weights".to_owned();
            }
            format!("{} different weights", number::grouped(self.kind.get().free() as u64))
        });
        let inner = view! { {grid.view(self.desk)} <p class="axes"><span>"64 pixels →"</span><span>"36 units ↓"</span></p> };
        part(self.desk, "kernel", "Weights", free, inner.into_any())
    }

    fn output(self) -> AnyView {
        let matrix = Memo::new(move |_| Matrix::new(OUT, OUT, self.answer.with(|a| a.output(2).to_vec())));
        let most =
            Memo::new(move |_| matrix.with(|m| m.values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))));
        let value = Memo::new(move |_| matrix.with(|m| m.get(self.at.get() / OUT, self.at.get() % OUT)));
        Effect::new(move |_| {
            self.desk.report("strongest", f64::from(most.get()));
            self.desk.report("value", f64::from(value.get()));
            self.desk.report("weights", self.kind.get().free() as f64);
            let (value, at) = (value.get(), self.at.get());
            let told = format!("<msub><mi>y</mi><mn>{at}</mn></msub><mo>=</mo><mn class=\"result\">{}</mn>", written(value, 2));
            self.desk.live.set(if value.is_finite() { told } else { String::new() });
        });
        let grid = Grid::new("output", Signal::stored("What the layer gives".to_owned()), matrix)
            .look(Signal::derive(move || Look {
                signed: true,
                range: Some(Range::symmetric(most.get())),
                decimals: Some(1),
                ..Look::default()
            }))
            .outlines(Signal::derive(move || vec![Outline::cell((self.at.get() / OUT, self.at.get() % OUT), Mark::Output)]))
            .cursor(Signal::derive(move || Some((self.at.get() / OUT, self.at.get() % OUT))))
            .touch(move |touch: Touch| {
                if touch.pressed {
                    let inside = |x: isize| x.clamp(0, OUT as isize - 1);
                    self.go_to(inside(touch.row) * OUT as isize + inside(touch.col));
                }
            });
        part(self.desk, "output", "Output", "6×6".to_owned(), grid.view(self.desk))
    }

    /// The convolution itself beside the matrix that stands for it.
    fn same(self) -> AnyView {
        let desk = self.desk;
        let sample = desk.sample();
        let conv = desk.ask(move || {
            let conv = Conv2d { out_ch: 1, kernel: Pair::square(KERNEL), bias: false, ..Conv2d::default() };
            (self.kind.get() == Kind::Conv).then(|| {
                let ask = FigureAsk::new(IMAGE, vec![small(), conv.into()], &sample.get());
                ask.weights(&SHARED).want(Wanted::Output(1))
            })
        });
        let difference = Memo::new(move |_| {
            let pair = |a: &Answer, b: &Answer| {
                let (a, b) = (a.output(2), b.output(1));
                (a.len() == b.len() && !a.is_empty()).then(|| a.iter().zip(b).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())))
            };
            self.answer.with(|a| conv.with(|b| pair(a, b))).filter(|_| self.kind.get() == Kind::Conv)
        });
        Effect::new(move |_| desk.report("difference", difference.get().map_or(f64::NAN, f64::from)));
        let told = move || {
            difference
                .get()
                .map(|d| format!("The engine's convolution on the same image: largest difference {}", number::short(f64::from(d))))
        };
        view! { <p class="same" data-testid="same" aria-live="polite">{told}</p> }.into_any()
    }
}

pub fn view(desk: Desk) -> AnyView {
    let (word, at, sample) = (desk.text("kind"), desk.count("at"), desk.sample());
    let kind = Memo::new(move |_| word.with(|w| Kind::of(w)));
    let answer = desk.ask(move || {
        let layers = vec![small(), Flatten {}.into(), Dense { out: OUT * OUT, bias: false }.into()];
        let ask = FigureAsk::new(IMAGE, layers, &sample.get()).weights(&kind.get().matrix());
        Some(ask.want(Wanted::Output(0)).want(Wanted::Output(2)))
    });
    let at = Memo::new(move |_| at.get().min(OUT * OUT - 1));
    let wires = Wires { desk, kind, at, answer };
    view! {
        <div class="wires">{wires.input()}{wires.matrix()}{wires.output()}</div>
        {wires.same()}
    }
    .into_any()
}
