//! A kernel slides over an image: product by product, sum, output.

mod bank;
mod camera;
mod en;
mod figure;
mod kernels;
mod pictures;
mod planes;
mod slide;
mod weights;

use engine::{
    LayerSpec, ModelSpec, Pair,
    ops::{Conv2d, Dense, Flatten, Relu},
};
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "convolution",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `slide`: one kernel; `planes`: a kernel for colour, plane by plane; `bank`: several kernels.
        ("show", "slide"),
        // `five`, `digit`, `scene`, `camera`.
        ("picture", "five"),
        ("kernel", "edge"),
        ("size", "3"),
        // Of a kernel of one's own, row by row.
        ("weights", "1,0,-1,1,0,-1,1,0,-1"),
        ("flipped", "0"),
        // How the kernel's planes weigh red, green and blue: `all`, `red`, `warm`.
        ("mix", "all"),
        // Which number of the output, row by row.
        ("at", "0"),
        // The output is known only up to there.
        ("grows", "0"),
        // The output is covered until somebody has said what it will be.
        ("covered", "0"),
    ],
    steps: &[
        Step { settings: &[("grows", "1")], mark: "kernel", formula: SUM, ..PLAIN },
        Step { settings: &[("grows", "1"), ("at", "1")], mark: "input", formula: SUM, task: Some(at_the_end), ..PLAIN },
        Step {
            settings: &[("at", "2"), ("grows", "1"), ("covered", "1")],
            mark: "input",
            formula: SUM,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("picture", "digit"), ("kernel", "sobel-y"), ("at", "220")],
            mark: "output",
            formula: SUM,
            task: Some(at_the_strongest),
            ..PLAIN
        },
        Step {
            settings: &[("picture", "digit"), ("kernel", "own"), ("at", "220")],
            mark: "kernel",
            formula: SUM,
            task: Some(own_and_even),
            ..PLAIN
        },
        Step {
            settings: &[("picture", "digit"), ("kernel", "gaussian"), ("size", "5"), ("at", "220"), ("covered", "1")],
            mark: "kernel",
            formula: TURNED,
            question: Some(Question { right: 2, reveal: &[("covered", "0"), ("flipped", "1")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "planes"), ("picture", "scene"), ("kernel", "edge"), ("at", "1007")],
            mark: "sum",
            formula: PLANES,
            ..PLAIN
        },
        Step {
            settings: &[("show", "bank"), ("picture", "scene"), ("at", "1007")],
            mark: "output",
            formula: BANK,
            task: Some(own_picture),
            ..PLAIN
        },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const SUM: &str = "<mi>y</mi><mo>=</mo><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mrow><mi>r</mi><mo>+</mo><mi>i</mi><mo>,</mo><mi>c</mi><mo>+</mo><mi>j</mi></mrow></msub>";
const TURNED: &str = "<mi>y</mi><mo>=</mo><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mrow><mi>r</mi><mo>−</mo><mi>i</mi><mo>,</mo><mi>c</mi><mo>−</mo><mi>j</mi></mrow></msub>";
const PLANES: &str = "<mi>y</mi><mo>=</mo><munder><mo>∑</mo><mi>k</mi></munder><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>w</mi><mrow><mi>k</mi><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mrow><mi>k</mi><mo>,</mo><mi>r</mi><mo>+</mo><mi>i</mi><mo>,</mo><mi>c</mi><mo>+</mo><mi>j</mi></mrow></msub>";
const BANK: &str = "<msub><mi>y</mi><mi>o</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>k</mi></munder><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>w</mi><mrow><mi>o</mi><mi>k</mi><mi>i</mi><mi>j</mi></mrow></msub><mo>·</mo><msub><mi>x</mi><mrow><mi>k</mi><mo>,</mo><mi>r</mi><mo>+</mo><mi>i</mi><mo>,</mo><mi>c</mi><mo>+</mo><mi>j</mi></mrow></msub>";

fn at_the_end(settings: &Settings, facts: &Facts) -> bool {
    facts.get("places") > 1.0 && settings.number("at") as f64 + 1.0 >= facts.get("places")
}

/// The window with the largest output, in magnitude.
fn at_the_strongest(settings: &Settings, facts: &Facts) -> bool {
    settings.number("at") != 220.0 && facts.get("value").abs() >= facts.get("strongest") && facts.get("strongest") > 0.0
}

/// A kernel of one's own that gives nothing where nothing changes.
fn own_and_even(settings: &Settings, facts: &Facts) -> bool {
    let own = weights::read(settings.get("weights"));
    let start = weights::read("1,0,-1,1,0,-1,1,0,-1");
    let even = own.iter().sum::<f32>().abs() < 1e-4 && own.iter().filter(|w| **w != 0.0).count() >= 2;
    facts.get("places") > 1.0 && settings.get("kernel") == "own" && own != start && even
}

fn own_picture(settings: &Settings, _: &Facts) -> bool {
    matches!(settings.get("picture"), "digit" | "camera")
}

/// A network whose first layer has kernels of this size.
fn lab(settings: &Settings) -> String {
    let side = settings.count("size").clamp(1, kernels::MOST);
    let conv = Conv2d { out_ch: 4, kernel: Pair::square(side), flipped: settings.is_on("flipped"), ..Conv2d::default() };
    let layers: Vec<LayerSpec> = vec![conv.into(), Relu {}.into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()];
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
