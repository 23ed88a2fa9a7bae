//! Maps made smaller: what is kept, who has won, where the gradient goes, and how much a shift still matters.

mod en;
mod figure;
mod kinds;
mod shift;
mod strided;
mod told;
mod trained;
mod window;

use engine::{
    LayerSpec, ModelSpec, Padding,
    ops::{Conv2d, Dense, Flatten, Relu},
};
use kinds::Kind;
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "pooling",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `pool`: a map and what is left of it; `compare`: with the maximum beside it; `gradient`: and where the gradient
        // goes; `shift`: how much changes as the image moves; `strided`: other ways to a smaller map.
        ("show", "pool"),
        ("kind", "max"),
        // Rows and columns of a window; of the output, where windows follow from it.
        ("size", "2"),
        ("to", "5"),
        ("power", "2"),
        // Of which update what is drawn at random is.
        ("draw", "0"),
        // Which number of the output, row by row; `best`: the strongest.
        ("at", "best"),
        ("dx", "1"),
        ("channels", "8"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "kernel", formula: MAX, task: Some(another_window), ..PLAIN },
        Step {
            settings: &[("show", "compare"), ("kind", "average"), ("covered", "1")],
            mark: "output",
            formula: MEAN,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "compare"), ("kind", "lp")], mark: "sum", formula: NORM, task: Some(high_power), ..PLAIN },
        Step { settings: &[("kind", "stochastic")], mark: "kernel", formula: DRAWN, task: Some(drawn_again), ..PLAIN },
        Step { settings: &[("kind", "adaptive-average")], mark: "output", formula: MEAN, task: Some(one_number), ..PLAIN },
        Step {
            settings: &[("show", "gradient"), ("covered", "1")],
            mark: "sum",
            formula: CHAIN,
            question: Some(Question { right: 0, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "gradient"), ("kind", "average")], mark: "sum", formula: CHAIN, task: Some(reaches_all), ..PLAIN },
        Step {
            settings: &[("show", "shift"), ("covered", "1")],
            mark: "image",
            formula: CHANGE,
            question: Some(Question { right: 3, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "shift")], mark: "kernel", formula: CHANGE, task: Some(half_as_much), ..PLAIN },
        Step {
            settings: &[("show", "strided"), ("covered", "1")],
            mark: "kernel",
            formula: WORK,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            task: Some(trained_all),
        },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const MAX: &str =
    "<mi>y</mi><mo>=</mo><munder><mi>max</mi><mrow><mi>i</mi><mtext> in window</mtext></mrow></munder><msub><mi>x</mi><mi>i</mi></msub>";
const MEAN: &str = "<mi>y</mi><mo>=</mo><mfrac><mn>1</mn><mi>n</mi></mfrac><munder><mo>∑</mo><mrow><mi>i</mi><mtext> in window</mtext></mrow></munder><msub><mi>x</mi><mi>i</mi></msub>";
const NORM: &str = "<mi>y</mi><mo>=</mo><msup><mrow><mo>(</mo><munder><mo>∑</mo><mi>i</mi></munder><msup><msub><mi>x</mi><mi>i</mi></msub><mi>p</mi></msup><mo>)</mo></mrow><mrow><mn>1</mn><mo>/</mo><mi>p</mi></mrow></msup>";
const DRAWN: &str = "<mi>P</mi><mo>(</mo><mi>y</mi><mo>=</mo><msub><mi>x</mi><mi>i</mi></msub><mo>)</mo><mo>=</mo><mfrac><msub><mi>x</mi><mi>i</mi></msub><mrow><munder><mo>∑</mo><mi>j</mi></munder><msub><mi>x</mi><mi>j</mi></msub></mrow></mfrac>";
const CHAIN: &str = "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><msub><mi>x</mi><mi>i</mi></msub></mrow></mfrac><mo>=</mo><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>y</mi></mrow></mfrac><mo>·</mo><mfrac><mrow><mi>∂</mi><mi>y</mi></mrow><mrow><mi>∂</mi><msub><mi>x</mi><mi>i</mi></msub></mrow></mfrac>";
const CHANGE: &str = "<mi>change</mi><mo>=</mo><mfrac><mrow><mo>‖</mo><mi>f</mi><mo>(</mo><mi>shift</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>)</mo><mo>−</mo><mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>‖</mo></mrow><mrow><mo>‖</mo><mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>‖</mo></mrow></mfrac>";
const WORK: &str = "<mi>work</mi><mo>=</mo><msup><mi>places</mi><mn>2</mn></msup><mo>·</mo><msup><mi>channels</mi><mn>2</mn></msup><mo>·</mo><msup><mi>kernel</mi><mn>2</mn></msup>";

fn another_window(settings: &Settings, _: &Facts) -> bool {
    settings.count("size") == 4 && settings.get("kind") == "max"
}

fn high_power(settings: &Settings, _: &Facts) -> bool {
    settings.get("kind") == "lp" && settings.count("power") == 8
}

fn drawn_again(settings: &Settings, facts: &Facts) -> bool {
    Kind::of(settings.get("kind")).is_drawn() && settings.count("draw") >= 3 && facts.get("value").is_finite()
}

/// Adaptive pooling to one number is global pooling.
fn one_number(settings: &Settings, _: &Facts) -> bool {
    settings.get("kind").starts_with("adaptive") && settings.count("to") == 1
}

fn reaches_all(_: &Settings, facts: &Facts) -> bool {
    facts.get("reached") >= (kinds::MAP * kinds::MAP) as f64
}

/// Pooling takes at least half of the change away.
fn half_as_much(settings: &Settings, facts: &Facts) -> bool {
    settings.count("size") > 2 && settings.count("dx") > 0 && facts.get("max") <= 0.5 * facts.get("none")
}

fn trained_all(_: &Settings, facts: &Facts) -> bool {
    facts.get("scored") >= strided::Way::ALL.len() as f64
}

/// A small network with this pooling; where ways to a smaller map are compared, the one with strides.
fn lab(settings: &Settings) -> String {
    let conv = Conv2d { out_ch: 8, pad: Padding::all(1), ..Conv2d::default() };
    let mut layers: Vec<LayerSpec> = if settings.get("show") == "strided" {
        vec![Conv2d { stride: engine::Pair::square(2), ..conv }.into(), Relu {}.into()]
    } else {
        vec![conv.into(), Relu {}.into(), Kind::of(settings.get("kind")).layer(settings)]
    };
    layers.extend([Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()]);
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
