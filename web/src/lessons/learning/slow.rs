//! One step of descent on one kernel, a picture at a time.

use std::sync::Arc;

use engine::loss::softmax;
use figures::Range;
use leptos::prelude::*;

use super::{
    bank::{kernel, largest},
    net::{ANSWER, KERNELS, NOISE, SIDE, untrained},
};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch, written},
        part::part,
        player::player,
    },
    link::figure::Wanted,
    state::Origin,
    widgets::number,
};

/// Pictures: the kernel, the gradient, the step, the new kernel.
pub const PICTURES: usize = 4;
const CELLS: usize = SIDE * SIDE;

/// What the network should say: of a drawing somebody has to tell.
pub fn class(desk: Desk) -> Memo<usize> {
    let told = desk.count("class");
    Memo::new(move |_| {
        desk.learn.sample.with(|sample| match &sample.origin {
            Origin::Digit(picked) => usize::from(picked.label),
            Origin::Nothing | Origin::Drawing(_) => told.get(),
        })
    })
}

/// Probabilities of the classes; empty before the answer has come.
fn probabilities(answer: &Answer) -> Vec<f32> {
    let mut scores = answer.output(ANSWER).to_vec();
    if !scores.is_empty() {
        softmax(&mut scores);
    }
    scores
}

fn all_weights(answer: &Answer) -> Vec<f32> {
    (0..3).filter_map(|i| answer.get(Wanted::Weight(i))).flat_map(|(_, numbers)| numbers.iter().copied()).collect()
}

/// The kernel's numbers in all pictures.
#[derive(Clone, Debug, Default, PartialEq)]
struct Step {
    pictures: [Vec<f32>; PICTURES],
}

impl Step {
    fn at(&self, picture: usize, cell: usize) -> f32 {
        self.pictures[picture].get(cell).copied().unwrap_or(f32::NAN)
    }
}

#[derive(Clone, Copy)]
struct Slow {
    desk: Desk,
    step: Memo<Step>,
    cell: Memo<usize>,
    at: Memo<usize>,
}

impl Slow {
    fn picture(self, i: usize) -> AnyView {
        const SAYS: [(&str, &str, &str, &str); PICTURES] = [
            ("old", "kernel", "Kernel", "w"),
            ("gradient", "sum", "Gradient", "∂L/∂w"),
            ("change", "input", "Rate · gradient", "η·∂L/∂w"),
            ("new", "output", "New kernel", "w′"),
        ];
        let (testid, mark, title, symbol) = SAYS[i];
        let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, self.step.with(|s| s.pictures[i].clone())));
        // Kernels have one scale, so that they can be compared; so have steps and kernels, whose difference they are.
        let most = Memo::new(move |_| {
            self.step.with(|s| if i == 1 { largest(&s.pictures[1]) } else { largest(&s.pictures[0]).max(largest(&s.pictures[3])) })
        });
        let look = move || Look {
            signed: true,
            range: Some(Range::symmetric(most.get().max(f32::MIN_POSITIVE))),
            decimals: Some(2),
            known: (self.at.get() < i).then_some(0),
            ..Look::default()
        };
        let grid = Grid::new(testid, Signal::stored(title.to_owned()), matrix)
            .look(Signal::derive(look))
            .outlines(Signal::derive(move || vec![Outline::cell((self.cell.get() / SIDE, self.cell.get() % SIDE), Mark::Accent)]))
            .cursor(Signal::derive(move || Some((self.cell.get() / SIDE, self.cell.get() % SIDE))))
            .touch(move |touch: Touch| {
                if touch.pressed {
                    let inside = |x: isize| x.clamp(0, SIDE as isize - 1);
                    self.desk.set("cell", inside(touch.row) * SIDE as isize + inside(touch.col));
                }
            });
        part(self.desk, mark, title.to_owned(), symbol.to_owned(), grid.view(self.desk))
    }
}

fn rewritten(all: &[f32], k: usize, kernel: &[f32]) -> Vec<f32> {
    let mut all = all.to_vec();
    if let Some(place) = all.get_mut(k * CELLS..(k + 1) * CELLS).filter(|place| place.len() == kernel.len()) {
        place.copy_from_slice(kernel);
    }
    all
}

pub fn view(desk: Desk) -> AnyView {
    let (sample, seed, k, rate) = (desk.sample(), desk.count("seed"), desk.count("k"), desk.number("rate"));
    let k = Memo::new(move |_| k.get().min(KERNELS - 1));
    let cell = desk.count("cell");
    let (cell, at) = (Memo::new(move |_| cell.get().min(CELLS - 1)), desk.count("at"));
    let class = class(desk);
    let ask = move || untrained(&sample.get(), NOISE, seed.get() as u32);
    let three = |ask: FigureAsk| (0..3).fold(ask.want(Wanted::Output(ANSWER)), |ask, i| ask.want(Wanted::Weight(i)));
    let before = desk.ask(move || Some(three(ask())));
    let chances = Memo::new(move |_| before.with(probabilities));
    // The loss's gradient by the scores: what it says less what it should say.
    let back = desk.ask(move || {
        let mut pull = chances.get();
        *pull.get_mut(class.get())? -= 1.0;
        Some(ask().pull(&pull).want(Wanted::WeightGrad(0)))
    });
    let step = Memo::new(move |_| {
        let old = before.with(|a| kernel(&super::bank::kernels(a), k.get()));
        let gradient = back.with(|a| a.get(Wanted::WeightGrad(0)).map_or_else(Vec::new, |(_, all)| kernel(all, k.get())));
        let change: Vec<f32> = gradient.iter().map(|g| rate.get() * g).collect();
        let new = old.iter().zip(&change).map(|(old, change)| old - change).collect();
        Step { pictures: [old, gradient, change, new] }
    });
    let after = desk.ask(move || {
        let weights = Arc::new(before.with(all_weights));
        let new = step.with(|s| s.pictures[3].clone());
        (new.len() == CELLS).then(|| ask().weights(&rewritten(&weights, k.get(), &new)).want(Wanted::Output(ANSWER)))
    });
    let sure = Memo::new(move |_| {
        let of = |chances: Vec<f32>| chances.get(class.get()).copied().unwrap_or(f32::NAN);
        (of(chances.get()), of(after.with(probabilities)))
    });
    Effect::new(move |_| {
        let (cell, (before, after)) = (cell.get(), sure.get());
        step.with(|s| {
            for (i, name) in ["old", "gradient", "change", "new"].into_iter().enumerate() {
                desk.report(name, f64::from(s.at(i, cell)));
            }
            desk.live.set(told(s, cell, rate.get(), at.get()));
        });
        desk.report("before", f64::from(before));
        desk.report("after", f64::from(after));
    });
    let slow = Slow { desk, step, cell, at };
    view! {
        <div class="slow">{(0..PICTURES).map(|i| slow.picture(i)).collect_view()}</div>
        {verdict(class, sure, at)}
        {player(desk, "at", PICTURES, 1_800)}
    }
    .into_any()
}

/// The step in one cell, as far as it has been shown.
fn told(step: &Step, cell: usize, rate: f32, at: usize) -> String {
    if !step.at(3, cell).is_finite() {
        return String::new();
    }
    let number = |i: usize| format!("<mn>{}</mn>", written(step.at(i, cell), 3));
    let mut text = format!("<mi>w</mi><mo>=</mo>{}", number(0));
    let gradient = if step.at(1, cell) < 0.0 { format!("<mo>(</mo>{}<mo>)</mo>", number(1)) } else { number(1) };
    if at >= 1 {
        text.push_str(&format!("<mo>−</mo><mn>{}</mn><mo>·</mo>{gradient}", number::rate(rate)));
    }
    if at >= 3 {
        text.push_str(&format!("<mo>=</mo><mn class=\"result\">{}</mn>", written(step.at(3, cell), 3)));
    }
    text
}

fn verdict(class: Memo<usize>, sure: Memo<(f32, f32)>, at: Memo<usize>) -> AnyView {
    let loss = |p: f32| written(-p.ln(), 3);
    let row = move |name: &'static str, testid: &'static str, value: Signal<f32>| {
        let shown = move || if value.get().is_finite() { value.get() } else { 0.0 };
        let text = move || {
            if value.get().is_finite() {
                format!("{} · loss {}", number::percent(f64::from(value.get())), loss(value.get()))
            } else {
                String::new()
            }
        };
        view! {
            <div class="sure"><span>{name}</span><span class="sure-bar"><i style=move || format!("width:{}%", 100.0 * shown())></i></span>
                <output class="number" data-testid=testid>{text}</output></div>
        }
        .into_any()
    };
    let later = Signal::derive(move || if at.get() >= 3 { sure.get().1 } else { f32::NAN });
    view! {
        <div class="verdict" aria-live="polite">
            <p>{move || format!("How sure the network is that this is a {}", class.get())}</p>
            {row("before", "before", Signal::derive(move || sure.get().0))}
            {row("after", "after", later)}
        </div>
    }
    .into_any()
}
