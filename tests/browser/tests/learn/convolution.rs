//! The worked example, maps and turned kernels.

use engine::{Shape, ops::Conv2d};

use super::{cell, convolved, done, fact, press, sample, until_text, walk};
use crate::stage::drive;

#[test]
fn convolution_by_keyboard() {
    drive(async |page| walk(&page, "convolution", &[2, 3]).await);
}

#[test]
fn the_worked_example_and_the_maps_are_the_engines() {
    drive(async |page| {
        page.open("learn=convolution").await;
        until_text(&page, "sum", "152").await;
        assert_eq!(cell(&page, "output", 0, 0).await, "152");
        assert_eq!(cell(&page, "products", 0, 0).await, "60");
        // Play by the space bar: the output grows to its last number.
        press(&page, " ").await;
        let last = cell(&page, "output", 2, 2).await;
        assert_eq!(last, "−3");
        page.open("learn=convolution&step=4&at=333").await;
        let value = fact(&page, "value").await;
        let image = sample(&page).await;
        let sobel = [-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0];
        let (shape, want) = convolved(Conv2d { out_ch: 1, bias: false, ..Conv2d::default() }, Shape::new(1, 28, 28), &image, &sobel);
        assert_eq!((shape.h, shape.w), (26, 26));
        assert!((value - f64::from(want[333])).abs() < 1e-5, "{value} is shown, the engine gives {}", want[333]);
        let strongest = want.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        assert!((fact(&page, "strongest").await - f64::from(strongest)).abs() < 1e-5);
        // The place of the strongest answer is what the task asks for.
        let place = want.iter().position(|v| v.abs() == strongest).unwrap();
        page.eval(&format!(
            "const e = document.querySelector(\"[data-testid='scrub']\"); e.value = {place}; e.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        ))
        .await;
        done(&page, 5).await;
        page.until("the link has it", 5, &format!("return location.search.includes('at={place}');")).await;
    });
}

#[test]
fn turned_kernels_give_the_engines_other_map() {
    drive(async |page| {
        page.open("learn=convolution&step=4&at=333&flipped=1&kernel=emboss").await;
        let value = fact(&page, "value").await;
        let emboss = [-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0];
        let conv = Conv2d { out_ch: 1, bias: false, flipped: true, ..Conv2d::default() };
        let (_, want) = convolved(conv, Shape::new(1, 28, 28), &sample(&page).await, &emboss);
        assert!((value - f64::from(want[333])).abs() < 1e-5, "{value}, {}", want[333]);
    });
}
