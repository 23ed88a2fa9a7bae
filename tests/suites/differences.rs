//! Whole networks against finite differences, on every way: the slope of the loss along a direction,
//! from two losses, against the gradient that the backward pass gives.

use std::sync::Arc;

use engine::{Graph, Mode, OptimizerSpec, PlanOptions, StepInputs, ops::ParamRole, plan::Watch, presets::PRESETS};

use crate::{
    digits::batch_of,
    network::Network,
    numbers::{clear_of_kinks, normals},
    way::{Way, every_way},
};

every_way! { gradients_of_presets_agree_with_differences }

/// One direction for each tensor of parameters, so that an error says where it is, and one along all.
///
/// A loss near 2.3 comes with a rounding of a few 10⁻⁷. A direction goes half by the gradient itself:
/// its slope is then of the gradient's size, and over a step of 2.5 · 10⁻⁴ / size the loss changes by
/// about a thousand times its rounding. Curvature and the kinks of ReLU and pooling, where numbers
/// cross them, make up to half a hundredth of the slope with that step (measured, on the CPU).
async fn gradients_of_presets_agree_with_differences(way: Way) {
    let (batch, now) = (2, StepInputs { rate: 0.0, step: 2, seed: 5 });
    let (images, labels) = batch_of(40..40 + batch);
    for entry in PRESETS {
        let graph = Arc::new(Graph::check(&entry.model()).unwrap());
        // Behind four and more batch norms over two examples the slope is no longer that of a step so large;
        // these networks are compared with the naive chain by layers (`fuzz`), joins among them.
        if graph.nodes.iter().filter(|n| n.layer.op().kind().name == "batch_norm2d").count() > 3 {
            continue;
        }
        let mut network = Network::new(&way, &graph, OptimizerSpec::default(), 5);
        let plan = network.plan(&PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing });
        let mut from = network.numbers().await;
        // Biases start at 0, which puts a layer on black exactly on the kink of ReLU.
        for bias in graph.params.iter().filter(|p| p.role == ParamRole::Bias) {
            let clear = clear_of_kinks(bias.range.len(), 5);
            from.params[bias.range.clone()].iter_mut().zip(clear).for_each(|(p, b)| *p += 0.2 * b);
        }
        network.set(&from.params, &from.state);
        network.learn(plan, &images, &labels, &now).await;
        let gradient = network.grads(plan).await;
        assert_eq!(gradient.len(), graph.params_len());

        let each = graph.params.iter().map(|p| (p.name.clone(), p.range.clone()));
        for (seed, (name, range)) in (0..).zip(each.chain([("all".to_owned(), 0..gradient.len())])) {
            let inside = &gradient[range.clone()];
            let size = norm(inside);
            assert!(size > 0.0, "{}, {name}, {way:?}: no gradient at all", entry.slug);
            let noise = normals(inside.len(), seed);
            let noise_size = norm(&noise);
            let mut direction = vec![0.0; gradient.len()];
            for (d, (g, n)) in direction[range].iter_mut().zip(inside.iter().zip(&noise)) {
                *d = (f64::from(*g) / size + f64::from(*n) / noise_size) as f32;
            }
            let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
            let step = 2.5e-4 / size;
            let mut losses = [0.0; 2];
            for (loss, sign) in losses.iter_mut().zip([1.0, -1.0]) {
                let moved: Vec<f32> = from.params.iter().zip(&direction).map(|(p, d)| p + (sign * step) as f32 * d).collect();
                network.set(&moved, &from.state);
                *loss = network.learn(plan, &images, &labels, &now).await.mean_loss();
            }
            let found = (losses[0] - losses[1]) / (2.0 * step);
            let off = (found - slope).abs() / size;
            assert!(off <= 0.01, "{}, {name}, {way:?}: differences give {found}, the gradient {slope}", entry.slug);
        }
    }
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt()
}
