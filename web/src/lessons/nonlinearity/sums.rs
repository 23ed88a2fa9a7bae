//! Whether what a layer makes of two images laid over each other is the sum of what it makes of each.

use crate::reaction::effect;
use engine::Shape;
use figures::Range;
use leptos::prelude::*;

use super::functions::{self, EDGE};
use crate::{
    learn::{
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

/// The image with left and right changed over.
fn mirrored(image: &[f32]) -> Vec<f32> {
    image.chunks(SIDE).flat_map(|row| row.iter().rev().copied()).collect()
}

fn added(a: &[f32], b: &[f32], sign: f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + sign * b).collect()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

pub fn view(desk: Desk) -> AnyView {
    let (word, covered, sample) = (desk.text("act"), desk.is_on("covered"), desk.sample());
    let images = Memo::new(move |_| {
        let a = sample.get();
        let b = mirrored(&a);
        let both = added(&a, &b, 1.0);
        [a, b, both]
    });
    let answer = desk.ask(move || {
        let layers = word.with(|w| functions::behind_conv(w, 3, false));
        let last = layers.len() - 1;
        Some(FigureAsk::new(Shape::new(1, SIDE, SIDE), layers, &images.get().concat()).weights(&EDGE).want(Wanted::Output(last)))
    });
    // The sum of the first two maps, the map of both at once, and how far they are apart.
    let maps = Memo::new(move |_| {
        let numbers = answer.with(|a| a.told.given.first().and_then(|given| a.get(given.of)).map(|(_, n)| n.to_vec())).unwrap_or_default();
        let plane = |i: usize| numbers.get(i * OUT * OUT..(i + 1) * OUT * OUT).unwrap_or_default();
        let sum = added(plane(0), plane(1), 1.0);
        let apart = added(plane(2), &sum, -1.0);
        [sum, plane(2).to_vec(), apart].map(|values| Matrix::new(OUT, OUT, values))
    });
    let most = Memo::new(move |_| maps.with(|m| largest(&m[0].values).max(largest(&m[1].values))));
    effect(move || {
        let known = maps.with(|m| m[2].values.iter().all(|v| v.is_finite()));
        let difference = if known { f64::from(maps.with(|m| largest(&m[2].values))) } else { f64::NAN };
        desk.report("difference", difference);
        let told = format!(
            "<mtext>largest difference:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn>",
            number::signed(difference as f32)
        );
        desk.live.set(if covered.get() || !known { String::new() } else { told });
    });
    let image = move |i: usize, testid: &'static str, title: &'static str| {
        let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, images.with(|all| all[i].clone())));
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), matrix)
            .look(Look { range: Some(Range { lo: 0.0, hi: if i == 2 { 2.0 } else { 1.0 } }), ..Look::default() });
        part(desk, "input", title.to_owned(), String::new(), grid.view(desk))
    };
    let map = move |i: usize, testid: &'static str, mark: &'static str, title: &'static str| {
        let matrix = Memo::new(move |_| maps.with(|all| all[i].clone()));
        let look = Signal::derive(move || Look {
            signed: true,
            range: Some(Range::symmetric(most.get())),
            known: (i == 2 && covered.get()).then_some(0),
            ..Look::default()
        });
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), matrix).look(look);
        part(desk, mark, title.to_owned(), String::new(), grid.view(desk))
    };
    view! {
        <div class="sums">
            {image(0, "a", "a: your image")}
            {image(1, "b", "b: mirrored")}
            {image(2, "ab", "a + b")}
            {map(0, "sum-of-maps", "kernel", "f(a) + f(b)")}
            {map(1, "map-of-sum", "output", "f(a + b)")}
            {map(2, "apart", "sum", "Their difference")}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_mirrored() {
        let mut image = vec![0.0; SIDE * SIDE];
        image[SIDE + 1] = 1.0;
        assert_eq!(mirrored(&image).iter().position(|v| *v == 1.0), Some(2 * SIDE - 2));
        assert_eq!(mirrored(&mirrored(&image)), image);
    }
}
