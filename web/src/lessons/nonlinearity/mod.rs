//! Activations: what they do to a number, to its gradient and to a map; what a network without them is; and units that no longer
//! answer.

mod collapse;
mod curve;
mod dead;
mod en;
mod figure;
mod functions;
mod sums;

use engine::{
    LayerSpec, ModelSpec,
    ops::{Conv2d, Dense, Flatten, MaxPool2d},
};
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "nonlinearity",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `curve`: an activation and its derivative; `collapse`: two layers as one matrix; `sums`: two images at once;
        // `dead`: one unit and many digits.
        ("show", "curve"),
        ("act", "relu"),
        // Where the curve is read off.
        ("x", "1.5"),
        ("bias", "-1"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "output", formula: RELU, task: Some(no_slope), ..PLAIN },
        Step {
            settings: &[("act", "sigmoid"), ("x", "0"), ("covered", "1")],
            mark: "sum",
            formula: SLOPE,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("act", "elu"), ("x", "-1.0")], mark: "sum", formula: SLOPE, task: Some(downhill), ..PLAIN },
        Step {
            settings: &[("show", "collapse"), ("act", "none"), ("covered", "1")],
            mark: "kernel",
            formula: COLLAPSE,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "collapse"), ("act", "none")], mark: "sum", formula: BETWEEN, task: Some(no_longer_one), ..PLAIN },
        Step {
            settings: &[("show", "sums"), ("covered", "1")],
            mark: "sum",
            formula: ADDS,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "dead")], mark: "output", formula: UNIT, task: Some(nobody_answers), ..PLAIN },
        Step {
            settings: &[("show", "dead"), ("bias", "-5"), ("covered", "1")],
            mark: "sum",
            formula: UNIT,
            question: Some(Question { right: 3, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "dead"), ("bias", "-5")], mark: "sum", formula: UNIT, task: Some(revived), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const RELU: &str = "<mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>=</mo><mi>max</mi><mo>(</mo><mn>0</mn><mo>,</mo><mi>x</mi><mo>)</mo>";
const SLOPE: &str = "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>x</mi></mrow></mfrac><mo>=</mo><mi>f′</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>·</mo><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>f</mi></mrow></mfrac>";
const COLLAPSE: &str = "<msub><mi>W</mi><mn>2</mn></msub><mo>(</mo><msub><mi>W</mi><mn>1</mn></msub><mi>x</mi><mo>)</mo><mo>=</mo><mo>(</mo><msub><mi>W</mi><mn>2</mn></msub><msub><mi>W</mi><mn>1</mn></msub><mo>)</mo><mi>x</mi>";
const BETWEEN: &str = "<msub><mi>W</mi><mn>2</mn></msub><mi>f</mi><mo>(</mo><msub><mi>W</mi><mn>1</mn></msub><mi>x</mi><mo>)</mo><mo>≠</mo><mo>(</mo><msub><mi>W</mi><mn>2</mn></msub><msub><mi>W</mi><mn>1</mn></msub><mo>)</mo><mi>x</mi>";
const ADDS: &str = "<mi>f</mi><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo><mover><mo>=</mo><mo>?</mo></mover><mi>f</mi><mo>(</mo><mi>a</mi><mo>)</mo><mo>+</mo><mi>f</mi><mo>(</mo><mi>b</mi><mo>)</mo>";
const UNIT: &str = "<mi>y</mi><mo>=</mo><mi>f</mi><mo>(</mo><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>w</mi><mi>i</mi></msub><msub><mi>x</mi><mi>i</mi></msub><mo>+</mo><mi>b</mi><mo>)</mo>";

/// On the flat side.
fn no_slope(settings: &Settings, facts: &Facts) -> bool {
    settings.number("x") < 0.0 && facts.get("slope") == 0.0
}

/// An activation that goes down somewhere.
fn downhill(_: &Settings, facts: &Facts) -> bool {
    facts.get("least slope") < -0.01
}

fn no_longer_one(settings: &Settings, facts: &Facts) -> bool {
    settings.get("act") != "none" && facts.get("difference") > 1e-3
}

fn nobody_answers(settings: &Settings, facts: &Facts) -> bool {
    settings.number("bias") < -1.0 && facts.get("alive") == 0.0
}

/// It does not answer, but it can learn to.
fn revived(settings: &Settings, facts: &Facts) -> bool {
    settings.get("act") != "relu" && settings.number("bias") <= -4.0 && facts.get("gradient") > 1e-6
}

/// A small network with this activation, or without one.
fn lab(settings: &Settings) -> String {
    let layers: Vec<LayerSpec> = [Conv2d::default().into()]
        .into_iter()
        .chain(functions::layer(settings.get("act")))
        .chain([MaxPool2d::default().into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()])
        .collect();
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
