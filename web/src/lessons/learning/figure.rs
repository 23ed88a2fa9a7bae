//! Which of the views is shown, and what it is set with. What has been trained stays for the steps that follow.

use leptos::prelude::*;

use super::{
    bank, film,
    net::{NOISE, untrained},
    slow,
    sweep::{RATES, SIDES, Sweep},
    train::{self, PACES, Start},
};
use crate::{
    learn::{controls, desk::Desk, training::Course},
    reaction::effect,
    state::Origin,
};

const KERNELS: &[(&str, &str)] = &[("0", "1"), ("1", "2"), ("2", "3")];
const STEP_RATES: &[(&str, &str)] = &[("0.1", "0.1"), ("0.5", "0.5"), ("2", "2"), ("8", "8"), ("32", "32")];
const DIGITS: [(&str, &str); 10] =
    [("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5"), ("6", "6"), ("7", "7"), ("8", "8"), ("9", "9")];

/// Handles only: copying is free.
#[derive(Clone, Copy)]
struct Figure {
    desk: Desk,
    /// From noise.
    noise: Course,
    /// From kernels that are equal.
    twins: Course,
    sweep: Sweep,
}

pub fn view(desk: Desk) -> AnyView {
    let figure = Figure { desk, noise: Course::new(desk), twins: Course::new(desk), sweep: Sweep::new(desk, Course::new(desk)) };
    figure.begin();
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "slow" => slow::view(desk),
        "train" => train::view(desk, figure.noise, Start::Noise),
        "film" => film::view(desk, figure.noise),
        "twins" => train::view(desk, figure.twins, Start::Equal),
        "sweep" => figure.sweep.view(),
        _ => noise(desk),
    };
    view! { {shown} {move || figure.set_with(&show.get())} }.into_any()
}

/// The bank before anything has been learnt.
fn noise(desk: Desk) -> AnyView {
    let (sample, seed) = (desk.sample(), desk.count("seed"));
    let answer = bank::asked(desk, move || Some(untrained(&sample.get(), NOISE, seed.get() as u32)));
    Effect::new(move |_| {
        answer.with(|a| {
            let first = bank::kernels(a).first().copied().unwrap_or(f32::NAN);
            desk.report("first", f64::from(first));
            let told =
                format!("<msub><mi>w</mi><mn>1</mn></msub><mo>=</mo><mn class=\"result\">{}</mn>", crate::learn::grid::written(first, 3));
            desk.live.set(if first.is_finite() { told } else { String::new() });
        });
    });
    bank::view(desk, answer)
}

impl Figure {
    /// What a step shows has to be trained where it has not been.
    fn begin(self) {
        let (show, run) = (self.desk.text("show"), self.desk.is_on("run"));
        self.sweep.follow();
        effect(move || {
            let (show, run) = (show.get(), run.get());
            let never = |course: Course| course.trained.with_untracked(Vec::is_empty);
            if show == "film" && never(self.noise) {
                Start::Noise.train(self.desk, self.noise);
            }
            if show == "twins" && run && never(self.twins) {
                Start::Equal.train(self.desk, self.twins);
            }
        });
    }

    fn set_with(self, show: &str) -> AnyView {
        let desk = self.desk;
        if desk.printed {
            return ().into_any();
        }
        let inner = match show {
            "slow" => view! {
                {controls::choice(desk, "k", "Kernel", KERNELS)}
                {controls::choice(desk, "rate", "Rate", STEP_RATES)}
                {move || {
                    let drawn = !desk.learn.sample.with(|s| matches!(s.origin, Origin::Digit(_)));
                    drawn.then(|| controls::select(desk, "class", "Your drawing is a", DIGITS.to_vec()))
                }}
            }
            .into_any(),
            "train" => {
                view! { {train::buttons(desk, self.noise, Start::Noise)} {controls::choice(desk, "pace", "Speed", PACES)} }.into_any()
            }
            "twins" => {
                view! { {train::buttons(desk, self.twins, Start::Equal)} {controls::choice(desk, "pace", "Speed", PACES)} }.into_any()
            }
            "sweep" => view! {
                {self.sweep.button()}
                {controls::choice(desk, "side", "Size", SIDES)}
                {controls::choice(desk, "eta", "Rate", RATES)}
            }
            .into_any(),
            "film" => return ().into_any(),
            _ => controls::slider(desk, "seed", "Seed", 1, 30),
        };
        view! { <div class="figure-controls">{inner}</div> }.into_any()
    }
}
