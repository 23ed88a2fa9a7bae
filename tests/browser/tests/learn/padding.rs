//! Rims, holes and illegal settings.

use engine::{
    Shape,
    ops::{Conv2d, conv2d::PadMode},
};

use super::{convolved, fact, until_text, walk};
use crate::stage::drive;

#[test]
fn padding_by_keyboard() {
    drive(async |page| walk(&page, "padding", &[1, 3]).await);
}

#[test]
fn rims_are_the_engines() {
    drive(async |page| {
        for mode in PadMode::ALL {
            page.open(&format!("learn=padding&step=4&mode={}&at=21", mode.name())).await;
            let value = fact(&page, "value").await;
            let ramp: Vec<f32> = (0..49).map(|i| 0.1 + 0.13 * (i % 7) as f32).collect();
            let weights: Vec<f32> = (0..25).map(|i| (2.0 - (i % 5) as f32) / 25.0).collect();
            let conv = Conv2d {
                out_ch: 1,
                kernel: engine::Pair::square(5),
                pad: engine::Padding::all(2),
                pad_mode: mode,
                bias: false,
                ..Conv2d::default()
            };
            let (_, want) = convolved(conv, Shape::new(1, 7, 7), &ramp, &weights);
            assert!((value - f64::from(want[21])).abs() < 1e-5, "{}: {value}, {}", mode.name(), want[21]);
        }
        page.open("learn=padding&step=8").await;
        until_text(&page, "trouble", "layer 1").await;
        page.open("learn=padding&step=7").await;
        assert_eq!((fact(&page, "field").await, fact(&page, "holes").await), (13.0, 120.0));
        page.open("learn=padding&step=7&stack=1,2,3").await;
        page.until("no holes", 10, "return window.__kernelscope.facts().holes === 0;").await;
    });
}
