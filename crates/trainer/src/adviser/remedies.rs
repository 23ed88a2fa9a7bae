//! Changes that help, as data.

use engine::{
    Augment, Graph, LayerSpec,
    augment::AUGMENTATIONS,
    ops::{BatchNorm2d, LeakyRelu, Relu},
};
use protocol::{Change, Remedy, RunSpec};

use super::{Case, words};

/// A rate with one digit, near `rate`.
fn round(rate: f32) -> f32 {
    // By way of text, so that 0.3 is 0.3.
    format!("{rate:.0e}").parse().unwrap_or(rate)
}

/// The rate, while the run goes on.
pub fn rate(rate: f32) -> Option<Remedy> {
    let rate = round(rate);
    Some(Remedy { label: format!("Set the rate to {}", words::rate(rate)), change: Change::Rate { rate } })
}

/// A smaller rate: the usual one where this one is far above, else a fraction.
pub fn lower_rate(case: &Case, factor: f32) -> Option<Remedy> {
    let usual = case.usual_rate();
    rate(if case.rate > 3.0 * usual { usual } else { case.rate * factor })
}

/// A new run, where it can be one.
fn run(case: &Case, label: String, change: impl FnOnce(&mut RunSpec)) -> Option<Remedy> {
    let mut spec = case.network.spec.clone();
    change(&mut spec);
    let graph = Graph::check_classifier(&spec.model, data::CLASSES).ok()?;
    // Rates are of layers by number: where layers come in, they would be of others.
    if graph.nodes.len() != case.network.graph.nodes.len() {
        spec.train.treatment.rates.clear();
    }
    spec.train.check().ok()?;
    spec.train.update().check(&graph).ok()?;
    (spec != case.network.spec).then_some(Remedy { label, change: Change::Run { spec } })
}

/// Every list of layers, those in branches too.
fn rewrite(layers: &[LayerSpec], each: &dyn Fn(&[LayerSpec], usize) -> Vec<LayerSpec>) -> Vec<LayerSpec> {
    let within = |layer: &LayerSpec| {
        let branches = layer.op().branches();
        if branches.is_empty() {
            return layer.clone();
        }
        let new = branches.iter().map(|b| rewrite(b, each)).collect();
        layer.op().with_branches(new).unwrap_or_else(|| layer.clone())
    };
    let layers: Vec<LayerSpec> = layers.iter().map(within).collect();
    (0..layers.len()).flat_map(|i| each(&layers, i)).collect()
}

fn is(layer: &LayerSpec, name: &str) -> bool {
    layer.op().kind().name == name
}

pub fn leaky(case: &Case) -> Option<Remedy> {
    let usual = case.usual_rate();
    let lowers = case.rate > 3.0 * usual;
    let label = if lowers {
        format!("Start anew with leaky ReLUs and a rate of {}", words::rate(usual))
    } else {
        "Start anew with leaky ReLUs".to_owned()
    };
    run(case, label, |spec| {
        spec.model.layers =
            rewrite(&spec.model.layers, &|all, i| vec![if is(&all[i], "relu") { LeakyRelu::default().into() } else { all[i].clone() }]);
        if lowers {
            spec.train.rate = usual;
        }
    })
}

/// Rectifiers instead of functions that flatten out; where there are none, batch norm behind convolutions.
pub fn lively(case: &Case) -> Option<Remedy> {
    let flat = |layer: &LayerSpec| is(layer, "sigmoid") || is(layer, "tanh");
    if case.network.graph.nodes.iter().any(|n| flat(&n.layer)) {
        return run(case, "Start anew with ReLUs".to_owned(), |spec| {
            spec.model.layers = rewrite(&spec.model.layers, &|all, i| vec![if flat(&all[i]) { Relu {}.into() } else { all[i].clone() }]);
        });
    }
    run(case, "Start anew with batch norm".to_owned(), |spec| {
        spec.model.layers = rewrite(&spec.model.layers, &|all, i| {
            let bare = is(&all[i], "conv2d") && !all.get(i + 1).is_some_and(|next| is(next, "batch_norm2d"));
            if bare { vec![all[i].clone(), BatchNorm2d::default().into()] } else { vec![all[i].clone()] }
        });
    })
}

/// Twice the channels and hidden units.
pub fn wider(case: &Case) -> Option<Remedy> {
    run(case, "Start anew, twice as wide".to_owned(), |spec| {
        let last = spec.model.layers.len().saturating_sub(1);
        for layer in &mut spec.model.layers[..last] {
            match layer {
                LayerSpec::Conv2d(conv) if conv.groups == 1 => conv.out_ch *= 2,
                LayerSpec::Dense(dense) => dense.out *= 2,
                _ => {}
            }
        }
    })
}

pub fn batch(case: &Case, batch: usize) -> Option<Remedy> {
    run(case, format!("Start anew with batches of {batch}"), |spec| spec.train.batch = batch)
}

pub fn clipped(case: &Case) -> Option<Remedy> {
    if case.network.spec.train.treatment.clip_norm > 0.0 {
        return lower_rate(case, 0.1);
    }
    run(case, "Start anew with the gradient cut to length 1".to_owned(), |spec| spec.train.treatment.clip_norm = 1.0)
}

/// Moves the images of training, if they are not moved; else ends where the network was best.
pub fn regularised(case: &Case, best_epoch: u32) -> Option<Remedy> {
    if case.network.spec.train.augment.is_nothing() {
        return run(case, "Start anew with shifted and turned digits".to_owned(), |spec| {
            spec.train.augment = Augment { shift: 2.0, rotate: 10.0, ..spec.train.augment };
        });
    }
    let epochs = best_epoch.max(1);
    run(case, format!("Start anew, and stop after epoch {epochs}"), |spec| spec.train.epochs = epochs)
}

/// Images are moved half as far.
pub fn calmer(case: &Case) -> Option<Remedy> {
    run(case, "Start anew with half the augmentation".to_owned(), |spec| {
        let a = &mut spec.train.augment;
        for entry in AUGMENTATIONS.iter().filter(|entry| entry.name != "rand") {
            *(entry.strength)(a) *= 0.5;
        }
        if a.rand_count > 0.0 {
            a.rand_magnitude *= 0.5;
        }
    })
}
