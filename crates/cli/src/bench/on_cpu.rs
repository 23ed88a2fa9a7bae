//! The CPU alone, beside its own peak.

use data::Dataset;
use protocol::Backend;
use serde::Serialize;

use super::{
    Net, Task,
    layers::{self, Pass},
    median, peak, steps_of_a_round,
    work::Work,
};
use crate::{
    arguments::{Bench, Mode},
    error::Error,
    table,
};

/// One line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    net: String,
    mode: &'static str,
    batch: usize,
    /// Median of the rounds.
    images_per_second: f64,
    ms_per_step: f64,
    /// Steps of all rounds.
    steps: u64,
    /// Of the first five steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    losses: Option<Vec<f64>>,
    /// Of the first training digit, from the first weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    logits: Option<Vec<f32>>,
    /// Every pass of every layer, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<Pass>>,
    info: Info,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    backend: &'static str,
    vector: &'static str,
    threads: usize,
    gflops: f64,
    /// Multiply-adds in registers alone, measured between the rounds.
    peak_gflops: f64,
    share_of_peak: f64,
    /// Images per second of every round.
    rounds: Vec<f64>,
}

pub fn run(order: &Bench, nets: &[Net], data: &Dataset) -> Result<(), Error> {
    let mut rows = vec![["net", "mode", "batch", "images/s", "ms/step", "GFLOP/s", "of peak"].map(str::to_owned).to_vec()];
    let mut tables = String::new();
    let mode = order.mode.unwrap_or(Mode::Train);
    let batches = if order.batch.is_empty() { &[64][..] } else { &order.batch };
    for Net { slug, graph, weights } in nets {
        for batch in batches {
            let outcome = measure(order, &Task { net: slug, graph, weights, data, mode, batch: *batch })?;
            rows.push(vec![
                outcome.net.clone(),
                outcome.mode.to_owned(),
                outcome.batch.to_string(),
                format!("{:.0}", outcome.images_per_second),
                format!("{:.3}", outcome.ms_per_step),
                format!("{:.1}", outcome.info.gflops),
                format!("{:.0} %", 100.0 * outcome.info.share_of_peak),
            ]);
            if !order.json && rows.len() == 2 {
                eprintln!("one thread, {}, median of {} rounds of {} s", outcome.info.vector, order.rounds, order.seconds);
            }
            if let Some(layers) = &outcome.layers {
                tables.push_str(&format!("\n{slug}, {}, batch {batch}\n{}", outcome.mode, layers::text(layers)));
            }
            println!("{}", serde_json::to_string(&outcome)?);
        }
    }
    if !order.json {
        eprint!("{}{tables}", table::aligned(&rows));
    }
    Ok(())
}

fn measure(order: &Bench, task: &Task<'_>) -> Result<Outcome, Error> {
    let alone = || Work::new(task, |_| Vec::new());
    let (losses, logits) = match task.mode {
        Mode::Train => (Some(alone()?.losses(5)), None),
        Mode::Infer => (None, Some(alone()?.logits())),
    };
    let mut work = alone()?;
    // Warm, and a first idea of the speed.
    let mut step_s = work.timed_steps(1).min(work.timed_steps(2) / 2.0);
    let (mut rounds, mut peaks, mut steps) = (Vec::new(), Vec::new(), 0);
    for _ in 0..order.rounds {
        peaks.push(peak::gflops());
        // Timed as a whole.
        let count = steps_of_a_round(order, step_s);
        let seconds = work.timed_steps(count);
        step_s = seconds / count as f64;
        steps += count;
        rounds.push(task.batch as f64 / step_s);
    }
    let images_per_second = median(&rounds);
    let (gflops, peak_gflops) = (task.gflops(images_per_second), median(&peaks));
    Ok(Outcome {
        net: task.net.to_owned(),
        mode: task.mode_name(),
        batch: task.batch,
        images_per_second,
        ms_per_step: 1e3 * task.batch as f64 / images_per_second,
        steps,
        losses,
        logits,
        layers: if order.layers { Some(layers::measure(&mut work, task.plan()?, order.seconds * f64::from(order.rounds))) } else { None },
        info: Info {
            backend: Backend::Cpu.name(),
            vector: engine::backend::cpu::simd::vector_name(),
            threads: 1,
            gflops,
            peak_gflops,
            share_of_peak: gflops / peak_gflops,
            rounds,
        },
    })
}
