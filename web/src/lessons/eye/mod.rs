//! Cells that look at one place each, what makes them fire, and the network that was built after them.

mod bars;
mod cell;
mod en;
mod figure;
mod filters;
mod parts;

use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "eye",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `cell`: one cell on one's own image; `tuning`: a bar turns before it; `bank`: eight cells; `moving`: a bar moves
        // before a simple and a complex cell; `parts`: a network, part by part.
        ("show", "cell"),
        // Which orientation the cell prefers, from 0 to 7.
        ("cell", "4"),
        // The middle of its field.
        ("row", "4"),
        ("col", "4"),
        // Degrees of the bar, and where it is: 6 is the middle.
        ("bar", "0"),
        ("place", "6"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "input", formula: CELL, task: Some(at_the_strongest), ..PLAIN },
        Step { settings: &[("show", "tuning"), ("cell", "2")], mark: "output", formula: GABOR, task: Some(turned_to_the_best), ..PLAIN },
        Step {
            settings: &[("show", "tuning"), ("bar", "0"), ("covered", "1")],
            mark: "input",
            formula: CELL,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "bank")], mark: "output", formula: BANK, task: Some(slanting_wins), ..PLAIN },
        Step {
            settings: &[("show", "moving"), ("place", "8"), ("covered", "1")],
            mark: "output",
            formula: COMPLEX,
            question: Some(Question { right: 0, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "parts")], mark: "conv relu pool", formula: PIPE, ..PLAIN },
        Step { settings: &[("show", "parts")], mark: "dense softmax", formula: SOFTMAX, task: Some(trained), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const CELL: &str = "<mi>y</mi><mo>=</mo><mi>max</mi><mo>(</mo><mn>0</mn><mo>,</mo><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>w</mi><mi>i</mi></msub><mo>·</mo><msub><mi>x</mi><mi>i</mi></msub><mo>)</mo>";
const GABOR: &str = "<mi>w</mi><mo>(</mo><mi>u</mi><mo>,</mo><mi>v</mi><mo>)</mo><mo>∝</mo><msup><mi>e</mi><mrow><mo>−</mo><msup><mi>u</mi><mn>2</mn></msup><mo>/</mo><mn>2</mn><msubsup><mi>σ</mi><mi>u</mi><mn>2</mn></msubsup><mo>−</mo><msup><mi>v</mi><mn>2</mn></msup><mo>/</mo><mn>2</mn><msubsup><mi>σ</mi><mi>v</mi><mn>2</mn></msubsup></mrow></msup><mo>·</mo><mo>(</mo><mi>cos</mi><mfrac><mrow><mn>2</mn><mi>π</mi><mi>u</mi></mrow><mi>λ</mi></mfrac><mo>−</mo><mi>m</mi><mo>)</mo>";
const BANK: &str = "<msub><mi>y</mi><mi>θ</mi></msub><mo>=</mo><mi>max</mi><mo>(</mo><mn>0</mn><mo>,</mo><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>w</mi><mrow><mi>θ</mi><mi>i</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mi>i</mi></msub><mo>)</mo>";
const COMPLEX: &str =
    "<mi>complex</mi><mo>=</mo><munder><mi>max</mi><mtext>25 places</mtext></munder><mspace width=\"0.3em\"/><mi>simple</mi>";
const PIPE: &str = "<mtable><mtr><mtd><mi>image</mi><mo>→</mo><mi>convolve</mi><mo>→</mo><mi>max</mi><mo>(</mo><mn>0</mn><mo>,</mo><mo>·</mo><mo>)</mo></mtd></mtr><mtr><mtd><mo>→</mo><mi>pool</mi><mo>→</mo><mi>dense</mi><mo>→</mo><mi>softmax</mi></mtd></mtr></mtable>";
const SOFTMAX: &str = "<msub><mi>p</mi><mi>c</mi></msub><mo>=</mo><mfrac><msup><mi>e</mi><msub><mi>z</mi><mi>c</mi></msub></msup><mrow><munder><mo>∑</mo><mi>k</mi></munder><msup><mi>e</mi><msub><mi>z</mi><mi>k</mi></msub></msup></mrow></mfrac>";

fn at_the_strongest(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "cell" && facts.get("value") > 0.0 && facts.get("value") >= 0.9 * facts.get("strongest")
}

/// The bar lies as the cell likes it.
fn turned_to_the_best(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "tuning" && facts.get("value") > 0.0 && facts.get("value") >= 0.98 * facts.get("strongest")
}

/// A place where a slanting line is what there is.
fn slanting_wins(settings: &Settings, facts: &Facts) -> bool {
    let slanting = facts.get("winner") % 90.0 != 0.0;
    settings.get("show") == "bank" && slanting && facts.get("value") >= 0.4 * facts.get("strongest")
}

fn trained(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "parts" && facts.get("trained") >= 100.0
}

/// The network of the last steps, whatever is shown.
fn lab(_: &Settings) -> String {
    link::encode(&RunSpec { model: parts::model(), ..RunSpec::default() })
}
