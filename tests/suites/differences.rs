//! Whole networks against finite differences, on every way: the slope of the loss along a direction,
//! from two losses, against the gradient that the backward pass gives.

use std::sync::Arc;

use engine::{Graph, Mode, OptimizerSpec, PlanOptions, StepInputs, plan::Watch, presets::PRESETS};

use crate::{
    digits::batch_of,
    network::Network,
    numbers::normals,
    way::{Way, every_way},
};

every_way! { gradients_of_presets_agree_with_differences }

/// One direction for each tensor of parameters, so that an error says where it is, and one along all.
///
/// A loss near 2.3 comes with about seven digits. A direction goes half by the gradient itself: its
/// slope is then of the gradient's size, and the change of the loss over the step is far above
/// rounding. The step is as long as changes the loss by about a hundredth; what curvature and the
/// kinks of ReLU and pooling make of that stays within a hundredth of the slope.
async fn gradients_of_presets_agree_with_differences(way: Way) {
    let (batch, now) = (8, StepInputs { rate: 0.0, step: 2, seed: 5 });
    let (images, labels) = batch_of(40..40 + batch);
    for entry in PRESETS {
        let graph = Arc::new(Graph::check(&entry.model()).unwrap());
        let mut network = Network::new(&way, &graph, OptimizerSpec::default(), 5);
        let plan = network.plan(&PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing });
        let from = network.numbers().await;
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
            let step = (0.01 / size).min(0.05);
            let mut losses = [0.0; 2];
            for (loss, sign) in losses.iter_mut().zip([1.0, -1.0]) {
                let moved: Vec<f32> = from.params.iter().zip(&direction).map(|(p, d)| p + (sign * step) as f32 * d).collect();
                network.set(&moved, &from.state);
                *loss = network.learn(plan, &images, &labels, &now).await.mean_loss();
            }
            let found = (losses[0] - losses[1]) / (2.0 * step);
            let off = (found - slope).abs() / size;
            #[cfg(not(target_arch = "wasm32"))]
            println!("DBG {} {name} step {step:e} size {size:e} off {off:e}", entry.slug);
            assert!(off <= 0.02, "{}, {name}, {way:?}: differences give {found}, the gradient {slope}", entry.slug);
        }
    }
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt()
}
