//! `kernelscope bench`: images per second, and how much of the machine that is.
//!
//! Every network starts from the same weights and goes through the training digits in their order,
//! so that the losses of the first steps can be held against those of other systems.

mod peak;
mod start;
mod work;

use std::{fs, path::Path, sync::Arc};

use engine::Graph;
use serde::Serialize;

use crate::{
    arguments::{Bench, Mode},
    digits,
    error::Error,
    table, wanted,
};
use work::Work;

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
    info: Info,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    backend: &'static str,
    vector: &'static str,
    threads: usize,
    /// Of the convolutions and dense layers; a training step counts three times its forward pass.
    gflops: f64,
    /// Multiply-adds in registers alone, measured between the rounds.
    peak_gflops: f64,
    share_of_peak: f64,
    /// Images per second of every round.
    rounds: Vec<f64>,
}

pub fn run(order: &Bench) -> Result<(), Error> {
    match checked_run(order) {
        Ok(()) => Ok(()),
        Err(error) => {
            // Who reads the JSON learns of it there.
            println!("{}", serde_json::json!({ "error": error.to_string() }));
            Err(error)
        }
    }
}

fn checked_run(order: &Bench) -> Result<(), Error> {
    if order.backend != "cpu" {
        return Err(Error::Backend { name: order.backend.clone() });
    }
    if order.threads != 1 {
        return Err(Error::Threads { threads: order.threads });
    }
    let presets = order.net.iter().map(|name| wanted::preset(name)).collect::<Result<Vec<_>, _>>()?;
    let data = digits::read(order.data.as_deref())?;
    let mut rows = vec![["net", "mode", "batch", "images/s", "ms/step", "GFLOP/s", "of peak"].map(str::to_owned).to_vec()];
    for preset in presets {
        let graph = Graph::check_classifier(&preset.model(), data::CLASSES).map_err(|cause| Error::Refused { cause })?;
        let graph = Arc::new(graph);
        let weights = match &order.start {
            Some(path) => read_weights(path, preset.slug, graph.params_len())?,
            None => start::weights(&graph),
        };
        let outcome = measure(order, preset.slug, &graph, &weights, &data)?;
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
        println!("{}", serde_json::to_string(&outcome)?);
    }
    if !order.json {
        eprint!("{}", table::aligned(&rows));
    }
    Ok(())
}

fn measure(order: &Bench, net: &str, graph: &Arc<Graph>, weights: &[f32], data: &data::Dataset) -> Result<Outcome, Error> {
    let training = order.mode == Mode::Train;
    let (losses, logits) = if training {
        (Some(Work::new(graph, weights, data, order)?.losses(5)), None)
    } else {
        (None, Some(Work::new(graph, weights, data, order)?.logits()))
    };
    let mut work = Work::new(graph, weights, data, order)?;
    // Warm, and a first idea of the speed.
    let mut step_s = work.timed_steps(1).min(work.timed_steps(2) / 2.0);
    let (mut rounds, mut peaks, mut steps) = (Vec::new(), Vec::new(), 0);
    for _ in 0..order.rounds {
        peaks.push(peak::gflops());
        // As many steps as fit, timed as a whole.
        let count = (order.seconds / step_s.max(1e-9)).round().clamp(1.0, 1e9) as u64;
        let seconds = work.timed_steps(count);
        step_s = seconds / count as f64;
        steps += count;
        rounds.push(order.batch as f64 / step_s);
    }
    let images_per_second = median(&rounds);
    let passes = if training { 3.0 } else { 1.0 };
    let gflops = 2.0 * passes * graph.cost().multiply_adds as f64 * images_per_second / 1e9;
    let peak_gflops = median(&peaks);
    Ok(Outcome {
        net: net.to_owned(),
        mode: if training { "train" } else { "infer" },
        batch: order.batch,
        images_per_second,
        ms_per_step: 1e3 * order.batch as f64 / images_per_second,
        steps,
        losses,
        logits,
        info: Info {
            backend: "cpu",
            vector: engine::backend::cpu::simd::vector_name(),
            threads: 1,
            gflops,
            peak_gflops,
            share_of_peak: gflops / peak_gflops,
            rounds,
        },
    })
}

fn read_weights(path: &Path, net: &str, needed: usize) -> Result<Vec<f32>, Error> {
    let bytes = fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
    if bytes.len() != 4 * needed {
        return Err(Error::Start { path: path.to_owned(), net: net.to_owned(), found: bytes.len(), needed });
    }
    let (words, _) = bytes.as_chunks::<4>();
    Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

/// Of at least one value; the mean of the two in the middle where their count is even.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
    }
}
