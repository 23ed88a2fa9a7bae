//! Two networks that train, and what becomes of them where digits are moved, shuffled or few.

use engine::{
    Pair, Shape,
    ops::{AdaptiveAvgPool2d, Conv2d},
};

use super::{done, fact, sample, through, uncover, until_text, walk};
use crate::stage::drive;

#[test]
fn mlp_by_keyboard() {
    drive(async |page| walk(&page, "mlp", &[2, 2, 3, 1]).await);
}

#[test]
fn pixels_find_their_place_in_the_line() {
    drive(async |page| {
        page.open("learn=mlp&step=1&at=18").await;
        let value = fact(&page, "value").await;
        let same = Conv2d { out_ch: 1, kernel: Pair::square(1), bias: false, ..Conv2d::default() };
        let layers = vec![AdaptiveAvgPool2d { output: Pair::square(7) }.into(), same.into()];
        let (shape, want) = through(layers, Shape::new(1, 28, 28), &sample(&page).await, &[1.0]);
        assert_eq!((shape.h, shape.w), (7, 7));
        assert!((value - f64::from(want[2 * 7 + 4])).abs() < 1e-6);
        assert_eq!(fact(&page, "same").await, 1.0);
    });
}

#[test]
fn equal_weights_and_unequal_answers() {
    drive(async |page| {
        page.open("learn=mlp&step=2&run=1").await;
        until_text(&page, "weights-mlp", "12\u{202f}730").await;
        until_text(&page, "weights-cnn", "12\u{202f}638").await;
        page.until("both are scored", 120, "return window.__kernelscope.facts().measured_all === 1;").await;
        let (mlp, cnn) = (fact(&page, "first").await, fact(&page, "second").await);
        assert!(mlp > 0.8 && cnn > mlp + 0.02, "{mlp}, {cnn}");
        until_text(&page, "share-1", &format!("{:.2}", 100.0 * cnn)).await;
        // The same networks on moved digits.
        page.click("dot-3").await;
        page.until("seven places", 120, "return window.__kernelscope.facts().places === 7;").await;
        assert!((fact(&page, "mlp_still").await - mlp).abs() < 0.06 && (fact(&page, "cnn_still").await - cnn).abs() < 0.06);
        for _ in 0..4 {
            page.click("one-on").await;
        }
        page.until("four pixels", 10, "return window.__kernelscope.facts().mlp < 0.5;").await;
        done(&page, 10).await;
        let lost = [("mlp", "mlp_still"), ("cnn", "cnn_still"), ("gap", "gap_still")];
        let mut losses = Vec::new();
        for (here, still) in lost {
            losses.push(fact(&page, still).await - fact(&page, here).await);
        }
        assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
    });
}

#[test]
fn shuffled_pixels_and_few_digits() {
    drive(async |page| {
        page.open("learn=mlp&step=5&run=1").await;
        page.until("four networks", 180, "return window.__kernelscope.facts().measured_mixed === 1;").await;
        let mut shares = Vec::new();
        for name in ["first", "second", "third", "fourth"] {
            shares.push(fact(&page, name).await);
        }
        assert!((shares[0] - shares[2]).abs() < 0.03, "the MLP minds the order: {shares:?}");
        assert!(shares[1] - shares[3] > 0.05, "the CNN does not mind the order: {shares:?}");
        page.click("dot-6").await;
        uncover(&page, "measure").await;
        page.click("measure").await;
        page.until("four networks", 180, "return window.__kernelscope.facts().measured_few === 1;").await;
        done(&page, 10).await;
        assert!(fact(&page, "fourth").await > fact(&page, "third").await);
        page.open("learn=mlp&step=7&side=240").await;
        assert_eq!([fact(&page, "mlp_weights").await, fact(&page, "gap_weights").await], [921_786.0, 9_038.0]);
        done(&page, 10).await;
    });
}
