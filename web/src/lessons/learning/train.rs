//! Three kernels while they learn.

use leptos::prelude::*;
use protocol::Pace;

use super::{
    bank::{self, difference, kernel, largest},
    net::{self, EQUAL, KERNELS, NOISE, RATE, SIDE, untrained},
};
use crate::{
    learn::{
        chart::{Axes, Chart, Line},
        desk::Desk,
        part::part,
        trained::{Stage, Trained, smooth},
        training::Course,
    },
    reaction::{effect, live},
    widgets::number,
};

pub const STEPS: u32 = 400;
pub const PACES: &[(&str, &str)] = &[("slow", "slow"), ("brisk", "brisk"), ("full", "full speed")];

fn pace(word: &str) -> Pace {
    match word {
        "slow" => Pace::StepsPerSecond(4.0),
        "brisk" => Pace::StepsPerSecond(50.0),
        _ => Pace::Full,
    }
}

/// From noise, or all kernels equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Noise,
    Equal,
}

impl Start {
    fn init(self) -> engine::Init {
        match self {
            Self::Noise => NOISE,
            Self::Equal => EQUAL,
        }
    }

    pub fn train(self, desk: Desk, course: Course) {
        let (seed, word) = desk.settings.with_untracked(|s| (s.count("seed") as u32, s.get("pace").to_owned()));
        course.start(vec![net::job(KERNELS, SIDE, self.init(), RATE, seed, STEPS).paced(pace(&word))]);
    }
}

/// Mean of the last batches.
fn last(trained: &Trained, of: fn(&protocol::Progress) -> f64) -> f64 {
    smooth(&trained.points, of).last().map_or(f64::NAN, |(_, y)| *y)
}

pub fn view(desk: Desk, course: Course, start: Start) -> AnyView {
    let (sample, seed) = (desk.sample(), desk.count("seed"));
    let trained = Memo::new(move |_| course.trained.with(|all| all.first().cloned().unwrap_or_default()));
    let weights = Memo::new(move |_| trained.with(|t| t.newest().cloned()));
    let answer = bank::asked(desk, move || {
        let ask = untrained(&sample.get(), start.init(), seed.get() as u32);
        Some(weights.with(|moment| match moment {
            Some(moment) => ask.weights(&moment.weights),
            None => ask,
        }))
    });
    let kernels = Memo::new(move |_| match weights.get() {
        Some(moment) => moment.weights.get(..KERNELS * SIDE * SIDE).unwrap_or_default().to_vec(),
        None => answer.with(bank::kernels),
    });
    let first = Memo::new(move |_| trained.with(|t| t.film.first().map_or_else(Vec::new, |m| m.weights.to_vec())));
    let change = Memo::new(move |_| {
        let (now, first) = (kernel(&kernels.get(), 0), first.with(|f| kernel(f, 0)));
        let moved: Vec<f32> = now.iter().zip(&first).map(|(now, first)| now - first).collect();
        largest(&moved)
    });
    let word = desk.text("pace");
    effect(move || course.set_pace(pace(&word.get())));
    Effect::new(move |_| {
        trained.with(|t| {
            desk.report("step", f64::from(t.progress.step));
            desk.report("loss", last(t, |p| p.loss));
            desk.report("accuracy", last(t, |p| p.accuracy));
            desk.report("test", t.accuracy.unwrap_or(f64::NAN));
        });
        let apart = kernels.with(|k| difference(k));
        desk.report("apart", f64::from(apart));
        desk.report("moved", f64::from(change.get()));
        desk.live.set(match start {
            Start::Noise => live_loss(&trained.get()),
            Start::Equal => live_apart(apart, change.get()),
        });
    });
    view! {
        <div class="live">
            {bank::view(desk, answer)}
            <div class="curves">{curves(desk, trained)}</div>
        </div>
        {told(course, trained)}
    }
    .into_any()
}

fn live_loss(trained: &Trained) -> String {
    let loss = last(trained, |p| p.loss);
    if !loss.is_finite() {
        return String::new();
    }
    format!(
        "<mi>L</mi><mo>=</mo><mn class=\"result\">{}</mn><mspace width=\"0.6em\"/><mtext>after step {}</mtext>",
        number::short(loss),
        trained.progress.step
    )
}

fn live_apart(apart: f32, moved: f32) -> String {
    let (apart, moved) = (number::short(f64::from(apart)), number::short(f64::from(moved)));
    format!(
        "<mtext>largest difference:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{apart}</mn><mspace width=\"1em\"/><mtext>change:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{moved}</mn>"
    )
}

fn curves(desk: Desk, trained: Memo<Trained>) -> AnyView {
    let line = move |mark: &'static str, of: fn(&protocol::Progress) -> f64| {
        Memo::new(move |_| vec![Line { mark, points: trained.with(|t| smooth(&t.points, of)), ..Line::default() }])
    };
    let said = move |of: fn(&protocol::Progress) -> f64, write: fn(f64) -> String| {
        Signal::derive(move || {
            let value = trained.with(|t| last(t, of));
            if value.is_finite() { write(value) } else { String::new() }
        })
    };
    let most =
        Memo::new(move |_| trained.with(|t| smooth(&t.points, |p| p.loss).iter().fold(2.4_f64, |most, (_, y)| most.max(*y)).min(10.0)));
    let loss = Chart::new("loss-curve", "Loss by steps", Signal::derive(move || Axes::loss(STEPS, most.get())), line("sum", |p| p.loss));
    let axes = Signal::stored(Axes::accuracy(STEPS));
    let accuracy = Chart::new("accuracy-curve", "Share of right answers by steps", axes, line("output", |p| p.accuracy));
    view! {
        {part(desk, "sum", "Loss".to_owned(), said(|p| p.loss, number::short), loss.view(desk))}
        {part(desk, "output", "Right answers".to_owned(), said(|p| p.accuracy, number::percent), accuracy.view(desk))}
    }
    .into_any()
}

/// How it stands, in words.
fn told(course: Course, trained: Memo<Trained>) -> AnyView {
    let text = move || {
        trained.with(|t| match t.stage {
            Stage::Waits if course.is_busy() => "Waiting.".to_owned(),
            Stage::Waits => "Nothing learnt yet: this is the noise that it starts from.".to_owned(),
            Stage::Opens => "The training digits are on their way.".to_owned(),
            Stage::Trains | Stage::Rests => format!("Step {} of {STEPS}", t.progress.step),
            Stage::Scores => "Asked about the 10 000 test digits.".to_owned(),
            Stage::Done => {
                let share = t.accuracy.map(number::percent).unwrap_or_default();
                format!("After {} steps: {share} of the test digits, which it has never trained on.", t.progress.step)
            }
            Stage::Ended if t.trouble.is_empty() => format!("Ended after step {}.", t.progress.step),
            Stage::Ended => t.trouble.clone(),
        })
    };
    view! { <p class="told" data-testid="told" aria-live="polite">{live(text)}</p> }.into_any()
}

/// Begins, stops for a while, goes on.
pub fn buttons(desk: Desk, course: Course, start: Start) -> AnyView {
    let stage = Memo::new(move |_| course.stage(0));
    let name = move || match stage.get() {
        Stage::Waits => "Train",
        Stage::Trains | Stage::Opens | Stage::Scores => "Pause",
        Stage::Rests => "Go on",
        Stage::Done | Stage::Ended => "Train anew",
    };
    let press = move |_| match stage.get_untracked() {
        Stage::Trains => course.pause(true),
        Stage::Rests => course.pause(false),
        Stage::Opens | Stage::Scores => {}
        Stage::Waits | Stage::Done | Stage::Ended => start.train(desk, course),
    };
    let waits = move || matches!(stage.get(), Stage::Opens | Stage::Scores);
    view! { <button class="primary" data-testid="train" disabled=waits on:click=press>{name}</button> }.into_any()
}
