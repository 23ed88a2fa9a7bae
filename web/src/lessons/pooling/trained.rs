//! The three ways to a smaller map, trained side by side: a network for each, from one seed and on the same digits.

use engine::{
    Init, ModelSpec, Shape,
    ops::{Dense, Flatten},
};
use leptos::prelude::*;
use protocol::{RunSpec, TrainSpec};

use super::strided::Way;
use crate::learn::{
    chart::{Axes, Chart, Line},
    desk::Desk,
    part::part,
    trained::{Job, Trained, smooth},
    training::Course,
};

const STEPS: u32 = 300;
/// Maps behind the first layer and behind the second.
const MAPS: [usize; 2] = [8, 16];

/// Twice to a map half as large, then the answer.
fn job(way: Way) -> Job {
    let mut layers: Vec<_> = MAPS.into_iter().flat_map(|channels| way.layers(channels)).collect();
    layers.extend([Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()]);
    let model = ModelSpec { input: Shape::new(1, data::SIDE, data::SIDE), layers, init: Init::default() };
    Job::new(RunSpec { model, train: TrainSpec { batch: 32, seed: 1, epochs: 100, ..TrainSpec::default() } }, STEPS)
}

/// Share of the test digits that this way gets right at the end.
fn share(course: Course, way: Way) -> Option<f64> {
    course.trained.with(|all| all.get(way.place())?.accuracy)
}

/// How far this way has come, or what it has reached.
pub fn stands(course: Course, way: Way) -> String {
    course.trained.with(|all| all.get(way.place()).unwrap_or(&Trained::default()).stands())
}

/// How they learn, and the facts about it.
pub fn curves(desk: Desk, course: Course) -> AnyView {
    Effect::new(move |_| {
        let found = Way::ALL.map(|way| share(course, way));
        desk.report("scored", found.iter().flatten().count() as f64);
        desk.report("least right", found.iter().flatten().copied().fold(f64::NAN, f64::min));
    });
    let lines = Memo::new(move |_| {
        course.trained.with(|all| {
            let line = |way: Way| {
                let points = all.get(way.place()).map_or_else(Vec::new, |t| smooth(&t.points, |p| p.accuracy));
                Line { mark: way.mark(), points, ..Line::default() }
            };
            Way::ALL.map(line).to_vec()
        })
    });
    let chart = Chart::new("ways-curve", "Right answers in training, by steps", Signal::stored(Axes::accuracy(STEPS)), lines);
    let maps = format!("{} and {} maps, one seed", MAPS[0], MAPS[1]);
    part(desk, "sum", "Right answers in training", maps, chart.view(desk))
}

pub fn button(desk: Desk, course: Course) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let busy = move || course.is_busy();
    let name = move || if busy() { "Training …" } else { "Train all three" };
    let press = move |_| course.race(vec![Way::ALL.map(job).to_vec()]);
    view! { <button class="primary" data-testid="train-ways" disabled=busy on:click=press>{name}</button> }.into_any()
}

#[cfg(test)]
mod tests {
    use engine::Graph;

    use super::*;

    #[test]
    fn ways_differ_by_nothing_but_the_way() {
        let jobs = Way::ALL.map(job);
        for job in &jobs {
            let graph = Graph::check(&job.spec.model).unwrap();
            assert_eq!(graph.output().len(), data::CLASSES);
            // What is flattened is as long for all.
            assert_eq!(graph.nodes[graph.nodes.len() - 2].output.len(), MAPS[1] * 7 * 7);
            assert_eq!((job.spec.train.check(), &job.spec.train), (Ok(()), &jobs[0].spec.train));
        }
    }
}
