//! Activations, collapsed layers, sums and dead units against the engine's own numbers.

use engine::{
    LayerSpec, Shape,
    ops::{Conv2d, Gelu, Relu},
};

use super::{done, fact, sample, slide, through, uncover, until_text, walk};
use crate::stage::drive;

const EDGE: [f32; 9] = [1.0, 0.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0];

#[test]
fn nonlinearity_by_keyboard() {
    drive(async |page| walk(&page, "nonlinearity", &[3, 2, 3, 4]).await);
}

#[test]
fn curves_and_slopes_are_the_engines() {
    drive(async |page| {
        page.open("learn=nonlinearity&act=gelu&x=-1.5").await;
        let point = |x: f32| {
            through(
                vec![Conv2d { out_ch: 1, kernel: engine::Pair::one(), bias: false, ..Conv2d::default() }.into(), Gelu::default().into()],
                Shape::new(1, 1, 1),
                &[x],
                &[1.0],
            )
            .1[0]
        };
        let value = fact(&page, "value").await;
        assert!((value - f64::from(point(-1.5))).abs() < 1e-5, "{value}");
        let (slope, want) = (fact(&page, "slope").await, f64::from(point(-1.49) - point(-1.51)) / 0.02);
        assert!((slope - want).abs() < 1e-3, "{slope}, {want}");
        page.open("learn=nonlinearity&step=2&covered=0").await;
        assert!((fact(&page, "slope").await - 0.25).abs() < 1e-6 && (fact(&page, "most slope").await - 0.25).abs() < 1e-6);
        page.open("learn=nonlinearity").await;
        assert_eq!([fact(&page, "value").await, fact(&page, "slope").await], [1.5, 1.0]);
        slide(&page, "x", "-2").await;
        page.until("flat", 10, "return window.__kernelscope.facts().slope === 0;").await;
        done(&page, 10).await;
    });
}

#[test]
fn two_layers_are_one_matrix_until_something_bends() {
    drive(async |page| {
        page.open("learn=nonlinearity&step=5").await;
        let difference = fact(&page, "difference").await;
        assert!(difference < 1e-5 && fact(&page, "strongest").await > 0.1, "{difference}");
        uncover(&page, "act-relu").await;
        page.click("act-relu").await;
        page.until("apart", 10, "return window.__kernelscope.facts().difference > 0.01;").await;
        done(&page, 10).await;
        // Sums: of the image and its mirror image.
        page.open("learn=nonlinearity&step=6&covered=0").await;
        let told = fact(&page, "difference").await;
        let a = sample(&page).await;
        let b: Vec<f32> = a.chunks(28).flat_map(|row| row.iter().rev().copied()).collect();
        let both: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let map = |image: &[f32]| {
            let layers: Vec<LayerSpec> = vec![Conv2d { out_ch: 1, bias: false, ..Conv2d::default() }.into(), Relu {}.into()];
            through(layers, Shape::new(1, 28, 28), image, &EDGE).1
        };
        let (a, b, both) = (map(&a), map(&b), map(&both));
        let want = (0..both.len()).map(|i| (both[i] - a[i] - b[i]).abs()).fold(0.0, f32::max);
        assert!(want > 0.1 && (told - f64::from(want)).abs() < 1e-4, "{told}, {want}");
        uncover(&page, "act-none").await;
        page.click("act-none").await;
        page.until("the same", 10, "return window.__kernelscope.facts().difference < 1e-5;").await;
    });
}

#[test]
fn units_die_and_are_revived() {
    drive(async |page| {
        page.open("learn=nonlinearity&step=7").await;
        assert!(fact(&page, "alive").await > 30.0 && fact(&page, "gradient").await > 0.1);
        slide(&page, "bias", "-4.5").await;
        page.until("silent", 10, "return window.__kernelscope.facts().alive === 0;").await;
        done(&page, 10).await;
        page.open("learn=nonlinearity&step=9").await;
        assert_eq!([fact(&page, "alive").await, fact(&page, "gradient").await], [0.0, 0.0]);
        uncover(&page, "act-leaky").await;
        page.click("act-leaky").await;
        page.until("a gradient", 10, "const f = window.__kernelscope.facts(); return f.gradient > 0.001 && f.alive === 0;").await;
        done(&page, 10).await;
        until_text(&page, "live", "∂").await;
    });
}
