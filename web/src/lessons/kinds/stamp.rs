//! The transposed convolution: every number of the input stamps the kernel into the output.

use crate::reaction::effect;
use engine::{
    LayerSpec, Pair, Shape,
    ops::{AdaptiveAvgPool2d, ConvTranspose2d},
};
use figures::Range;
use leptos::prelude::*;

use super::layers::graph;
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch, written},
        part::part,
    },
    link::figure::Wanted,
};

/// Rows and columns of the map.
const MAP: usize = 7;
pub const MOST: usize = 5;

fn transposed(size: usize, stride: usize) -> ConvTranspose2d {
    ConvTranspose2d { out_ch: 1, kernel: Pair::square(size), stride: Pair::square(stride), bias: false, ..ConvTranspose2d::default() }
}

/// A kernel that is strongest in its middle, and 1 at most.
fn kernel(size: usize) -> Vec<f32> {
    let middle = (size as f32 - 1.0) / 2.0;
    let hat = move |i: usize| 1.0 - (i as f32 - middle).abs() / (middle + 1.0);
    (0..size * size).map(|i| hat(i / size) * hat(i % size)).collect()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

fn plane(answer: &Answer, node: usize, side: usize) -> Matrix {
    let numbers = match answer.get(Wanted::Output(node)) {
        Some((&[_, _, h, w], numbers)) if (h, w) == (side, side) => numbers.to_vec(),
        _ => Vec::new(),
    };
    Matrix::new(side, side, numbers)
}

pub fn view(desk: Desk) -> AnyView {
    let (size, stride, at, covered, sample) =
        (desk.count("size"), desk.count("stride"), desk.count("at"), desk.is_on("covered"), desk.sample());
    let size = Memo::new(move |_| size.get().clamp(1, MOST));
    let stride = Memo::new(move |_| stride.get().clamp(1, 3));
    let out = Memo::new(move |_| {
        let layers = vec![transposed(size.get(), stride.get()).into()];
        graph(Shape::new(1, MAP, MAP), layers).map_or(1, |g| g.output().h)
    });
    let answer = desk.ask(move || {
        let small: LayerSpec = AdaptiveAvgPool2d { output: Pair::square(MAP) }.into();
        let layers = vec![small, transposed(size.get(), stride.get()).into()];
        let ask = FigureAsk::new(Shape::new(1, data::SIDE, data::SIDE), layers, &sample.get()).weights(&kernel(size.get()));
        Some(ask.want(Wanted::Output(0)).want(Wanted::Output(1)))
    });
    // How many stamps lie over each place: an input of ones, a kernel of ones.
    let laid = desk.ask(move || {
        let ask = FigureAsk::new(Shape::new(1, MAP, MAP), vec![transposed(size.get(), stride.get()).into()], &[1.0; MAP * MAP]);
        Some(ask.weights(&vec![1.0; size.get() * size.get()]).want(Wanted::Output(0)))
    });
    let at = Memo::new(move |_| at.get().min(MAP * MAP - 1));
    let map = Memo::new(move |_| answer.with(|a| plane(a, 0, MAP)));
    let output = Memo::new(move |_| answer.with(|a| plane(a, 1, out.get())));
    let over = Memo::new(move |_| laid.with(|a| plane(a, 0, out.get())));
    effect(move || {
        desk.report("out", out.get() as f64);
        desk.report("strongest", f64::from(output.with(|m| largest(&m.values))));
        // Away from the rim, where stamps are missing.
        let (size, stride, side) = (size.get(), stride.get(), out.get());
        let inside =
            |i: &usize| (size..side.saturating_sub(size)).contains(&(i / side)) && (size..side.saturating_sub(size)).contains(&(i % side));
        let values: Vec<f32> = over.with(|m| (0..side * side).filter(inside).map(|i| m.values[i]).collect());
        let (lo, hi) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
        desk.report("uneven", f64::from(hi - lo));
        let told = format!(
            "<mo>(</mo><mn>{MAP}</mn><mo>−</mo><mn>1</mn><mo>)</mo><mo>·</mo><mn>{stride}</mn><mo>+</mo><mn>{size}</mn><mo>=</mo><mn class=\"result\">{side}</mn>"
        );
        desk.live.set(if covered.get() { String::new() } else { told });
    });
    let stamp = move |mark: Mark| Outline::new(at.get() / MAP * stride.get(), at.get() % MAP * stride.get(), size.get(), size.get(), mark);
    let input = Grid::new("map", Signal::stored("Your image, made small".to_owned()), map)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), decimals: Some(1), ..Look::default() })
        .outlines(Signal::derive(move || vec![Outline::cell((at.get() / MAP, at.get() % MAP), Mark::Input)]))
        .cursor(Signal::derive(move || Some((at.get() / MAP, at.get() % MAP))))
        .touch(move |touch: Touch| {
            if touch.pressed {
                let inside = |x: isize| x.clamp(0, MAP as isize - 1) as usize;
                desk.set("at", inside(touch.row) * MAP + inside(touch.col));
            }
        });
    let weights = Memo::new(move |_| Matrix::new(size.get(), size.get(), kernel(size.get())));
    let brush = Grid::new("stamp", Signal::stored("The kernel".to_owned()), weights).look(Look {
        range: Some(Range { lo: 0.0, hi: 1.0 }),
        decimals: Some(2),
        ..Look::default()
    });
    let picture = Grid::new("stamped", Signal::stored("The output".to_owned()), output)
        .look(Signal::derive(move || Look {
            range: Some(Range { lo: 0.0, hi: output.with(|m| largest(&m.values)).max(1e-6) }),
            known: covered.get().then_some(0),
            ..Look::default()
        }))
        .outlines(Signal::derive(move || if covered.get() { Vec::new() } else { vec![stamp(Mark::Kernel)] }));
    let count =
        Grid::new("laid", Signal::stored("How many stamps lie over each place".to_owned()), over).look(Signal::derive(move || Look {
            range: Some(Range { lo: 0.0, hi: over.with(|m| largest(&m.values)).max(1.0) }),
            decimals: Some(0),
            known: covered.get().then_some(0),
            ..Look::default()
        }));
    let extent = Signal::derive(move || if covered.get() { "?".to_owned() } else { format!("{0}×{0}", out.get()) });
    let side = Signal::derive(move || format!("{0}×{0}", size.get()));
    let value = Signal::derive(move || written(map.with(|m| m.get(at.get() / MAP, at.get() % MAP)), 2));
    view! {
        <div class="stamps">
            {part(desk, "input", "Map".to_owned(), value, input.view(desk))}
            {part(desk, "kernel", "Kernel".to_owned(), side, brush.view(desk))}
            {part(desk, "output", "Output".to_owned(), extent, picture.view(desk))}
            {part(desk, "sum", "Stamps on each place".to_owned(), String::new(), count.view(desk))}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_highest_in_the_middle() {
        assert_eq!(kernel(1), [1.0]);
        assert_eq!(kernel(3), [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]);
        assert!((1..=MOST).all(|size| kernel(size).iter().all(|w| *w > 0.0 && *w <= 1.0)));
    }
}
