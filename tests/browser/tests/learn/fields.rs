//! Sizes and starts, the measured field, and one before and after training.

use engine::{Graph, Init, LayerSpec, ModelSpec, Pair, Shape, ops::Conv2d};
use explain::FieldMeter;

use super::{done, fact, sample, train, until_text, walk};
use crate::stage::{Browser, drive};

#[test]
fn fields_by_keyboard() {
    drive(async |page| walk(&page, "fields", &[2, 3, 3]).await);
}

async fn choose(page: &Browser, id: &str, value: &str) {
    let script = format!(
        "const e = document.querySelector(\"[data-testid='{id}']\"); e.value = '{value}'; e.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    );
    page.eval(&script).await;
}

#[test]
fn the_table_says_what_the_graph_says() {
    drive(async |page| {
        page.open("learn=fields&step=3").await;
        assert_eq!([fact(&page, "field").await, fact(&page, "jump").await, fact(&page, "start").await], [13.0, 2.0, -6.0]);
        until_text(&page, "start-4", "−6").await;
        // Strides and dilations that are chosen in the table, against a graph of them here.
        choose(&page, "stride-1", "2").await;
        choose(&page, "dilation-3", "3").await;
        choose(&page, "kernel-4", "5").await;
        let conv = |kernel: usize, stride: usize, dilation: usize| -> LayerSpec {
            let pad = engine::Padding::all((kernel - 1) * dilation / 2);
            Conv2d {
                out_ch: 1,
                kernel: Pair::square(kernel),
                stride: Pair::square(stride),
                dilation: Pair::square(dilation),
                pad,
                ..Conv2d::default()
            }
            .into()
        };
        let layers = vec![conv(3, 2, 1), conv(3, 2, 1), conv(3, 1, 3), conv(5, 1, 1)];
        let graph = Graph::check(&ModelSpec { input: Shape::new(1, 28, 28), layers, init: Init::default() }).unwrap();
        for (i, node) in graph.nodes.iter().enumerate() {
            until_text(&page, &format!("size-{}", i + 1), &node.reach.size[0].to_string()).await;
            until_text(&page, &format!("jump-{}", i + 1), &node.reach.jump[0].to_string()).await;
            until_text(&page, &format!("start-{}", i + 1), &node.reach.start[0].to_string().replace('-', "−")).await;
        }
        assert_eq!(fact(&page, "field").await, graph.nodes[3].reach.size[0] as f64);
        done(&page, 5).await;
        // A stack that does not fit is told in words.
        page.open("learn=fields&step=1&stack=c7.3.1,c7.3.1,c7.3.1").await;
        until_text(&page, "trouble", "layer").await;
    });
}

#[test]
fn the_measured_field_is_the_engines() {
    drive(async |page| {
        page.open("learn=fields&step=6&weights=equal&depth=9").await;
        let inner = fact(&page, "inner").await;
        let conv = || LayerSpec::from(Conv2d { out_ch: 1, bias: false, ..Conv2d::default() });
        let spec = ModelSpec { input: Shape::new(1, 28, 28), layers: (0..9).map(|_| conv()).collect(), init: Init::default() };
        let graph = Graph::check(&spec).unwrap();
        let mut meter = FieldMeter::new(&graph, graph.nodes[8].id, &[1.0 / 9.0; 81], &[]).unwrap();
        // Ten rows and columns are left: the unit at 5, 5 sees from 5 to 23.
        let field = meter.field(&sample(&page).await, 55);
        let part = |from: usize, to: usize| -> f64 {
            (from..to).flat_map(|r| (from..to).map(move |c| r * 28 + c)).map(|i| f64::from(field[i].abs())).sum()
        };
        assert!((part(5, 24) - part(0, 28)).abs() < 1e-6);
        assert!((inner - part(10, 19) / part(0, 28)).abs() < 1e-4, "{inner}");
        assert!(inner > 0.8, "the answer that is called right is not");
        // Depth by the arrow keys of the slider, until it is wide enough.
        page.open("learn=fields&step=6").await;
        fact(&page, "inner").await;
        page.eval("const e = document.querySelector(\"[data-testid='depth']\"); e.value = 10; e.dispatchEvent(new Event('input', { bubbles: true }));").await;
        done(&page, 15).await;
    });
}

#[test]
fn a_network_is_trained_for_a_moment() {
    drive(async |page| {
        page.open("learn=fields&step=7").await;
        let before = fact(&page, "inner").await;
        train(&page).await;
        assert!((fact(&page, "inner").await - before).abs() > 1e-6, "the field is that of the weights before");
    });
}
