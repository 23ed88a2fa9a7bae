//! How many kernels, and what that brings: measured here and now.

use engine::{
    Init, ModelSpec, Pair, Shape,
    ops::{AdaptiveMaxPool2d, Conv2d, Dense, Flatten, Relu},
};
use leptos::prelude::*;
use protocol::{Progress, RunSpec, TrainSpec};

use super::net;
use crate::{
    learn::{
        chart::{Axes, Chart, Line},
        desk::Desk,
        part::part,
        trained::{Job, Stage, smooth},
        training::Course,
    },
    reaction::{effect, live},
    widgets::number,
};

pub const COUNTS: [usize; 5] = [1, 2, 4, 8, 16];
pub const STEPS: u32 = 200;
/// Of the rule that adapts itself, which gets on with any number of kernels.
pub const RATE: f32 = 0.01;
pub const SIDES: &[(&str, &str)] = &[("3", "3×3"), ("5", "5×5"), ("7", "7×7")];
pub const RATES: &[(&str, &str)] = &[("0.001", "0.001"), ("0.01", "0.01"), ("0.1", "0.1")];
const SEED: u32 = 1;

/// Of every map few numbers are left, so that the last layer knows little but what the kernels tell it.
fn model(kernels: usize, side: usize) -> ModelSpec {
    let conv = Conv2d { out_ch: kernels, kernel: Pair::square(side), ..Conv2d::default() };
    let layers = vec![
        conv.into(),
        Relu {}.into(),
        AdaptiveMaxPool2d { output: Pair::square(3) }.into(),
        Flatten {}.into(),
        Dense { out: data::CLASSES, bias: true }.into(),
    ];
    ModelSpec { input: Shape::new(1, data::SIDE, data::SIDE), layers, init: Init::default() }
}

pub fn run(kernels: usize, side: usize, rate: f32) -> RunSpec {
    RunSpec { model: model(kernels, side), train: TrainSpec { rate, batch: 32, seed: SEED, ..TrainSpec::default() } }
}

/// What was decided, and the share of right answers by number of kernels.
#[derive(Clone, Debug, Default, PartialEq)]
struct Series {
    side: usize,
    rate: f32,
    found: Vec<Option<f64>>,
}

/// Signal-like handles: copying is free.
#[derive(Clone, Copy)]
pub struct Sweep {
    desk: Desk,
    course: Course,
    /// What the course under way was started with.
    set: RwSignal<(usize, f32)>,
    earlier: RwSignal<Vec<Series>>,
}

impl Sweep {
    pub fn new(desk: Desk, course: Course) -> Self {
        Self { desk, course, set: RwSignal::new((net::SIDE, RATE)), earlier: RwSignal::new(Vec::new()) }
    }

    fn series(self) -> Series {
        let (side, rate) = self.set.get();
        let found = self.course.trained.with(|all| all.iter().map(|t| t.accuracy).collect());
        Series { side, rate, found }
    }

    pub fn measure(self) {
        let (side, rate) = self.desk.settings.with_untracked(|s| (s.count("side").clamp(1, 9), s.number("eta").clamp(1e-4, 2.0)));
        let before = untrack(|| self.series());
        if before.found.iter().all(Option::is_some) && !before.found.is_empty() {
            self.earlier.update(|all| {
                all.retain(|s| (s.side, s.rate) != (before.side, before.rate));
                all.push(before);
            });
        }
        self.set.set((side, rate));
        self.course.start(COUNTS.iter().map(|n| Job::new(run(*n, side, rate), STEPS)).collect());
    }

    /// So that somebody who has answered sees what comes out, without asking for it.
    pub fn follow(self) {
        let run = self.desk.is_on("run");
        let show = self.desk.text("show");
        effect(move || {
            let wanted = run.get() && show.with(|s| s == "sweep");
            if wanted && self.course.trained.with_untracked(Vec::is_empty) {
                self.measure();
            }
        });
    }

    pub fn view(self) -> AnyView {
        let desk = self.desk;
        let series = Memo::new(move |_| self.series());
        Effect::new(move |_| {
            let series = series.get();
            let all = series.found.len() == COUNTS.len() && series.found.iter().all(Option::is_some);
            let of = |i: usize| series.found.get(i).copied().flatten().unwrap_or(f64::NAN);
            for (i, name) in ["with_1", "with_2", "with_4", "with_8", "with_16"].into_iter().enumerate() {
                desk.report(name, of(i));
            }
            desk.report("measured", f64::from(u8::from(all)));
            desk.report("measured_rate", if all { f64::from(series.rate) } else { f64::NAN });
            desk.report("measured_side", if all { series.side as f64 } else { f64::NAN });
            let term = |name: &str, from: usize, to: usize| {
                let more = 100.0 * (of(to) - of(from));
                format!("<mtext>{name}:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{more:+.1}</mn><mtext> points</mtext><mspace width=\"1.2em\"/>").replace('-', "−")
            };
            desk.live.set(if all { term("1 → 4", 0, 2) + &term("4 → 16", 2, 4) } else { String::new() });
        });
        view! {
            <div class="sweep">
                {part(desk, "output", "Right answers on the test digits".to_owned(), self.stands(), self.chart(series))}
                {self.table(series)}
            </div>
        }
        .into_any()
    }

    fn chart(self, series: Memo<Series>) -> AnyView {
        let axes = Axes {
            x: (0.0, (COUNTS.len() - 1) as f64),
            y: (0.0, 1.0),
            x_ticks: COUNTS.iter().enumerate().map(|(i, n)| (i as f64, n.to_string())).collect(),
            x_name: "kernels",
            ..Axes::accuracy(1)
        };
        let line = |series: &Series, faint: bool| {
            let points = series.found.iter().enumerate().filter_map(|(i, found)| Some((i as f64, (*found)?)));
            Line { mark: "output", faint, points: points.collect(), dots: true }
        };
        let lines = Memo::new(move |_| {
            let mut lines: Vec<Line> = self.earlier.with(|all| all.iter().map(|s| line(s, true)).collect());
            lines.push(series.with(|s| line(s, false)));
            lines
        });
        Chart::new("sweep-curve", "Right answers by number of kernels; the table has the numbers", Signal::stored(axes), lines)
            .view(self.desk)
    }

    /// How far the measuring is.
    fn stands(self) -> Signal<String> {
        Signal::derive(move || {
            self.course.trained.with(|all| {
                let at = all.iter().position(|t| !matches!(t.stage, Stage::Waits | Stage::Done));
                let Some((i, trained)) = at.and_then(|i| Some((i, all.get(i)?))) else { return String::new() };
                let accuracy = smooth(&trained.points, |p: &Progress| p.accuracy).last().map_or(0.0, |(_, y)| *y);
                match trained.stage {
                    Stage::Ended => "ended".to_owned(),
                    Stage::Opens => "digits on their way".to_owned(),
                    _ => format!("{} kernels: step {}, {}", COUNTS[i], trained.progress.step, number::percent(accuracy)),
                }
            })
        })
    }

    fn table(self, series: Memo<Series>) -> AnyView {
        let row = move |(i, count): (usize, usize)| {
            let weights = Memo::new(move |_| {
                let model = model(count, self.set.get().0);
                engine::Graph::check(&model).map_or(0, |graph| graph.params.first().map_or(0, |p| p.range.len()))
            });
            let share = move || series.with(|s| s.found.get(i).copied().flatten()).map_or_else(|| "–".to_owned(), number::percent);
            view! { <tr><th scope="row">{count}</th><td class="number">{move || weights.get()}</td><td class="number" data-testid=format!("share-{count}")>{live(share)}</td></tr> }.into_any()
        };
        view! {
            <table>
                <thead><tr><th scope="col" class="name-kernel">"Kernels"</th><th scope="col">"their weights"</th><th scope="col" class="name-output">"right"</th></tr></thead>
                <tbody>{COUNTS.into_iter().enumerate().map(row).collect_view()}</tbody>
            </table>
        }
        .into_any()
    }

    pub fn button(self) -> AnyView {
        let busy = move || self.course.is_busy();
        view! { <button class="primary" data-testid="measure" disabled=busy on:click=move |_| self.measure()>{move || if busy() { "Measuring…" } else { "Measure" }}</button> }
            .into_any()
    }
}
