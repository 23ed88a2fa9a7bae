//! Which of the views is shown, and what it is set with. What has been trained stays for the steps that follow.

use data::Set as DigitSet;
use leptos::prelude::*;

use super::{
    flat,
    nets::Net,
    price,
    race::{self, DUEL, FEW, Race},
    shift,
};
use crate::{
    learn::{controls, desk::Desk, digits, trained::Stage, training::Course},
    reaction::effect,
};

/// Digits that are trained on with their pixels shuffled, and as they are.
const MIXED: usize = 5_000;

/// Handles only: copying is free.
#[derive(Clone, Copy)]
struct Figure {
    desk: Desk,
    all: Race,
    mixed: Race,
    few: Race,
}

/// Not trained to the end, and nothing is being done about it.
fn is_idle(course: Course) -> bool {
    untrack(|| !course.is_done() && !course.is_busy())
}

pub fn view(desk: Desk) -> AnyView {
    let duel = |conditions, measured| Race { desk, course: Course::new(desk), nets: &DUEL, conditions, measured };
    let figure = Figure {
        desk,
        all: Race { desk, course: Course::new(desk), nets: &Net::ALL, conditions: ["", ""], measured: "measured_all" },
        mixed: duel(["as they are", "shuffled"], "measured_mixed"),
        few: duel(["50 000 digits", "500 digits"], "measured_few"),
    };
    figure.begin();
    let show = desk.text("show");
    let shown = move || match show.get().as_str() {
        "race" => view! { {Race { nets: &Net::ALL[..2], ..figure.all }.view()} <div class="race-table">{race::table()}</div> }.into_any(),
        "shift" => shift::view(desk, figure.all.course),
        "mixed" => figure.mixed(),
        "few" => figure.few.view(),
        "price" => price::view(desk),
        _ => flat::view(desk),
    };
    view! { {shown} {move || figure.set_with(&show.get())} }.into_any()
}

/// Trains, unless something does.
fn button(busy: impl Fn() -> bool + Copy + Send + Sync + 'static, press: impl Fn() + 'static) -> AnyView {
    view! { <button class="primary" data-testid="measure" disabled=busy on:click=move |_| press()>{move || if busy() { "Training…" } else { "Train" }}</button> }
        .into_any()
}

impl Figure {
    /// What a step shows has to be trained where it has not been.
    fn begin(self) {
        let (show, run) = (self.desk.text("show"), self.desk.is_on("run"));
        effect(move || {
            let (show, run) = (show.get(), run.get());
            if (show == "race" && run || show == "shift") && is_idle(self.all.course) {
                self.train();
            }
        });
    }

    fn train(self) {
        // The third is not waited for where two are compared.
        self.all.course.race(vec![race::duel(), vec![Net::Gap.job()]]);
    }

    fn mixed(self) -> AnyView {
        let (run, course) = (self.desk.is_on("run"), self.mixed.course);
        let digits = digits::first(self.desk, DigitSet::Validation, MIXED);
        effect(move || {
            let wanted = run.get() && is_idle(course);
            let jobs = digits.with(|digits| digits.as_ref().filter(|_| wanted).and_then(race::mixed));
            if let Some(jobs) = jobs {
                course.race(jobs);
            }
        });
        let again = move || {
            if let Some(jobs) = digits.with_untracked(|digits| digits.as_ref().and_then(race::mixed)) {
                course.race(jobs);
            }
        };
        let missing = move || digits.with(Option::is_none);
        let press = (!self.desk.printed).then(|| button(move || course.is_busy() || missing(), again));
        view! { {race::pictures(self.desk)} {self.mixed.view()} <div class="figure-controls">{press}</div> }.into_any()
    }

    fn set_with(self, show: &str) -> AnyView {
        let desk = self.desk;
        if desk.printed {
            return ().into_any();
        }
        let inner = match show {
            "race" => button(move || self.all.course.is_busy() && self.all.course.stage(1) != Stage::Done, move || self.train()),
            "few" => button(move || self.few.course.is_busy(), move || self.few.course.race(race::few())),
            "price" => controls::slider(desk, "side", "Side", price::LEAST, price::MOST),
            _ => return ().into_any(),
        };
        view! { <div class="figure-controls">{inner}</div> }.into_any()
    }
}

/// As the words have it.
const _: () = assert!(FEW == 500 && shift::COUNT == 300);
