//! `kernelscope bench`: images per second, and how much of the machine that is.
//!
//! Every network starts from the same weights and goes through the training digits in their order,
//! so that the losses of the first steps can be held against those of other systems.

mod card_work;
mod kernels;
mod layers;
mod on_card;
mod on_cpu;
mod on_threads;
mod peak;
mod start;
mod work;

use std::{fs, path::Path, sync::Arc};

use data::Dataset;
use engine::{
    Graph, Mode as PlanMode, Plan, PlanOptions,
    backend::gpu::{Card, CardError, reader::block_on},
    plan::Watch,
};
use protocol::Wish;

use crate::{
    arguments::{Bench, Mode},
    digits,
    error::Error,
    wanted,
};

/// One thing to measure.
#[derive(Clone, Copy)]
struct Task<'a> {
    net: &'a str,
    graph: &'a Arc<Graph>,
    weights: &'a [f32],
    data: &'a Dataset,
    mode: Mode,
    batch: usize,
}

impl Task<'_> {
    fn options(&self) -> PlanOptions {
        let mode = if self.mode == Mode::Train { PlanMode::Train } else { PlanMode::Eval };
        PlanOptions { batch: self.batch, mode, watch: Watch::Nothing }
    }

    fn plan(&self) -> Result<Plan, Error> {
        Plan::compile_for_cpu(self.graph, &self.options()).map_err(|cause| Error::Refused { cause })
    }

    fn plan_for_card(&self) -> Result<Plan, Error> {
        Plan::compile(self.graph, &self.options()).map_err(|cause| Error::Refused { cause })
    }

    fn mode_name(&self) -> &'static str {
        if self.mode == Mode::Train { "train" } else { "infer" }
    }

    /// Billions of operations a second of the convolutions and dense layers; a training step counts
    /// three times its forward pass.
    fn gflops(&self, images_per_second: f64) -> f64 {
        let passes = if self.mode == Mode::Train { 3.0 } else { 1.0 };
        2.0 * passes * self.graph.cost().multiply_adds as f64 * images_per_second / 1e9
    }
}

/// A network to measure.
struct Net {
    slug: &'static str,
    graph: Arc<Graph>,
    weights: Vec<f32>,
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
    let open = || block_on(Card::open());
    let card = match order.backend {
        Wish::Cpu => None,
        Wish::Auto => open().ok().filter(|card| !card.info.software),
        Wish::Gpu => Some(open().map_err(no_card)?),
        Wish::Twin => return Err(Error::TwinTimed),
    };
    // The card's threads are its own.
    if card.is_none() && order.threads != 1 && (order.mode == Some(Mode::Infer) || order.layers) {
        return Err(Error::Threads { threads: order.threads });
    }
    let presets = order.net.iter().map(|name| wanted::preset(name)).collect::<Result<Vec<_>, _>>()?;
    let data = digits::read(order.data.as_deref())?;
    let nets = presets.into_iter().map(|preset| {
        let graph = Graph::check_classifier(&preset.model(), data::CLASSES).map_err(|cause| Error::Refused { cause })?;
        let weights = match &order.start {
            Some(path) => read_weights(path, preset.slug, graph.params_len())?,
            None => start::weights(&graph),
        };
        Ok(Net { slug: preset.slug, graph: Arc::new(graph), weights })
    });
    let nets = nets.collect::<Result<Vec<_>, Error>>()?;
    match card {
        Some(card) => on_card::run(order, &card, &nets, &data),
        None if order.threads > 1 => on_threads::run(order, &nets, &data),
        None => on_cpu::run(order, &nets, &data),
    }
}

fn no_card(error: CardError) -> Error {
    Error::NoCard { asked: Wish::Gpu.name(), why: format!("But {error}.") }
}

fn read_weights(path: &Path, net: &str, needed: usize) -> Result<Vec<f32>, Error> {
    let bytes = fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
    if bytes.len() != 4 * needed {
        return Err(Error::Start { path: path.to_owned(), net: net.to_owned(), found: bytes.len(), needed });
    }
    let (words, _) = bytes.as_chunks::<4>();
    Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

/// As many steps as fit into a round.
fn steps_of_a_round(order: &Bench, step_s: f64) -> u64 {
    (order.seconds / step_s.max(1e-9)).round().clamp(1.0, 1e9) as u64
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
