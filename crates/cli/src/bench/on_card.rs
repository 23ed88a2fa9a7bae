//! The graphics card, with the CPU beside it in the same rounds.

use std::rc::Rc;

use data::{Dataset, Set};
use engine::backend::gpu::{Card, CardError, DigitSet};
use protocol::Backend;
use serde::Serialize;

use super::{
    Net, Task,
    card_work::{CardWork, lay_out},
    kernels::{self, Kernel},
    median, steps_of_a_round,
    work::Work,
};
use crate::{
    arguments::{Bench, Mode},
    error::Error,
    table,
};

/// What is measured where nobody says.
const TRAINED: &[usize] = &[64, 256, 1024];
const INFERRED: &[usize] = &[1, 256];
/// An epoch that would take longer is worked out from the time of a step.
const EPOCH_MOST_S: f64 = 60.0;

/// One line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    net: String,
    mode: &'static str,
    batch: usize,
    /// Medians of the rounds.
    images_per_second: f64,
    steps_per_second: f64,
    ms_per_step: f64,
    steps: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    losses: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logits: Option<Vec<f32>>,
    info: Info,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
    /// Where the card has a clock, in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernels: Option<Vec<Kernel>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    backend: &'static str,
    adapter: Adapter,
    gflops: f64,
    dispatches_per_step: f64,
    steps_per_submission: f64,
    /// Recording and submitting, in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_ms_per_step: Option<f64>,
    cpu_images_per_second: f64,
    /// Median of the ratios inside a round.
    times_cpu: f64,
    /// Images per second of every round.
    rounds: Vec<f64>,
    cpu_rounds: Vec<f64>,
}

#[derive(Serialize)]
struct Adapter {
    name: String,
    driver: String,
    api: String,
    software: bool,
}

#[derive(Serialize)]
struct Epoch {
    digits: usize,
    steps: u64,
    seconds: f64,
    /// Else worked out from the time of a step.
    measured: bool,
}

pub fn run(order: &Bench, card: &Rc<Card>, nets: &[Net], data: &Dataset) -> Result<(), Error> {
    let set = lay_out(card, data.set(Set::Train).ok_or(Error::NoDigits)?)?;
    if !order.json {
        eprintln!("{}\nCPU: one thread, {}", introduction(card), engine::backend::cpu::simd::vector_name());
        eprintln!("medians of {} rounds of {} s on each", order.rounds, order.seconds);
    }
    let head =
        ["net", "mode", "batch", "images/s", "steps/s", "ms/step", "GFLOP/s", "dispatches", "issue ms", "CPU images/s", "card / CPU"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut tables, mut refused) = (Vec::new(), None);
    for Net { slug, graph, weights } in nets {
        let mut profiled = None;
        for (mode, batch) in combinations(order) {
            let task = Task { net: slug, graph, weights, data, mode, batch };
            let outcome = match measure(order, card, &set, &task) {
                Ok(outcome) => outcome,
                // Too large a batch says nothing about the others.
                Err(error @ (Error::Refused { .. } | Error::Card(CardError::Limit { .. } | CardError::OutOfMemory(_)))) => {
                    let line = serde_json::json!({ "net": slug, "mode": task.mode_name(), "batch": batch, "error": error.to_string() });
                    println!("{line}");
                    tables.push(format!("{slug}, {}, batch {batch}: {error}\n", task.mode_name()));
                    refused = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            println!("{}", serde_json::to_string(&outcome)?);
            rows.push(row(&outcome));
            if let Some(epoch) = &outcome.epoch {
                let how = if epoch.measured { "measured" } else { "worked out from the time of a step" };
                tables.push(format!("An epoch of {slug} at batch {batch}: {:.3} s ({} steps, {how})\n", epoch.seconds, epoch.steps));
            }
            // Of all batches that of 256, or else the first.
            if let Some(kernels) = &outcome.kernels
                && (profiled.is_none() || batch == 256)
            {
                profiled = Some(format!("{slug}, a training step at batch {batch}\n{}", kernels::text(kernels)));
            }
        }
        tables.extend(profiled);
    }
    match refused {
        Some(error) if rows.len() == 1 => return Err(error),
        _ => {}
    }
    if !order.json {
        eprint!("\n{}", table::aligned(&rows));
        tables.iter().for_each(|text| eprint!("\n{text}"));
        if !card.info.timestamps {
            eprintln!("\nThis adapter has no clock for single kernels.");
        }
    }
    Ok(())
}

fn introduction(card: &Card) -> String {
    let info = &card.info;
    let kind = if info.software { "a processor plays the card: its speed says nothing about a card" } else { "hardware" };
    format!("adapter: {} ({}, {}), {kind}", info.name, info.vendor, info.backend)
}

fn combinations(order: &Bench) -> Vec<(Mode, usize)> {
    let modes = order.mode.map_or(vec![Mode::Train, Mode::Infer], |mode| vec![mode]);
    let usual = |mode| if mode == Mode::Train { TRAINED } else { INFERRED };
    let batches = |mode| if order.batch.is_empty() { usual(mode) } else { &order.batch };
    modes.into_iter().flat_map(|mode| batches(mode).iter().map(move |batch| (mode, *batch))).collect()
}

fn measure(order: &Bench, card: &Rc<Card>, set: &DigitSet, task: &Task<'_>) -> Result<Outcome, Error> {
    let training = task.mode == Mode::Train;
    let new = || CardWork::new(task, card, set, false);
    let (losses, logits) = if training { (Some(new()?.losses(5)?), None) } else { (None, Some(new()?.logits()?)) };
    let (mut work, mut cpu) = (new()?, Work::new(task, |_| Vec::new())?);
    // Warm, and a first idea of the speed.
    let mut step_s = work.timed_steps(1)?.min(work.timed_steps(2)? / 2.0);
    let mut cpu_step_s = cpu.timed_steps(1).min(cpu.timed_steps(2) / 2.0);
    let (mut rounds, mut cpu_rounds, mut steps) = (Vec::new(), Vec::new(), 0);
    let (before, issued) = (work.traffic(), work.issued);
    for round in 0..order.rounds {
        let mut on_card = || {
            let count = steps_of_a_round(order, step_s);
            step_s = work.timed_steps(count)? / count as f64;
            steps += count;
            rounds.push(task.batch as f64 / step_s);
            Ok::<_, Error>(())
        };
        let mut on_cpu = || {
            let count = steps_of_a_round(order, cpu_step_s);
            cpu_step_s = cpu.timed_steps(count) / count as f64;
            cpu_rounds.push(task.batch as f64 / cpu_step_s);
        };
        // Now one is first, now the other.
        if round % 2 == 0 {
            on_card()?;
            on_cpu();
        } else {
            on_cpu();
            on_card()?;
        }
    }
    let (after, rates) = (work.traffic(), &rounds);
    let per_step = |count: u64| count as f64 / steps as f64;
    // The weights come back in a submission of their own at the end of every round.
    let submissions = after.submissions - before.submissions - if training { u64::from(order.rounds) } else { 0 };
    let images_per_second = median(rates);
    let ratios: Vec<f64> = rates.iter().zip(&cpu_rounds).map(|(card, cpu)| card / cpu).collect();
    let info = Info {
        backend: Backend::Gpu.name(),
        adapter: Adapter {
            name: card.info.name.clone(),
            driver: card.info.vendor.clone(),
            api: card.info.backend.clone(),
            software: card.info.software,
        },
        gflops: task.gflops(images_per_second),
        dispatches_per_step: if training { work.dispatches_per_step() as f64 } else { per_step(after.dispatches - before.dispatches) },
        steps_per_submission: steps as f64 / submissions.max(1) as f64,
        issue_ms_per_step: training.then(|| 1e3 * (work.issued - issued).as_secs_f64() / steps as f64),
        cpu_images_per_second: median(&cpu_rounds),
        times_cpu: median(&ratios),
        rounds: rounds.clone(),
        cpu_rounds,
    };
    let times = if training { work.kernels()? } else { None };
    Ok(Outcome {
        net: task.net.to_owned(),
        mode: task.mode_name(),
        batch: task.batch,
        images_per_second,
        steps_per_second: images_per_second / task.batch as f64,
        ms_per_step: 1e3 * task.batch as f64 / images_per_second,
        steps,
        losses,
        logits,
        epoch: if training && task.net == "n1" && task.batch == 256 { Some(epoch(card, set, task, images_per_second)?) } else { None },
        kernels: times.map(|times| kernels::kernels(order, task.graph, &times)),
        info,
    })
}

/// An epoch of the training digits, shuffled.
fn epoch(card: &Rc<Card>, set: &DigitSet, task: &Task<'_>, images_per_second: f64) -> Result<Epoch, Error> {
    let mut work = CardWork::new(task, card, set, true)?;
    set.set_order(&data::epoch_order(0, 1));
    let (steps, digits) = (work.steps_of_an_epoch(), data::TRAIN_TOTAL);
    let expected = (steps * task.batch as u64) as f64 / images_per_second;
    if expected > EPOCH_MOST_S {
        return Ok(Epoch { digits, steps, seconds: expected, measured: false });
    }
    // What comes first compiles, and finds out how many steps a submission takes.
    work.timed_steps(1)?;
    work.timed_steps(10)?;
    Ok(Epoch { digits, steps, seconds: work.epoch(set)?, measured: true })
}

fn row(outcome: &Outcome) -> Vec<String> {
    let info = &outcome.info;
    vec![
        outcome.net.clone(),
        outcome.mode.to_owned(),
        outcome.batch.to_string(),
        format!("{:.0}", outcome.images_per_second),
        format!("{:.1}", outcome.steps_per_second),
        format!("{:.3}", outcome.ms_per_step),
        format!("{:.2}", info.gflops),
        format!("{:.0}", info.dispatches_per_step),
        info.issue_ms_per_step.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.3}")),
        format!("{:.0}", info.cpu_images_per_second),
        format!("{:.2}", info.times_cpu),
    ]
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Task};

    #[test]
    fn what_is_measured_where_nobody_says() {
        let measured = |words: &str| match Arguments::try_parse_from(words.split(' ')).unwrap().task {
            Task::Bench(order) => combinations(&order),
            _ => panic!("{words}"),
        };
        let (train, infer) = (Mode::Train, Mode::Infer);
        let all = [(train, 64), (train, 256), (train, 1024), (infer, 1), (infer, 256)];
        assert_eq!(measured("k bench --backend gpu"), all);
        assert_eq!(measured("k bench --mode infer"), all[3..]);
        assert_eq!(measured("k bench --batch 8,9 --mode train"), [(train, 8), (train, 9)]);
    }
}
