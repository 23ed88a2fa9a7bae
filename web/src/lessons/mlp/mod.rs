//! A network of dense layers against one of convolutions, with as many weights.

mod en;
mod figure;
mod flat;
mod nets;
mod price;
mod race;
mod shift;

use protocol::link;

use self::nets::Net;
use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "mlp",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `flat`: an image as a row; `race`: both train; `shift`: moved digits; `mixed`: shuffled pixels; `few`: 500 digits;
        // `price`: weights and work by size.
        ("show", "flat"),
        // Place in the row, and whether the pixel below is shown.
        ("at", "0"),
        ("below", "0"),
        // Pixels by which digits are moved; whether the third network is there; whether what is asked for is covered.
        ("dx", "0"),
        ("means", "0"),
        ("covered", "0"),
        // Rows and columns of the image.
        ("side", "28"),
        // What was predicted is trained now.
        ("run", "0"),
    ],
    steps: &[
        Step {
            settings: &[("at", "23")],
            mark: "input output",
            formula: PLACE,
            question: Some(Question { right: 1, reveal: &[("below", "1")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "race")],
            mark: "output",
            formula: SHARE,
            question: Some(Question { right: 1, reveal: &[("run", "1")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "shift")], mark: "output", formula: SHARE, task: Some(under_half), ..PLAIN },
        Step {
            settings: &[("show", "shift"), ("means", "1"), ("dx", "4"), ("covered", "1")],
            mark: "kernel",
            formula: MEAN,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "mixed")],
            mark: "sum",
            formula: ORDER,
            question: Some(Question { right: 0, reveal: &[("run", "1")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "few")], mark: "output", formula: SHARE, task: Some(few_measured), ..PLAIN },
        Step { settings: &[("show", "price")], mark: "input", formula: WEIGHTS, task: Some(hundredfold), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const PLACE: &str = "<mi>place</mi><mo>=</mo><mi>row</mi><mo>·</mo><mi>W</mi><mo>+</mo><mi>column</mi><mo>,</mo><mspace width=\"0.6em\"/><mi>W</mi><mo>=</mo><mn>7</mn>";
const SHARE: &str = "<mtext>right answers</mtext><mo>=</mo><mfrac><mtext>digits known</mtext><mtext>digits shown</mtext></mfrac>";
const MEAN: &str = "<msub><mi>m</mi><mi>c</mi></msub><mo>=</mo><mfrac><mn>1</mn><mrow><mi>H</mi><mo>·</mo><mi>W</mi></mrow></mfrac><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>x</mi><mrow><mi>c</mi><mi>i</mi><mi>j</mi></mrow></msub>";
const ORDER: &str =
    "<msub><mi>x</mi><mi>i</mi></msub><mo>→</mo><msub><mi>x</mi><mrow><mi>π</mi><mo>(</mo><mi>i</mi><mo>)</mo></mrow></msub>";
const WEIGHTS: &str = "<mtext>weights of the MLP</mtext><mo>=</mo><msup><mi>s</mi><mn>2</mn></msup><mo>·</mo><mn>16</mn><mo>+</mo><mn>16</mn><mo>+</mo><mn>16</mn><mo>·</mo><mn>10</mn><mo>+</mo><mn>10</mn>";

fn under_half(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "shift" && settings.count("dx") > 0 && facts.get("mlp") < 0.5 && facts.get("cnn") > facts.get("mlp")
}

fn few_measured(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "few" && facts.get("measured_few") >= 1.0
}

fn hundredfold(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "price" && facts.get("mlp_weights") >= 100.0 * facts.get("gap_weights")
}

fn lab(settings: &Settings) -> String {
    let net = match settings.get("show") {
        "flat" => Net::Mlp,
        "shift" if settings.is_on("means") => Net::Gap,
        "price" => Net::Gap,
        _ => Net::Cnn,
    };
    let mut run = net.run();
    run.train.epochs = protocol::TrainSpec::default().epochs;
    link::encode(&run)
}
