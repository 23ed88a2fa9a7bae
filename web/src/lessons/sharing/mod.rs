//! Dense, locally connected and convolutional: who is joined to whom, how many weights that takes, and what sharing them buys.

mod en;
mod figure;
mod growth;
mod layers;
mod shift;
mod wires;

use engine::{
    LayerSpec, ModelSpec, Pair,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu},
};
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "sharing",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `wires`: who is joined to whom; `growth`: weights by the side of the image; `shift`: what a moved image does.
        ("show", "wires"),
        // `dense`, `local`, `conv`.
        ("kind", "dense"),
        // Which unit of the output, row by row.
        ("at", "14"),
        // Rows and columns of the image whose weights are counted.
        ("side", "28"),
        // Pixels by which the image is moved: to the right, down.
        ("dx", "0"),
        ("dy", "0"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "input", formula: SUM, ..PLAIN },
        Step { settings: &[("kind", "local")], mark: "kernel", formula: NEAR, ..PLAIN },
        Step {
            settings: &[("kind", "local"), ("at", "21"), ("covered", "1")],
            mark: "kernel",
            formula: NEAR,
            question: Some(Question { right: 0, reveal: &[("kind", "conv"), ("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("kind", "conv"), ("at", "0")], mark: "output", formula: SHARED, task: Some(at_the_strongest), ..PLAIN },
        Step { settings: &[("show", "growth")], mark: "input", formula: COUNTS, task: Some(first_million), ..PLAIN },
        Step {
            settings: &[("show", "shift"), ("kind", "conv"), ("dx", "3"), ("covered", "1")],
            mark: "output",
            formula: EQUIVARIANT,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "shift"), ("kind", "conv")], mark: "sum", formula: EQUIVARIANT, task: Some(dense_and_moved), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const SUM: &str = "<msub><mi>y</mi><mi>i</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>j</mi></munder><msub><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mi>j</mi></msub>";
const NEAR: &str = "<msub><mi>y</mi><mi>i</mi></msub><mo>=</mo><munder><mo>∑</mo><mrow><mi>j</mi><mtext> near </mtext><mi>i</mi></mrow></munder><msub><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mi>j</mi></msub>";
const SHARED: &str = "<msub><mi>y</mi><mi>i</mi></msub><mo>=</mo><munder><mo>∑</mo><mrow><mi>j</mi><mtext> near </mtext><mi>i</mi></mrow></munder><msub><mi>w</mi><mrow><mi>j</mi><mo>−</mo><mi>i</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mi>j</mi></msub>";
const COUNTS: &str = "<mi>dense</mi><mo>:</mo><msup><mi>s</mi><mn>2</mn></msup><mo>·</mo><mn>100</mn><mspace width=\"1.5em\"/><mi>shared</mi><mo>:</mo><mn>64</mn><mo>·</mo><mo>(</mo><msup><mn>3</mn><mn>2</mn></msup><mo>+</mo><mn>1</mn><mo>)</mo>";
const EQUIVARIANT: &str = "<mi>f</mi><mo>(</mo><mi>shift</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>)</mo><mo>=</mo><mi>shift</mi><mo>(</mo><mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>)</mo>";

fn at_the_strongest(settings: &Settings, facts: &Facts) -> bool {
    settings.get("kind") == "conv" && settings.count("at") != 0 && facts.get("value").abs() >= facts.get("strongest")
}

/// The least side at which the dense layer has more than a million weights.
fn first_million(settings: &Settings, facts: &Facts) -> bool {
    facts.get("dense") > 1e6 && settings.count("side") <= 101
}

fn dense_and_moved(settings: &Settings, facts: &Facts) -> bool {
    settings.get("kind") == "dense" && settings.count("dx") + settings.count("dy") > 0 && facts.get("difference") > 1e-3
}

/// The two layers in networks that learn: an MLP, or 64 shared kernels.
fn lab(settings: &Settings) -> String {
    let answer = Dense { out: data::CLASSES, bias: true };
    let layers: Vec<LayerSpec> = if settings.get("kind") == "dense" {
        vec![Flatten {}.into(), Dense { out: layers::UNITS, bias: true }.into(), Relu {}.into(), answer.into()]
    } else {
        let conv = Conv2d { out_ch: layers::KERNELS, kernel: Pair::square(layers::KERNEL), ..Conv2d::default() };
        vec![conv.into(), Relu {}.into(), MaxPool2d::default().into(), Flatten {}.into(), answer.into()]
    };
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
