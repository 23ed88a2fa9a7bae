//! 1×1, grouped, depthwise, separable, transposed: who is joined to whom, what comes of it, and what it costs.

mod cost;
mod en;
mod figure;
mod layers;
mod stamp;
mod wires;

use engine::{
    LayerSpec, ModelSpec, Padding,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu},
};
use layers::Kind;
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "kinds",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `wires`: four maps in, four out; `cost`: weights and work of each kind; `stamp`: the transposed convolution.
        ("show", "wires"),
        ("kind", "full"),
        // Which channel of the output, or which number of the map, row by row.
        ("at", "0"),
        ("channels", "64"),
        ("size", "3"),
        ("stride", "2"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "kernel", formula: FULL, task: Some(another_map), ..PLAIN },
        Step {
            settings: &[("kind", "pointwise"), ("covered", "1")],
            mark: "output",
            formula: POINT,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("kind", "grouped"), ("at", "2")], mark: "kernel", formula: GROUPS, task: Some(alone), ..PLAIN },
        Step { settings: &[("kind", "separable"), ("at", "1")], mark: "sum", formula: SEPARABLE, ..PLAIN },
        Step {
            settings: &[("show", "cost"), ("covered", "1")],
            mark: "input",
            formula: SHARE,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "cost"), ("channels", "16")], mark: "output", formula: SHARE, task: Some(twentieth), ..PLAIN },
        Step {
            settings: &[("show", "stamp"), ("size", "2"), ("at", "18"), ("covered", "1")],
            mark: "output",
            formula: SIZE,
            question: Some(Question { right: 0, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "stamp"), ("at", "18")], mark: "sum", formula: SIZE, task: Some(even), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const FULL: &str = "<mtable columnalign=\"left\"><mtr><mtd><msub><mi>y</mi><mi>o</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>c</mi></munder><msub><mi>w</mi><mrow><mi>o</mi><mi>c</mi></mrow></msub><mo>∗</mo><msub><mi>x</mi><mi>c</mi></msub></mtd></mtr><mtr><mtd><mtext>weights:</mtext><mspace width=\"0.3em\"/><mi>C</mi><mo>·</mo><mi>C</mi><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup></mtd></mtr></mtable>";
const POINT: &str = "<mtable columnalign=\"left\"><mtr><mtd><msub><mi>y</mi><mi>o</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>c</mi></munder><msub><mi>w</mi><mrow><mi>o</mi><mi>c</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mi>c</mi></msub></mtd></mtr><mtr><mtd><mtext>weights:</mtext><mspace width=\"0.3em\"/><mi>C</mi><mo>·</mo><mi>C</mi></mtd></mtr></mtable>";
const GROUPS: &str = "<mtable columnalign=\"left\"><mtr><mtd><msub><mi>y</mi><mi>o</mi></msub><mo>=</mo><munder><mo>∑</mo><mrow><mi>c</mi><mtext> in group of </mtext><mi>o</mi></mrow></munder><msub><mi>w</mi><mrow><mi>o</mi><mi>c</mi></mrow></msub><mo>∗</mo><msub><mi>x</mi><mi>c</mi></msub></mtd></mtr><mtr><mtd><mtext>weights:</mtext><mspace width=\"0.3em\"/><mfrac><mrow><mi>C</mi><mo>·</mo><mi>C</mi></mrow><mi>g</mi></mfrac><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup></mtd></mtr></mtable>";
const SEPARABLE: &str = "<mtable columnalign=\"left\"><mtr><mtd><msub><mi>y</mi><mi>o</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>c</mi></munder><msub><mi>p</mi><mrow><mi>o</mi><mi>c</mi></mrow></msub><mo>·</mo><mo>(</mo><msub><mi>w</mi><mi>c</mi></msub><mo>∗</mo><msub><mi>x</mi><mi>c</mi></msub><mo>)</mo></mtd></mtr><mtr><mtd><mtext>weights:</mtext><mspace width=\"0.3em\"/><mi>C</mi><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup><mo>+</mo><mi>C</mi><mo>·</mo><mi>C</mi></mtd></mtr></mtable>";
const SHARE: &str = "<mfrac><mi>separable</mi><mi>full</mi></mfrac><mo>=</mo><mfrac><mrow><mi>C</mi><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup><mo>+</mo><msup><mi>C</mi><mn>2</mn></msup></mrow><mrow><msup><mi>C</mi><mn>2</mn></msup><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup></mrow></mfrac><mo>=</mo><mfrac><mn>1</mn><mi>C</mi></mfrac><mo>+</mo><mfrac><mn>1</mn><msup><mi>k</mi><mn>2</mn></msup></mfrac>";
const SIZE: &str =
    "<mi>out</mi><mo>=</mo><mo>(</mo><mi>in</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>·</mo><mi>stride</mi><mo>+</mo><mi>kernel</mi>";

fn another_map(settings: &Settings, _: &Facts) -> bool {
    settings.get("kind") == "full" && settings.count("at") == 3
}

/// As many groups as channels.
fn alone(settings: &Settings, _: &Facts) -> bool {
    settings.get("kind") == "depthwise"
}

fn twentieth(_: &Settings, facts: &Facts) -> bool {
    facts.get("share") <= 0.05
}

/// Every place is under as many stamps as its neighbours, and stamps do overlap.
fn even(settings: &Settings, facts: &Facts) -> bool {
    facts.get("uneven") == 0.0 && settings.count("stride") > 1 && settings.count("size") > settings.count("stride")
}

/// A network whose second layer is of this kind.
fn lab(settings: &Settings) -> String {
    const CHANNELS: usize = 16;
    let first = Conv2d { out_ch: CHANNELS, pad: Padding::Same, ..Conv2d::default() };
    let kind = if settings.get("show") == "wires" { Kind::of(settings.get("kind")) } else { Kind::Separable };
    let layers: Vec<LayerSpec> = [first.into(), Relu {}.into(), MaxPool2d::default().into()]
        .into_iter()
        .chain(kind.layers(CHANNELS, 3))
        .chain([Relu {}.into(), MaxPool2d::default().into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()])
        .collect();
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
