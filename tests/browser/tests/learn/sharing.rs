//! Weights counted, and maps that move along.

use engine::{
    Shape,
    ops::{AdaptiveAvgPool2d, Conv2d},
};

use super::{done, fact, sample, through, uncover, until_text, walk};
use crate::stage::drive;

#[test]
fn sharing_by_keyboard() {
    drive(async |page| walk(&page, "sharing", &[1, 2]).await);
}

#[test]
fn shared_weights_are_the_engines() {
    drive(async |page| {
        page.open("learn=sharing&step=4&at=7").await;
        let value = fact(&page, "value").await;
        // The matrix and the convolution, both by the worker; the convolution once more, natively.
        assert!(fact(&page, "difference").await < 1e-5);
        let weights = [0.25, 0.0, -0.25, 0.5, 0.0, -0.5, 0.25, 0.0, -0.25];
        let small = AdaptiveAvgPool2d { output: engine::Pair::square(8) }.into();
        let layers = vec![small, Conv2d { out_ch: 1, bias: false, ..Conv2d::default() }.into()];
        let (shape, want) = through(layers, Shape::new(1, 28, 28), &sample(&page).await, &weights);
        assert_eq!((shape.h, shape.w), (6, 6));
        assert!((value - f64::from(want[7])).abs() < 1e-5, "{value}, {}", want[7]);
        page.open("learn=sharing&step=5").await;
        assert_eq!([fact(&page, "dense").await, fact(&page, "conv").await], [78_400.0, 640.0]);
        // Equivariant, and not.
        page.open("learn=sharing&step=7&dx=2&dy=1").await;
        page.until("moved along", 15, "return window.__kernelscope.facts().difference === 0;").await;
        until_text(&page, "verdict", "equivariant").await;
        uncover(&page, "kind-dense").await;
        page.click("kind-dense").await;
        page.until("another map", 15, "return window.__kernelscope.facts().difference > 0.01;").await;
        done(&page, 5).await;
    });
}
