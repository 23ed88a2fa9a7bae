//! What a probe measured inside the running network.
//!
//! A probe runs a few digits forward and backward through a copy of the network's numbers and measures every
//! layer on the way. [`Probed`] is the head of its event; the numbers travel in bulk, where they may also be
//! none (a gradient that has overflown is worth seeing).

use engine::json::Read;
use serde::Serialize;

/// What is to be measured while a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Probing {
    /// Nothing.
    #[default]
    Off,
    /// What the adviser needs, every few seconds.
    Advice,
    /// The layers, about twice a second.
    Layers,
    /// The same, with how weights, gradients and activations are distributed.
    Distributions,
}

/// Where and how a probe was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
pub struct Probed {
    /// Updates made before.
    pub step: u32,
    pub epoch: f64,
    /// Digits that went through.
    pub images: u32,
    /// Time that it took, all in all.
    pub cost_ms: f64,
    pub layers: u32,
}

/// Bins of a histogram. An even number: zero lies between two.
pub const BINS: usize = 40;
/// Dead or saturated units of a layer that are named, at most.
pub const NAMED: usize = 64;
/// Entries of [`Reading::memory_kib`], in words.
pub const MEMORY: [&str; 7] =
    ["weights", "their gradients", "optimizer", "activations", "activation gradients", "kept for the way back", "working space"];

/// How numbers are distributed: shares in bins of equal width from `-reach` to `reach`; what lies beyond
/// counts in the outermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// A power of two, so that histograms of several steps can be laid over each other.
    pub reach: f32,
    /// [`BINS`] of them, 1 in all.
    pub shares: Vec<f32>,
}

/// What was measured of one layer. NaN: the layer has no such number.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReading {
    /// Length of the gradient of the layer's weights (all its parameters).
    pub grad_norm: f32,
    pub weight_norm: f32,
    /// ‖change of the weights by the next update‖ / ‖weights‖.
    pub update_ratio: f32,
    /// Of the layer's output.
    pub mean: f32,
    pub std: f32,
    /// Share of exact zeros in the output.
    pub zeros: f32,
    /// Share of the output so close to an end of its range that hardly a gradient comes through; NaN where
    /// the layer has no such ends.
    pub saturated: f32,
    /// Units (channels, or cells of a vector).
    pub units: u32,
    /// Units of a rectifier that gave zero everywhere on every digit: how many, and the first ones.
    pub dead_count: u32,
    pub dead: Vec<u32>,
    /// Units that were saturated nearly everywhere on nearly every digit.
    pub stuck_count: u32,
    pub stuck: Vec<u32>,
    pub forward_ms: f32,
    pub backward_ms: f32,
    /// Of weights, their gradients, and the output without its zeros; none unless they were asked for.
    pub histograms: [Option<Histogram>; 3],
}

/// Numbers of a layer that are always there.
const COLUMNS: usize = 12;

/// A whole probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub head: Probed,
    /// Of training as it is laid out for the CPU, in the order of [`MEMORY`].
    pub memory_kib: [f32; MEMORY.len()],
    /// In the order of the network's layers.
    pub layers: Vec<LayerReading>,
}

impl Reading {
    /// The numbers as they travel.
    pub fn to_bulk(&self) -> Vec<f32> {
        let mut bulk = self.memory_kib.to_vec();
        for l in &self.layers {
            bulk.extend([l.grad_norm, l.weight_norm, l.update_ratio, l.mean, l.std, l.zeros, l.saturated]);
            bulk.extend([l.units as f32, l.dead_count as f32, l.stuck_count as f32, l.forward_ms, l.backward_ms]);
            for units in [&l.dead, &l.stuck] {
                bulk.push(units.len() as f32);
                bulk.extend(units.iter().map(|u| *u as f32));
            }
            for histogram in &l.histograms {
                match histogram {
                    None => bulk.push(0.0),
                    Some(h) => {
                        bulk.push(h.reach);
                        bulk.extend(&h.shares);
                    }
                }
            }
        }
        bulk
    }

    /// The probe that came as `head` and `bulk`; `None` where they do not fit each other.
    pub fn from_bulk(head: Probed, bulk: &[f32]) -> Option<Self> {
        let mut rest = bulk;
        let mut memory_kib = [0.0; MEMORY.len()];
        memory_kib.copy_from_slice(take(&mut rest, MEMORY.len())?);
        let mut layers = Vec::new();
        while !rest.is_empty() {
            layers.push(layer(&mut rest)?);
        }
        (layers.len() == head.layers as usize).then_some(Self { head, memory_kib, layers })
    }

    /// Length of the whole gradient.
    pub fn grad_norm(&self) -> f32 {
        self.layers.iter().map(|l| l.grad_norm).filter(|n| !n.is_nan()).map(|n| n * n).sum::<f32>().sqrt()
    }
}

fn take<'a>(rest: &mut &'a [f32], count: usize) -> Option<&'a [f32]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn layer(rest: &mut &[f32]) -> Option<LayerReading> {
    let &[grad_norm, weight_norm, update_ratio, mean, std, zeros, saturated, units, dead, stuck, forward_ms, backward_ms] =
        take(rest, COLUMNS)?
    else {
        return None;
    };
    let named = |rest: &mut &[f32]| -> Option<Vec<u32>> {
        let count = *take(rest, 1)?.first()? as usize;
        Some(take(rest, count.min(NAMED))?.iter().map(|u| *u as u32).collect())
    };
    let (dead_named, stuck_named) = (named(rest)?, named(rest)?);
    let histogram = |rest: &mut &[f32]| -> Option<Option<Histogram>> {
        let reach = *take(rest, 1)?.first()?;
        if reach == 0.0 {
            return Some(None);
        }
        Some(Some(Histogram { reach, shares: take(rest, BINS)?.to_vec() }))
    };
    Some(LayerReading {
        grad_norm,
        weight_norm,
        update_ratio,
        mean,
        std,
        zeros,
        saturated,
        units: units as u32,
        dead_count: dead as u32,
        dead: dead_named,
        stuck_count: stuck as u32,
        stuck: stuck_named,
        forward_ms,
        backward_ms,
        histograms: [histogram(rest)?, histogram(rest)?, histogram(rest)?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let histogram = |reach| Some(Histogram { reach, shares: (0..BINS).map(|i| i as f32 / 780.0).collect() });
        let one = LayerReading {
            grad_norm: 0.5,
            weight_norm: 2.0,
            update_ratio: 1e-3,
            mean: 0.1,
            std: 1.0,
            zeros: 0.25,
            saturated: 0.5,
            units: 300,
            dead_count: 70,
            dead: (0..NAMED as u32).collect(),
            stuck_count: 1,
            stuck: vec![299],
            forward_ms: 0.25,
            backward_ms: 0.5,
            histograms: [histogram(0.5), histogram(1e-6), histogram(4.0)],
        };
        let other = LayerReading { histograms: [None, None, None], dead: vec![], stuck: vec![], ..one.clone() };
        let head = Probed { step: 7, epoch: 0.5, images: 32, cost_ms: 4.0, layers: 2 };
        Reading { head, memory_kib: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], layers: vec![one, other] }
    }

    #[test]
    fn a_probe_survives_its_way() {
        let sent = reading();
        assert_eq!(Reading::from_bulk(sent.head, &sent.to_bulk()), Some(sent));
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let sent = reading();
        let bulk = sent.to_bulk();
        for end in 0..bulk.len() {
            assert_eq!(Reading::from_bulk(sent.head, &bulk[..end]), None, "{end}");
        }
        assert_eq!(Reading::from_bulk(Probed { layers: 3, ..sent.head }, &bulk), None);
    }

    #[test]
    fn the_whole_gradient() {
        let mut two = reading();
        (two.layers[0].grad_norm, two.layers[1].grad_norm) = (3.0, 4.0);
        assert_eq!(two.grad_norm(), 5.0);
        two.layers[0].grad_norm = f32::NAN;
        assert_eq!(two.grad_norm(), 4.0);
    }
}
