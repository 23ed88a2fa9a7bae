//! An activation, its derivative, and what it makes of a map.

use crate::reaction::effect;
use engine::Shape;
use figures::Range;
use leptos::prelude::*;

use super::functions::{self, EDGE};
use crate::{
    learn::{
        chart::{Axes, Chart, Line, numbered},
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix, written},
        part::part,
    },
    link::figure::Wanted,
};

/// The inputs reach from minus this to this, in steps of a twentieth.
pub const MOST: f32 = 4.0;
const STEPS: usize = 20;
const POINTS: usize = 2 * STEPS * MOST as usize + 1;
const SIDE: usize = data::SIDE;
const OUT: usize = SIDE - 2;

fn input(i: usize) -> f32 {
    i as f32 / STEPS as f32 - MOST
}

/// All inputs of the axis as one image; the gradient of the sum of all outputs by each of them is the derivative there.
fn asked(desk: Desk, word: Memo<String>) -> ReadSignal<Answer> {
    desk.ask(move || {
        let layers = word.with(|w| functions::behind_conv(w, 1, false));
        let last = layers.len() - 1;
        let inputs: Vec<f32> = (0..POINTS).map(input).collect();
        let ask = FigureAsk::new(Shape::new(1, 1, POINTS), layers, &inputs).weights(&[1.0]).pull(&vec![1.0; POINTS]);
        Some(ask.want(Wanted::Output(last)).want(Wanted::ImageGrad))
    })
}

fn numbers(answer: &Answer, place: usize) -> Vec<f32> {
    let given = answer.told.given.get(place).and_then(|given| answer.get(given.of));
    given.map(|(_, numbers)| numbers.to_vec()).unwrap_or_default()
}

pub fn view(desk: Desk) -> AnyView {
    let (word, x, covered) = (desk.text("act"), desk.number("x"), desk.is_on("covered"));
    let answer = asked(desk, word);
    let values = Memo::new(move |_| answer.with(|a| numbers(a, 0)));
    let slopes = Memo::new(move |_| answer.with(|a| numbers(a, 1)));
    let at = Memo::new(move |_| (((x.get().clamp(-MOST, MOST) + MOST) * STEPS as f32).round() as usize).min(POINTS - 1));
    let read = move |of: Memo<Vec<f32>>| of.with(|v| v.get(at.get()).copied().unwrap_or(f32::NAN));
    effect(move || {
        let (value, slope) = (read(values), read(slopes));
        let extreme = |start: f32, pick: fn(f32, f32) -> f32| slopes.with(|s| f64::from(s.iter().copied().fold(start, pick)));
        desk.report("value", f64::from(value));
        desk.report("slope", f64::from(slope));
        desk.report("least slope", extreme(f32::INFINITY, f32::min));
        desk.report("most slope", extreme(f32::NEG_INFINITY, f32::max));
        let hidden = covered.get();
        let line = |name: &str, value: f32| {
            let told = if hidden && name != "f" { "?".to_owned() } else { written(value, 3) };
            format!("<mi>{name}</mi><mo>(</mo><mn>{}</mn><mo>)</mo><mo>=</mo><mn class=\"result\">{told}</mn>", written(input(at.get()), 1))
        };
        let both = format!("{}<mspace width=\"1.6em\"/>{}", line("f", value), line("f′", slope));
        desk.live.set(if value.is_finite() { both } else { String::new() });
    });
    let lines = Signal::derive(move || {
        let points = |of: &Vec<f32>| of.iter().enumerate().map(|(i, v)| (f64::from(input(i)), f64::from(*v))).collect();
        let derivative = if covered.get() { Vec::new() } else { slopes.with(points) };
        vec![
            Line { mark: "output", points: values.with(points), ..Line::default() },
            Line { mark: "sum", points: derivative, ..Line::default() },
        ]
    });
    let most = f64::from(MOST);
    let axes = Axes {
        x: (-most, most),
        y: (-2.0, most),
        x_ticks: numbered([-4.0, -2.0, 0.0, 2.0, 4.0]),
        y_ticks: numbered([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]),
        x_name: "input x",
    };
    let label = "The activation and its derivative; beneath the formula stand the numbers at one place";
    let chart = Chart::new("curve", label, Signal::stored(axes), lines).cursor(Signal::derive(move || f64::from(input(at.get()))));
    let name = move || word.with(|w| functions::name(w));
    view! {
        <div class="curve">
            <div class="graph">
                <p class="key"><b class="name-output" class:lit=move || desk.is_lit("output")>{name}</b><b class="name-sum" class:lit=move || desk.is_lit("sum")>"its derivative"</b></p>
                {chart.view(desk)}
            </div>
            {maps(desk, word)}
        </div>
    }
    .into_any()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// A kernel's map of the person's image, before and after.
fn maps(desk: Desk, word: Memo<String>) -> AnyView {
    let sample = desk.sample();
    let answer = desk.ask(move || {
        let layers = word.with(|w| functions::behind_conv(w, 3, false));
        let last = layers.len() - 1;
        let ask = FigureAsk::new(Shape::new(1, SIDE, SIDE), layers, &sample.get()).weights(&EDGE);
        Some(ask.want(Wanted::Output(0)).want(Wanted::Output(last)))
    });
    let map = move |place: usize| Memo::new(move |_| Matrix::new(OUT, OUT, answer.with(|a| numbers(a, place))));
    let (before, after) = (map(0), map(1));
    let look = move |of: Memo<Matrix>| {
        Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(of.with(|m| largest(&m.values)))), ..Look::default() })
    };
    // One scale for both.
    let both = look(before);
    let first = Grid::new("before", Signal::stored("A kernel's map of your image".to_owned()), before).look(both);
    let second = Grid::new("after", Signal::stored("The same behind the activation".to_owned()), after).look(both);
    let name = Signal::derive(move || format!("Behind {}", word.with(|w| functions::name(w))));
    view! {
        <div class="pair">
            {part(desk, "input", "Your map".to_owned(), String::new(), first.view(desk))}
            {part(desk, "output", name, String::new(), second.view(desk))}
        </div>
    }
    .into_any()
}
