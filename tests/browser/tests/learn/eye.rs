//! Cells, curves and a small network, compared with the engine's own numbers.

use std::f32::consts::PI;

use engine::{
    LayerSpec, Padding, Pair, Shape,
    ops::{Conv2d, Relu},
};

use super::{done, fact, sample, slide, through, train, until_text, walk};
use crate::stage::drive;

#[test]
fn eye_by_keyboard() {
    drive(async |page| walk(&page, "eye", &[3, 1]).await);
}

/// A wave of six pixels under a hill, without what is the same everywhere, whose positive weights add up to 1.
fn gabor(degrees: f32) -> Vec<f32> {
    let (sin, cos) = (degrees * PI / 180.0).sin_cos();
    let place = |i: usize| {
        let (x, y) = ((i % 9) as f32 - 4.0, (i / 9) as f32 - 4.0);
        (x * sin + y * cos, x * cos - y * sin)
    };
    let hill: Vec<f32> = (0..81).map(place).map(|(u, v)| (-u * u / 8.0 - v * v / 13.52).exp()).collect();
    let wave: Vec<f32> = (0..81).map(|i| (PI * place(i).0 / 3.0).cos()).collect();
    let mean = hill.iter().zip(&wave).map(|(h, w)| h * w).sum::<f32>() / hill.iter().sum::<f32>();
    let weights: Vec<f32> = hill.iter().zip(&wave).map(|(h, w)| h * (w - mean)).collect();
    let excite: f32 = weights.iter().filter(|w| **w > 0.0).sum();
    weights.iter().map(|w| w / excite).collect()
}

#[test]
fn cells_answer_as_the_engine_says() {
    drive(async |page| {
        page.open("learn=eye&step=1&row=12&col=17&cell=5").await;
        let value = fact(&page, "value").await;
        let conv = Conv2d { out_ch: 1, kernel: Pair::square(9), pad: Padding::all(4), bias: false, ..Conv2d::default() };
        let layers: Vec<LayerSpec> = vec![conv.into(), Relu {}.into()];
        let (_, want) = through(layers, Shape::new(1, 28, 28), &sample(&page).await, &gabor(112.5));
        assert!((value - f64::from(want[12 * 28 + 17])).abs() < 1e-4, "{value}, {}", want[12 * 28 + 17]);
        let most = want.iter().fold(0.0_f32, |m, v| m.max(*v));
        assert!((fact(&page, "strongest").await - f64::from(most)).abs() < 1e-4);
        let best = want.iter().position(|v| *v == most).unwrap();
        page.open(&format!("learn=eye&step=1&cell=5&row={}&col={}", best / 28, best % 28)).await;
        done(&page, 10).await;
        // The winner of the bank at a place.
        page.open("learn=eye&step=4&row=14&col=16").await;
        let winner = fact(&page, "winner").await;
        let bank: Vec<f32> = (0..8).flat_map(|i| gabor(22.5 * i as f32)).collect();
        let conv = Conv2d { out_ch: 8, kernel: Pair::square(9), pad: Padding::all(4), bias: false, ..Conv2d::default() };
        let (_, want) = through(vec![conv.into()], Shape::new(1, 28, 28), &sample(&page).await, &bank);
        let here = |cell: usize| want[cell * 784 + 14 * 28 + 16];
        let best = (0..8).max_by(|a, b| here(*a).total_cmp(&here(*b))).unwrap();
        assert_eq!(winner, 22.5 * best as f64);
    });
}

#[test]
fn bars_turn_and_move() {
    drive(async |page| {
        // Best at its own angle, silent across it.
        page.open("learn=eye&step=2").await;
        fact(&page, "value").await;
        slide(&page, "bar", 45).await;
        done(&page, 15).await;
        page.open("learn=eye&step=2&cell=4&bar=0").await;
        assert!(fact(&page, "value").await < 0.05 * fact(&page, "strongest").await, "the answer that is called right is not");
        // Two pixels on the complex cell gives what it gave, and the simple one has lost it.
        page.open("learn=eye&step=5&covered=0&place=6").await;
        let (simple, complex) = (fact(&page, "simple").await, fact(&page, "complex").await);
        slide(&page, "place", 8).await;
        page.until("the bar has moved", 15, &format!("return window.__kernelscope.facts().simple < {};", 0.7 * simple)).await;
        assert!((fact(&page, "complex").await - complex).abs() < 0.02 * complex);
        slide(&page, "place", 12).await;
        page.until("too far for both", 15, &format!("return window.__kernelscope.facts().complex < {};", 0.7 * complex)).await;
    });
}

#[test]
fn the_parts_give_shares_and_learn() {
    drive(async |page| {
        page.open("learn=eye&step=7").await;
        assert!((fact(&page, "sum").await - 1.0).abs() < 1e-4);
        let before = fact(&page, "probability").await;
        train(&page).await;
        // The sample is a 7 of the data set, of which the network was sure of nothing before.
        until_text(&page, "sample-caption", "7").await;
        assert_eq!(fact(&page, "best").await, 7.0);
        assert!(fact(&page, "probability").await > before.max(0.5));
    });
}
