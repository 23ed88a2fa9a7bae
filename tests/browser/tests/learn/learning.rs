//! One step by hand, kernels that part, and kernels that cannot.

use engine::{
    LayerSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu},
};

use super::{cell, done, fact, sample, through, uncover, until_text, walk};
use crate::stage::{Browser, drive};

#[test]
fn learning_by_keyboard() {
    drive(async |page| walk(&page, "learning", &[2, 3, 2]).await);
}

fn layers(kernels: usize) -> Vec<LayerSpec> {
    let conv = Conv2d { out_ch: kernels, kernel: Pair::square(5), bias: false, ..Conv2d::default() };
    vec![conv.into(), Relu {}.into(), MaxPool2d::default().into(), Flatten {}.into(), Dense { out: 10, bias: true }.into()]
}

/// What the network of three kernels holds before it has learnt.
fn drawn(seed: u32) -> Vec<f32> {
    let init = engine::Init::Uniform { bound: 0.1 };
    let spec = engine::ModelSpec { input: Shape::new(1, 28, 28), layers: layers(3), init };
    let graph = engine::Graph::check(&spec).unwrap();
    graph.initial_params(seed)
}

fn loss(image: &[f32], weights: &[f32], class: usize) -> f64 {
    let (_, scores) = through(layers(3), Shape::new(1, 28, 28), image, weights);
    let sum: f64 = scores.iter().map(|s| f64::from(*s).exp()).sum();
    sum.ln() - f64::from(scores[class])
}

async fn facts<const N: usize>(page: &Browser, names: [&str; N]) -> [f64; N] {
    let mut found = [0.0; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = fact(page, name).await;
    }
    found
}

#[test]
fn a_step_goes_down_by_the_gradient() {
    drive(async |page| {
        page.open("learn=learning&step=3&rate=0.5&k=1&cell=7").await;
        page.until("the step", 20, "return Number.isFinite(window.__kernelscope.facts().after);").await;
        let [old, gradient, change, new] = facts(&page, ["old", "gradient", "change", "new"]).await;
        assert!((change - 0.5 * gradient).abs() < 1e-7 && (new - (old - change)).abs() < 1e-7);
        assert_eq!(cell(&page, "old", 1, 2).await.replace('−', "-").parse::<f64>().unwrap(), (old * 100.0).round() / 100.0);
        // The same network natively; the gradient as what the loss does when the weight moves by a little.
        let (image, weights) = (sample(&page).await, drawn(3));
        let at = 25 + 7;
        assert!((f64::from(weights[at]) - old).abs() < 1e-6);
        let class = 7;
        let [before, after] = facts(&page, ["before", "after"]).await;
        assert!((before - (-loss(&image, &weights, class)).exp()).abs() < 1e-5);
        let moved = |by: f32| {
            let mut moved = weights.clone();
            moved[at] += by;
            loss(&image, &moved, class)
        };
        let slope = (moved(2e-3) - moved(-2e-3)) / 4e-3;
        assert!((slope - gradient).abs() < 0.02 * gradient.abs().max(0.05), "{slope}, {gradient}");
        assert!(after > before, "a small step has not helped");
        page.open("learn=learning&step=3&rate=32&k=0").await;
        done(&page, 15).await;
    });
}

#[test]
fn kernels_part_only_if_they_start_apart() {
    drive(async |page| {
        page.open("learn=learning&step=4&pace=full").await;
        page.until("noise", 20, "return window.__kernelscope.facts().apart > 0.05;").await;
        uncover(&page, "train").await;
        page.click("train").await;
        page.until("trained", 90, "const f = window.__kernelscope.facts(); return f.step === 400 && f.test > 0.85;").await;
        until_text(&page, "told", "of the test digits").await;
        done(&page, 5).await;
        assert!(fact(&page, "apart").await > 0.2 && fact(&page, "moved").await > 0.1);
        // The film has what was trained.
        page.click("dot-5").await;
        page.until("the film", 20, "return window.__kernelscope.facts().pictures === 10;").await;
        page.open("learn=learning&step=6&run=1").await;
        page.until("trained", 90, "const f = window.__kernelscope.facts(); return f.step === 400 && f.test > 0.5;").await;
        assert!(fact(&page, "apart").await < 1e-6 && fact(&page, "moved").await > 0.05);
    });
}

#[test]
fn more_kernels_are_measured() {
    drive(async |page| {
        page.open("learn=learning&step=8").await;
        page.until("five networks", 120, "return window.__kernelscope.facts().measured === 1;").await;
        let [one, sixteen] = facts(&page, ["with_1", "with_16"]).await;
        assert!(sixteen > one + 0.05, "{one}, {sixteen}");
        until_text(&page, "share-16", &format!("{:.2}", 100.0 * sixteen)).await;
        uncover(&page, "side-3").await;
        page.click("side-3").await;
        page.click("measure").await;
        done(&page, 120).await;
    });
}
