//! Channels joined, costs counted, stamps laid: against the engine's own numbers.

use engine::{
    Pair, Shape,
    ops::{AdaptiveAvgPool2d, ConvTranspose2d},
};

use super::{done, fact, sample, slide, through, uncover, walk};
use crate::stage::drive;

#[test]
fn kinds_by_keyboard() {
    drive(async |page| walk(&page, "kinds", &[2, 3, 1]).await);
}

#[test]
fn channels_are_joined_and_counted() {
    drive(async |page| {
        for (kind, weights, lines) in
            [("full", 144.0, 16), ("pointwise", 16.0, 16), ("grouped", 72.0, 8), ("depthwise", 36.0, 4), ("separable", 52.0, 20)]
        {
            page.open(&format!("learn=kinds&kind={kind}")).await;
            assert_eq!(fact(&page, "weights").await, weights, "{kind}");
            page.until("a map", 10, "return window.__kernelscope.facts().strongest > 0;").await;
            let drawn = format!("return document.querySelectorAll('.kinds .wire').length === {lines};");
            page.until(&format!("the lines of {kind}"), 5, &drawn).await;
        }
        page.open("learn=kinds&step=3").await;
        uncover(&page, "kind-depthwise").await;
        page.click("kind-depthwise").await;
        done(&page, 10).await;
        page.open("learn=kinds&step=6&channels=64").await;
        let of = ["full", "separable", "transposed"];
        for (kind, weights) in of.into_iter().zip([36_864.0, 4672.0, 36_864.0]) {
            assert_eq!(fact(&page, kind).await, weights, "{kind}");
        }
        assert!((fact(&page, "share").await - (1.0 / 64.0 + 1.0 / 9.0)).abs() < 1e-9);
        slide(&page, "size", "7").await;
        done(&page, 10).await;
    });
}

#[test]
fn stamps_are_the_engines() {
    drive(async |page| {
        page.open("learn=kinds&step=8").await;
        assert_eq!(fact(&page, "out").await, 15.0);
        let layers = vec![
            AdaptiveAvgPool2d { output: Pair::square(7) }.into(),
            ConvTranspose2d { out_ch: 1, kernel: Pair::square(3), stride: Pair::square(2), bias: false, ..ConvTranspose2d::default() }
                .into(),
        ];
        let kernel = [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25];
        let (shape, want) = through(layers, Shape::new(1, 28, 28), &sample(&page).await, &kernel);
        let most = want.iter().copied().fold(0.0, f32::max);
        page.until("the output", 10, "return window.__kernelscope.facts().strongest > 0;").await;
        let told = fact(&page, "strongest").await;
        assert!(shape.h == 15 && (told - f64::from(most)).abs() < 1e-5, "{told}, {most}");
        assert!(fact(&page, "uneven").await > 0.0);
        slide(&page, "size", "4").await;
        done(&page, 10).await;
    });
}
