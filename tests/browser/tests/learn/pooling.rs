//! Pooled maps, gradients, shifts and costs against the engine's own.

use engine::{
    LayerSpec, Pair, Shape,
    ops::{AdaptiveAvgPool2d, AvgPool2d, Conv2d, LpPool2d, MaxPool2d, Relu},
};

use super::{cell, done, fact, sample, through, uncover, until_text, walk};
use crate::stage::{Browser, drive};

const IMAGE: Shape = Shape::new(1, 28, 28);
const EDGE: [f32; 9] = [0.5, 0.0, -0.5, 1.0, 0.0, -1.0, 0.5, 0.0, -0.5];

#[test]
fn pooling_by_keyboard() {
    drive(async |page| walk(&page, "pooling", &[2, 1, 4, 2]).await);
}

async fn pooled(page: &Browser, layer: LayerSpec) -> (Shape, Vec<f32>) {
    let edges = Conv2d { out_ch: 1, bias: false, ..Conv2d::default() };
    let layers = vec![AdaptiveAvgPool2d { output: Pair::square(14) }.into(), edges.into(), Relu {}.into(), layer];
    through(layers, IMAGE, &sample(page).await, &EDGE)
}

#[test]
fn pooled_numbers_are_the_engines() {
    drive(async |page| {
        let window = Pair::square(4);
        let kinds: [(&str, LayerSpec); 3] = [
            ("max", MaxPool2d { kernel: window, stride: window, ..MaxPool2d::default() }.into()),
            ("average", AvgPool2d { kernel: window, stride: window, ..AvgPool2d::default() }.into()),
            ("lp", LpPool2d { norm_type: 3.0, kernel: window, stride: window }.into()),
        ];
        for (kind, layer) in kinds {
            page.open(&format!("learn=pooling&kind={kind}&size=4&power=3&at=4")).await;
            let value = fact(&page, "value").await;
            let (shape, want) = pooled(&page, layer).await;
            assert_eq!((shape.h, shape.w), (3, 3), "{kind}");
            assert!((value - f64::from(want[4])).abs() < 1e-5, "{kind}: {value}, {}", want[4]);
            // And what is written out beneath the formula.
            assert!((value - fact(&page, "by hand").await).abs() < 1e-5, "{kind}");
            let shown = cell(&page, "pooled", 1, 1).await.parse::<f64>().unwrap();
            assert!((shown - value).abs() < 0.0051, "{kind}: {shown}");
        }
    });
}

#[test]
fn gradients_go_to_the_winner_or_to_all() {
    drive(async |page| {
        page.open("learn=pooling&step=6&covered=0").await;
        page.until("the winner", 10, "return window.__kernelscope.facts().reached === 1;").await;
        assert_eq!(fact(&page, "gradient").await, 1.0);
        page.open("learn=pooling&step=7&size=3").await;
        page.until("nine cells", 10, "return window.__kernelscope.facts().reached === 9;").await;
        assert!((fact(&page, "most").await - 1.0 / 9.0).abs() < 1e-6);
        page.open("learn=pooling&step=7&kind=global-average").await;
        page.until("all cells", 10, "return window.__kernelscope.facts().reached === 144;").await;
        done(&page, 10).await;
    });
}

#[test]
fn shifts_and_costs_are_measured() {
    drive(async |page| {
        page.open("learn=pooling&step=9&dx=1").await;
        let none = fact(&page, "none").await;
        assert!(none > 0.3 && fact(&page, "global").await < 0.01, "{none}");
        // The same by the engine here: the image, and the image one pixel to the right.
        let image = sample(&page).await;
        let moved: Vec<f32> = (0..784).map(|i| if i % 28 == 0 { 0.0 } else { image[i - 1] }).collect();
        let layers = || -> Vec<LayerSpec> {
            let edges = Conv2d { out_ch: 1, pad: engine::Padding::all(1), bias: false, ..Conv2d::default() };
            vec![edges.into(), Relu {}.into(), MaxPool2d::default().into()]
        };
        let (first, second) = (through(layers(), IMAGE, &image, &EDGE).1, through(layers(), IMAGE, &moved, &EDGE).1);
        let length = |values: Vec<f32>| values.iter().map(|v| f64::from(v * v)).sum::<f64>().sqrt();
        let want = length(first.iter().zip(&second).map(|(a, b)| a - b).collect()) / length(first.clone());
        let told = fact(&page, "max").await;
        assert!((told - want).abs() < 1e-4, "{told}, {want}");
        let slide = "const e = document.querySelector(\"[data-testid='size']\"); e.value = 7; e.dispatchEvent(new Event('input', { bubbles: true }));";
        page.eval(slide).await;
        done(&page, 10).await;
        page.open("learn=pooling&step=10&covered=0&channels=2").await;
        until_text(&page, "work-pooled", &(28 * 28 * 9 * 4).to_string()[..2]).await;
        assert_eq!([fact(&page, "pooled").await, fact(&page, "strided").await], [28_224.0, 7_056.0]);
        assert_eq!(page.text("weights-learned").await, "52");
        uncover(&page, "channels").await;
    });
}

#[test]
fn three_ways_train_side_by_side() {
    drive(async |page| {
        page.open("learn=pooling&step=10&covered=0").await;
        page.until("the button", 10, "return document.querySelector(\"[data-testid='train-ways']\");").await;
        uncover(&page, "train-ways").await;
        page.click("train-ways").await;
        page.until("all are scored", 180, "return window.__kernelscope.facts().scored === 3;").await;
        assert!(fact(&page, "least right").await > 0.7);
        for way in ["pooled", "strided", "learned"] {
            assert!(page.text(&format!("right-{way}")).await.contains('%'), "{way}");
        }
        done(&page, 10).await;
        let drawn = "return document.querySelectorAll(\"[data-testid='ways-curve'] polyline\").length === 3;";
        page.until("three curves", 5, drawn).await;
    });
}
