//! Several networks that train from the same seed, side by side.

use engine::{
    LayerSpec, ModelSpec, OptimizerSpec,
    json::Read,
    ops::{BatchNorm2d, Sigmoid, Tanh},
    optim::{Momentum, Rmsprop, Sgd},
    presets::{PRESETS, preset},
};
use serde::Serialize;

use crate::{Progress, RunSpec, Score, difference::network_name};

/// How many may race.
pub const ENTRIES: std::ops::RangeInclusive<usize> = 2..=4;
/// Longest race, in steps.
pub const STEPS_LIMIT: u32 = 100_000;

/// A race: every entry makes so many steps, on the same digits.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Race {
    pub entries: Vec<RunSpec>,
    pub steps: u32,
}

/// Why a race cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RaceError {
    #[error("{got} cannot race: it takes {} to {} networks", ENTRIES.start(), ENTRIES.end())]
    Entries { got: usize },
    #[error("a race of {got} steps: it takes 1 to {STEPS_LIMIT}")]
    Steps { got: u32 },
    #[error("contestant {entry} has seed {got}, the first has {first}: all must start from the same one")]
    Seed { entry: usize, got: u32, first: u32 },
    #[error("contestant {entry} trains on other digits than the first")]
    Digits { entry: usize },
}

impl Race {
    /// # Errors
    /// What makes it unfair or impossible. Whether an entry is a network shows when it is opened.
    pub fn check(&self) -> Result<(), RaceError> {
        let got = self.entries.len();
        let Some(first) = self.entries.first().filter(|_| ENTRIES.contains(&got)) else { return Err(RaceError::Entries { got }) };
        if !(1..=STEPS_LIMIT).contains(&self.steps) {
            return Err(RaceError::Steps { got: self.steps });
        }
        for (i, spec) in self.entries.iter().enumerate() {
            let entry = i + 1;
            let (got, first_seed) = (spec.train.seed, first.train.seed);
            if got != first_seed {
                return Err(RaceError::Seed { entry, got, first: first_seed });
            }
            if spec.train.selection != first.train.selection {
                return Err(RaceError::Digits { entry });
            }
        }
        Ok(())
    }
}

/// What is known of one that races.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Racer {
    pub params: u32,
    pub progress: Progress,
    /// Points of its curve since the last report; earlier ones from the first of these on are void, which happens where a
    /// card was lost.
    pub points: Vec<Progress>,
    /// All so far.
    pub scores: Vec<Score>,
    /// Spent on its steps, without those of the others and without scoring.
    pub train_ms: f64,
    /// It computes on the graphics card.
    pub on_card: bool,
    /// Why it ended before the others; empty where it did not.
    pub trouble: String,
}

impl Racer {
    /// The weights of each, in the order of its graph, out of the numbers that come with the end of a race: `params` of
    /// each, one after another. Empty for one that has come to nothing, whose numbers are not finite, and before the end.
    pub fn weights_of<'a>(racers: &[Self], bulk: &'a [f32]) -> Vec<&'a [f32]> {
        let mut rest = bulk;
        let next = |racer: &Self| {
            let (own, after) = rest.split_at_checked(racer.params as usize)?;
            rest = after;
            Some(own).filter(|own| own.iter().all(|w| w.is_finite()))
        };
        racers.iter().map(next).map(Option::unwrap_or_default).collect()
    }
}

/// A race that can be picked by name.
#[derive(Clone, Copy, Debug)]
pub struct ReadyRace {
    pub slug: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Names and set-ups, from a run; fewer than two where it makes no sense for that run.
    pub entries: fn(&RunSpec) -> Vec<(String, RunSpec)>,
}

#[rustfmt::skip]
pub const RACES: &[ReadyRace] = &[
    ReadyRace { slug: "mlp-cnn", title: "MLP against CNN", about: "No convolution at all, and two of them.", entries: |run| networks(run, &["n4", "lens"]) },
    ReadyRace { slug: "lenets", title: "LeNet then and now", about: "Tanh and mean pooling of 1998, ReLU and max pooling.", entries: |run| networks(run, &["lenet5", "n2"]) },
    ReadyRace { slug: "residual", title: "Residual or plain", about: "Three residual blocks, and two blocks without.", entries: |run| networks(run, &["resnet", "two-blocks"]) },
    ReadyRace { slug: "optimizers", title: "Optimizers", about: "This network by four rules, each at a usual rate.", entries: optimizers },
    ReadyRace { slug: "rates", title: "Rates", about: "This network with a tenth of its rate, its rate, and ten times as much.", entries: rates },
    ReadyRace { slug: "batches", title: "Batch sizes", about: "This network with 16, 64 and 256 images a step; equal steps, not equal images.", entries: batches },
    ReadyRace { slug: "activations", title: "Activations", about: "This network with ReLU, with tanh and with sigmoid.", entries: activations },
    ReadyRace { slug: "norm", title: "With and without batch norm", about: "Behind every convolution of this network, or nowhere.", entries: norms },
    ReadyRace { slug: "dropout", title: "With and without dropout", about: "This network, and the same with nothing dropped.", entries: dropouts },
];

fn trained(run: &RunSpec, change: impl FnOnce(&mut RunSpec)) -> RunSpec {
    let mut spec = run.clone();
    change(&mut spec);
    spec
}

/// Another network with the training of `run`. Rates of layers are of the run's own network.
pub fn with_network(run: &RunSpec, model: ModelSpec) -> RunSpec {
    trained(run, |spec| {
        spec.train.treatment.rates.clear();
        spec.model = model;
    })
}

fn networks(run: &RunSpec, slugs: &[&str]) -> Vec<(String, RunSpec)> {
    let named = slugs.iter().filter_map(|slug| preset(slug));
    named.map(|p| (p.title.to_owned(), with_network(run, p.model()))).collect()
}

fn optimizers(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let rules: [(&str, OptimizerSpec, f32); 4] = [
        ("SGD", Sgd::default().into(), 0.1),
        ("Momentum", Momentum::default().into(), 0.03),
        ("RMSprop", Rmsprop::default().into(), 1e-3),
        ("Adam", OptimizerSpec::default(), 2e-3),
    ];
    let entry = |(name, rule, rate): (&str, OptimizerSpec, f32)| {
        let spec = trained(run, |spec| (spec.train.optimizer, spec.train.rate) = (rule, rate));
        (format!("{name}, rate {rate}"), spec)
    };
    rules.into_iter().map(entry).collect()
}

fn rates(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let rate = run.train.rate;
    // By its digits, so that a tenth of 0.002 is 0.0002 and not a neighbour of it.
    let digits: f64 = rate.to_string().parse().unwrap_or_default();
    let tried = [digits / 10.0, digits, digits * 10.0].into_iter().map(|rate| rate as f32).filter(|r| crate::run::RATES.contains(r));
    let all: Vec<f32> = if rate > 0.0 { tried.collect() } else { Vec::new() };
    all.into_iter().map(|rate| (format!("Rate {rate}"), trained(run, |spec| spec.train.rate = rate))).collect()
}

fn batches(run: &RunSpec) -> Vec<(String, RunSpec)> {
    [16, 64, 256].into_iter().map(|batch| (format!("Batch {batch}"), trained(run, |spec| spec.train.batch = batch))).collect()
}

/// Point-wise rectifiers of the network, also in branches, replaced.
fn activated(layers: &[LayerSpec], by: &LayerSpec) -> Vec<LayerSpec> {
    let swap = |layer: &LayerSpec| match layer {
        LayerSpec::Relu(_) | LayerSpec::Tanh(_) | LayerSpec::Sigmoid(_) => by.clone(),
        other => {
            let branches = other.op().branches();
            let inside = branches.iter().map(|branch| activated(branch, by)).collect();
            if branches.is_empty() { other.clone() } else { other.op().with_branches(inside).unwrap_or_else(|| other.clone()) }
        }
    };
    layers.iter().map(swap).collect()
}

fn activations(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let kinds: [(&str, LayerSpec); 3] = [("ReLU", engine::ops::Relu {}.into()), ("Tanh", Tanh {}.into()), ("Sigmoid", Sigmoid {}.into())];
    let entry = |(name, by): (&str, LayerSpec)| {
        let layers = activated(&run.model.layers, &by);
        (name.to_owned(), trained(run, |spec| spec.model.layers = layers))
    };
    let entries: Vec<_> = kinds.into_iter().map(entry).collect();
    // Without any of them all three are the same network.
    if entries[0].1.model == entries[1].1.model { Vec::new() } else { entries }
}

fn norms(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let is_norm = |layer: &LayerSpec| matches!(layer, LayerSpec::BatchNorm2d(_));
    let without: Vec<LayerSpec> = run.model.layers.iter().filter(|l| !is_norm(l)).cloned().collect();
    let with = without.iter().flat_map(|layer| {
        let norm = matches!(layer, LayerSpec::Conv2d(_)).then(|| LayerSpec::from(BatchNorm2d::default()));
        [Some(layer.clone()), norm].into_iter().flatten()
    });
    let with: Vec<LayerSpec> = with.collect();
    if with == without {
        return Vec::new();
    }
    [("With batch norm", with), ("Without", without)]
        .into_iter()
        .map(|(name, layers)| (name.to_owned(), with_network(run, ModelSpec { layers, ..run.model.clone() })))
        .collect()
}

fn dropouts(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let is_dropout = |layer: &LayerSpec| matches!(layer, LayerSpec::Dropout(_) | LayerSpec::Dropout2d(_));
    let without: Vec<LayerSpec> = run.model.layers.iter().filter(|l| !is_dropout(l)).cloned().collect();
    if without == run.model.layers {
        return Vec::new();
    }
    let plain = with_network(run, ModelSpec { layers: without, ..run.model.clone() });
    vec![("With dropout".to_owned(), run.clone()), ("Without".to_owned(), plain)]
}

/// What may be added to a race: this network, and every preset, with the training of `run`.
pub fn choices(run: &RunSpec) -> Vec<(String, RunSpec)> {
    let own = (format!("This network ({})", network_name(&run.model)), run.clone());
    let presets = PRESETS.iter().map(|p| (p.title.to_owned(), with_network(run, p.model())));
    std::iter::once(own).chain(presets).collect()
}

#[cfg(test)]
mod tests {
    use engine::Graph;

    use super::*;

    #[test]
    fn every_ready_race_can_be_run_from_every_preset() {
        for p in PRESETS {
            let run = RunSpec { model: p.model(), ..RunSpec::default() };
            for ready in RACES {
                let entries = (ready.entries)(&run);
                if entries.len() < 2 {
                    continue;
                }
                let race = Race { entries: entries.iter().map(|e| e.1.clone()).collect(), steps: 100 };
                assert_eq!(race.check(), Ok(()), "{} of {}", ready.slug, p.slug);
                for (i, (name, spec)) in entries.iter().enumerate() {
                    Graph::check_classifier(&spec.model, 10).unwrap_or_else(|e| panic!("{} of {}, {name}: {e}", ready.slug, p.slug));
                    assert_eq!(spec.train.check(), Ok(()));
                    assert!(entries[..i].iter().all(|e| e.1 != *spec && e.0 != *name), "{}: {name} twice", ready.slug);
                }
            }
        }
        let lens = RunSpec::default();
        assert_eq!(rates(&lens).into_iter().map(|e| e.0).collect::<Vec<_>>(), ["Rate 0.0002", "Rate 0.002", "Rate 0.02"]);
        assert!(RACES.iter().all(|r| (r.entries)(&lens).len() >= 2), "the page's first network can run them all");
    }

    #[test]
    fn what_is_unfair_is_refused() {
        let run = RunSpec::default();
        let race = |entries: Vec<RunSpec>| Race { entries, steps: 10 };
        assert_eq!(race(vec![run.clone()]).check(), Err(RaceError::Entries { got: 1 }));
        assert_eq!(race(vec![run.clone(); 5]).check(), Err(RaceError::Entries { got: 5 }));
        assert_eq!(Race { steps: 0, ..race(vec![run.clone(); 2]) }.check(), Err(RaceError::Steps { got: 0 }));
        let other = trained(&run, |s| s.train.seed = 2);
        assert_eq!(race(vec![run.clone(), other]).check(), Err(RaceError::Seed { entry: 2, got: 2, first: 1 }));
        let fewer = trained(&run, |s| s.train.selection.subset = 500);
        assert_eq!(race(vec![run.clone(), fewer]).check(), Err(RaceError::Digits { entry: 2 }));
        assert_eq!(race(vec![run.clone(), run]).check(), Ok(()));
    }
}
