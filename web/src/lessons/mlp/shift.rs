//! Test digits that are moved: who still knows them.

use std::collections::BTreeMap;

use data::{SIDE, Set as DigitSet};
use engine::{Shape, loss::softmax};
use figures::Range;
use leptos::prelude::*;

use super::nets::Net;
use crate::{
    learn::{
        chart::{Axes, Chart, Line},
        desk::Desk,
        digits::{self, Digits},
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix},
        part::part,
        player::player,
        trained::Stage,
        training::Course,
    },
    link::figure::Wanted,
    widgets::number,
};

/// Test digits that are asked about.
pub const COUNT: usize = 300;
/// Pixels by which they are moved at most.
pub const MOST: usize = 6;

/// An image moved to the right; what comes in is paper.
fn moved(image: &[f32], by: usize) -> Vec<f32> {
    let pixel = |(i, _): (usize, &f32)| if i % SIDE >= by { image[i - by] } else { 0.0 };
    image.iter().enumerate().map(pixel).collect()
}

/// Shares of right answers by pixels moved.
type Found = BTreeMap<usize, f64>;

#[derive(Clone, Copy)]
struct Asked {
    net: Net,
    found: RwSignal<Found>,
    /// What it says of the person's image.
    says: Memo<Option<(usize, f32)>>,
}

fn scores(answer: &Answer, net: Net) -> Vec<f32> {
    let last = net.model(SIDE).layers.len() - 1;
    answer.output(last).to_vec()
}

fn asked(desk: Desk, course: Course, place: usize, digits: ReadSignal<Option<Digits>>, by: Memo<usize>) -> Asked {
    let net = Net::ALL[place];
    // Only what has been trained to the end.
    let weights = Memo::new(move |_| {
        let ended = |stage| matches!(stage, Stage::Done);
        course.trained.with(|all| all.get(place).filter(|t| ended(t.stage)).and_then(|t| t.newest()).map(|m| m.weights.clone()))
    });
    let layers = move || net.model(SIDE).layers;
    let sample = desk.sample();
    let own = desk.ask(move || {
        let ask = FigureAsk::new(Shape::new(1, SIDE, SIDE), layers(), &moved(&sample.get(), by.get()));
        Some(ask.weights(&weights.get()?).want(Wanted::Output(layers().len() - 1)))
    });
    let says = Memo::new(move |_| {
        let mut scores = own.with(|a| scores(a, net));
        if scores.is_empty() {
            return None;
        }
        let class = engine::loss::arg_max(&scores);
        softmax(&mut scores);
        Some((class, scores[class]))
    });
    let found = RwSignal::new(Found::new());
    // One place after another, so that it is known which of them an answer is about.
    let next = Memo::new(move |_| found.with(|found| (0..=MOST).find(|by| !found.contains_key(by))));
    let many = desk.ask(move || {
        let (weights, by) = (weights.get()?, next.get()?);
        let images = digits.with(|d| d.as_ref().map(|d| d.images(|image| moved(image, by))))?;
        Some(FigureAsk::new(Shape::new(1, SIDE, SIDE), layers(), &images).weights(&weights).want(Wanted::Output(layers().len() - 1)))
    });
    Effect::new(move |_| {
        let share = many.with(|a| digits.with_untracked(|d| d.as_ref().and_then(|d| d.right(&scores(a, net)))));
        if let (Some(share), Some(by)) = (share, next.get_untracked()) {
            found.update(|found| {
                found.insert(by, share);
            });
        }
    });
    Asked { net, found, says }
}

pub fn view(desk: Desk, course: Course) -> AnyView {
    let (by, means, sample) = (desk.count("dx"), desk.is_on("means"), desk.sample());
    let by = Memo::new(move |_| by.get().min(MOST));
    let covered = desk.is_on("covered");
    let digits = digits::first(desk, DigitSet::Test, COUNT);
    let all = [0, 1, 2].map(|place| asked(desk, course, place, digits, by));
    let shown = move || if means.get() { 3 } else { 2 };
    Effect::new(move |_| {
        let by = by.get();
        let at = |i: usize, by: usize| all[i].found.with(|f| f.get(&by).copied().unwrap_or(f64::NAN));
        for (i, (here, still)) in [("mlp", "mlp_still"), ("cnn", "cnn_still"), ("gap", "gap_still")].into_iter().enumerate() {
            desk.report(here, at(i, by));
            desk.report(still, at(i, 0));
        }
        desk.report("places", all.iter().map(|a| a.found.with(BTreeMap::len)).min().unwrap_or_default() as f64);
        let term = |a: &Asked, i: usize| {
            let share = if at(i, by).is_finite() { number::percent(at(i, by)) } else { "–".to_owned() };
            format!(
                "<mtext>{}</mtext><mspace width=\"0.3em\"/><mn class=\"result\">{share}</mn><mspace width=\"0.8em\"/>",
                if a.net == Net::Gap { "means" } else { a.net.name() }
            )
        };
        let text: String = all.iter().enumerate().take(shown()).map(|(i, a)| term(a, i)).collect();
        desk.live.set(if covered.get() { String::new() } else { text });
    });
    let lines = Memo::new(move |_| {
        let line = |a: &Asked| {
            let points = a.found.with(|f| f.iter().map(|(by, share)| (*by as f64, *share)).collect());
            Line { mark: a.net.mark(), faint: false, points: if covered.get() { Vec::new() } else { points }, dots: true }
        };
        all.iter().take(shown()).map(line).collect::<Vec<_>>()
    });
    let axes = Axes {
        x: (0.0, MOST as f64),
        x_ticks: (0..=MOST).map(|x| (x as f64, x.to_string())).collect(),
        x_name: "pixels to the right",
        ..Axes::accuracy(1)
    };
    let chart = Chart::new("shift-curve", "Right answers by pixels that the digits are moved", Signal::stored(axes), lines).view(desk);
    let image = Memo::new(move |_| Matrix::new(SIDE, SIDE, moved(&sample.get(), by.get())));
    let grid = Grid::new("moved", Signal::stored("Your image, moved".to_owned()), image)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
    let says = move |a: Asked| {
        let text = move || match a.says.get().filter(|_| !covered.get()) {
            Some((class, sure)) => format!("{class} · {}", number::percent(f64::from(sure))),
            None => "–".to_owned(),
        };
        view! { <div class="says" class:away=move || a.net == Net::Gap && !means.get()><span class=format!("name-{}", a.net.mark())>{a.net.name()}</span><output class="number" data-testid=format!("says-{}", a.net.slug())>{text}</output></div> }
            .into_any()
    };
    let detail = Signal::derive(move || stands(course, digits.with(Option::is_some)));
    view! {
        <div class="shift">
            <div class="shift-image">{part(desk, "sum", "Your image, moved".to_owned(), String::new(), grid.view(desk))}{all.map(says).collect_view()}</div>
            {part(desk, "output", format!("Right of {COUNT} test digits"), detail, chart)}
        </div>
        {player(desk, "dx", MOST + 1, 900)}
    }
    .into_any()
}

/// What is waited for.
fn stands(course: Course, digits: bool) -> String {
    course.trained.with(|all| {
        let under_way = all.iter().zip(Net::ALL).find(|(t, _)| !matches!(t.stage, Stage::Done | Stage::Waits));
        match under_way {
            Some((t, net)) if t.stage != Stage::Ended => {
                let who = if net == Net::Gap { net.name() } else { "MLP and CNN" };
                format!("{who}: step {}", t.progress.step)
            }
            _ if !digits => "digits on their way".to_owned(),
            _ => String::new(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_move_to_the_right() {
        let mut image = vec![0.0; SIDE * SIDE];
        (image[0], image[SIDE - 1]) = (1.0, 2.0);
        let other = moved(&image, 2);
        assert_eq!((other[2], other.iter().sum::<f32>()), (1.0, 1.0));
        assert_eq!(moved(&image, 0), image);
    }
}
