//! The image is moved: does what the layer gives move along?

use engine::{
    LayerSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten},
};
use figures::Range;
use leptos::prelude::*;

use super::layers::{KERNEL, Kind, SHARED};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix},
        moved::moved,
        part::part,
    },
    link::figure::Wanted,
    widgets::number,
};

pub const KINDS: &[(&str, &str)] = &[("dense", "dense"), ("conv", "shared")];
/// Most pixels by which the image is moved either way.
pub const MOST: usize = 6;
const SIDE: usize = data::SIDE;
const OUT: usize = SIDE - KERNEL + 1;
/// Of the dense layer's weights.
const SEED: u32 = 11;

/// The layer of this kind for images of 28 × 28.
fn layers(kind: Kind) -> Vec<LayerSpec> {
    match kind {
        Kind::Dense => vec![Flatten {}.into(), Dense { out: OUT * OUT, bias: false }.into()],
        Kind::Local | Kind::Conv => {
            vec![Conv2d { out_ch: 1, kernel: Pair::square(KERNEL), bias: false, ..Conv2d::default() }.into()]
        }
    }
}

#[derive(Clone, Copy)]
struct Moved {
    desk: Desk,
    /// What the layer gives for the image, for the moved one, and the second less the first one moved.
    maps: Memo<[Matrix; 3]>,
    most: Memo<f32>,
}

impl Moved {
    fn map(self, testid: &'static str, mark: &'static str, title: &'static str, which: usize, covered: bool) -> AnyView {
        let hidden = self.desk.is_on("covered");
        let matrix =
            Memo::new(
                move |_| {
                    if covered && hidden.get() { Matrix::new(OUT, OUT, Vec::new()) } else { self.maps.with(|m| m[which].clone()) }
                },
            );
        let look = Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(self.most.get())), ..Look::default() });
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), matrix).look(look);
        part(self.desk, mark, title, String::new(), grid.view(self.desk))
    }

    fn image(self, testid: &'static str, title: &'static str, matrix: Memo<Matrix>) -> AnyView {
        let look = Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() };
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), matrix).look(look);
        part(self.desk, "input", title, String::new(), grid.view(self.desk))
    }
}

fn maps(answer: &Answer, last: usize, by: (usize, usize)) -> [Matrix; 3] {
    let numbers = answer.output(last);
    let (plain, shifted) = if numbers.len() == 2 * OUT * OUT { numbers.split_at(OUT * OUT) } else { (&[][..], &[][..]) };
    // Where the moved map has no number there is nothing to compare.
    let along = moved(plain, OUT, by, f32::NAN);
    let difference = along.iter().zip(shifted).map(|(along, shifted)| shifted - along).collect();
    [plain.to_vec(), shifted.to_vec(), difference].map(|values| Matrix::new(OUT, OUT, values))
}

pub fn view(desk: Desk) -> AnyView {
    let (word, dx, dy, sample) = (desk.text("kind"), desk.count("dx"), desk.count("dy"), desk.sample());
    let kind = Memo::new(move |_| word.with(|w| Kind::of(w)));
    let by = Memo::new(move |_| (dx.get().min(MOST), dy.get().min(MOST)));
    let answer = desk.ask(move || {
        let (image, kind) = (sample.get(), kind.get());
        let both = [image.clone(), moved(&image, SIDE, by.get(), 0.0)].concat();
        let layers = layers(kind);
        let last = layers.len() - 1;
        let ask = FigureAsk::new(Shape::new(1, SIDE, SIDE), layers, &both).want(Wanted::Output(last));
        Some(if kind == Kind::Dense { ask.seed(SEED) } else { ask.weights(&SHARED) })
    });
    let found = Memo::new(move |_| answer.with(|a| maps(a, layers(kind.get()).len() - 1, by.get())));
    let largest = |m: &Matrix| m.values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()));
    let most = Memo::new(move |_| found.with(|m| largest(&m[0])));
    let difference = Memo::new(move |_| found.with(|m| largest(&m[2])));
    let hidden = desk.is_on("covered");
    Effect::new(move |_| {
        desk.report("difference", f64::from(difference.get()));
        let number = number::short(f64::from(difference.get()));
        let told = format!("<mtext>largest difference:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{number}</mn>");
        desk.live.set(if hidden.get() || most.get() == 0.0 { String::new() } else { told });
    });
    let moved_ = Moved { desk, maps: found, most };
    let image = Memo::new(move |_| Matrix::new(SIDE, SIDE, sample.get()));
    let other = Memo::new(move |_| Matrix::new(SIDE, SIDE, moved(&sample.get(), SIDE, by.get(), 0.0)));
    view! {
        <div class="shift">
            {moved_.image("image", "Your image", image)}
            {moved_.map("map", "output", "Its map", 0, false)}
            <p class="verdict" data-testid="verdict" aria-live="polite">{move || verdict(difference.get(), hidden.get(), by.get())}</p>
            {moved_.image("moved", "The image, moved", other)}
            {moved_.map("moved-map", "output", "The map of the moved image", 1, true)}
            {moved_.map("difference", "sum", "The difference", 2, true)}
        </div>
    }
    .into_any()
}

fn verdict(difference: f32, covered: bool, by: (usize, usize)) -> &'static str {
    match (covered, by, difference < 1e-5) {
        (true, ..) => "",
        (_, (0, 0), _) => "Nothing has been moved yet.",
        (_, _, true) => "The map has moved along: equivariant.",
        (_, _, false) => "Another map altogether: what was learnt at one place says nothing at another.",
    }
}
