//! What stands beyond the edge, which places are skipped, and how far apart the weights lie.

mod en;
mod field;
mod figure;
mod modes;
mod window;

use engine::{
    LayerSpec, ModelSpec, Padding, Pair,
    ops::{Conv2d, Dense, Flatten, Relu, conv2d::PadMode},
};
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "padding",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `window`: one layer; `modes`: the five ways to pad; `field`: what three layers read together.
        ("show", "window"),
        // `small`: one's own image as 7 × 7; `digit`: all of it; `flat`: the same grey everywhere; `ramp`: brighter to the right.
        ("picture", "small"),
        ("kernel", "blur"),
        ("size", "3"),
        ("pad", "0"),
        ("mode", "zeros"),
        ("stride", "1"),
        ("dilation", "1"),
        // Dilations of three layers.
        ("stack", "1,1,1"),
        ("at", "0"),
        // The input shows how many windows read each pixel.
        ("read", "0"),
        ("covered", "0"),
    ],
    steps: &[
        Step { settings: &[("at", "6")], mark: "output", formula: EXTENT, ..PLAIN },
        Step { settings: &[("pad", "1")], mark: "pad", formula: EXTENT, task: Some(five_keeps_the_size), ..PLAIN },
        Step {
            settings: &[("show", "modes"), ("picture", "flat"), ("pad", "1"), ("covered", "1")],
            mark: "pad",
            formula: MEAN,
            question: Some(Question { right: 0, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "modes"), ("picture", "ramp"), ("kernel", "edge"), ("pad", "2"), ("size", "5"), ("mode", "circular")],
            mark: "pad",
            formula: SOURCES,
            task: Some(quiet_at_the_edge),
            ..PLAIN
        },
        Step {
            settings: &[("stride", "2"), ("pad", "1"), ("at", "5")],
            mark: "output",
            formula: EXTENT,
            task: Some(leaves_pixels_out),
            ..PLAIN
        },
        Step { settings: &[("picture", "digit"), ("dilation", "2"), ("at", "180")], mark: "input", formula: SPAN, ..PLAIN },
        Step {
            settings: &[("show", "field"), ("stack", "2,2,2")],
            mark: "input",
            formula: REACH,
            question: Some(Question { right: 2, reveal: &[("stack", "1,2,3")] }),
            ..PLAIN
        },
        Step { settings: &[("size", "5"), ("dilation", "2")], mark: "trouble", formula: EXTENT, task: Some(mended), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const EXTENT: &str = "<mi>out</mi><mo>=</mo><mo>⌊</mo><mfrac><mrow><mi>in</mi><mo>+</mo><mn>2</mn><mi>p</mi><mo>−</mo><mi>d</mi><mo>·</mo><mo>(</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>−</mo><mn>1</mn></mrow><mi>s</mi></mfrac><mo>⌋</mo><mo>+</mo><mn>1</mn>";
const MEAN: &str = "<mi>y</mi><mo>=</mo><mfrac><mn>1</mn><mn>9</mn></mfrac><munder><mo>∑</mo><mrow><mi>i</mi><mo>,</mo><mi>j</mi></mrow></munder><msub><mi>x</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>";
const SOURCES: &str = "<mtext>reflect</mtext><mspace width=\"0.6em\"/><mi>c</mi><mi>b</mi><mo>|</mo><mi>a</mi><mi>b</mi><mi>c</mi><mo>|</mo><mi>b</mi><mi>a</mi>";
const SPAN: &str = "<mi>span</mi><mo>=</mo><mi>d</mi><mo>·</mo><mo>(</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>+</mo><mn>1</mn>";
const REACH: &str = "<mi>field</mi><mo>=</mo><mn>1</mn><mo>+</mo><munder><mo>∑</mo><mi>l</mi></munder><msub><mi>d</mi><mi>l</mi></msub><mo>·</mo><mo>(</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>)</mo>";

/// With a kernel of 5 × 5 the output is as large as the input.
fn five_keeps_the_size(settings: &Settings, facts: &Facts) -> bool {
    settings.count("size") == 5 && settings.get("picture") == "small" && facts.get("out") == facts.get("in")
}

/// A way to pad in which the vertical edge kernel finds no edge where there is none.
fn quiet_at_the_edge(settings: &Settings, facts: &Facts) -> bool {
    settings.get("mode") != "circular" && settings.get("picture") == "ramp" && facts.get("beyond") < 1e-4
}

fn leaves_pixels_out(settings: &Settings, facts: &Facts) -> bool {
    settings.count("stride") > 1 && settings.get("show") == "window" && facts.get("unread") > 0.0
}

/// The network is one again, with the kernel as it is.
fn mended(settings: &Settings, facts: &Facts) -> bool {
    settings.count("size") == 5 && settings.count("dilation") == 2 && settings.count("pad") > 0 && facts.get("out") > 0.0
}

pub fn mode_of(word: &str) -> PadMode {
    PadMode::ALL.into_iter().find(|mode| mode.name() == word).unwrap_or_default()
}

/// The layer that the settings say.
pub fn conv(settings: &Settings) -> Conv2d {
    Conv2d {
        out_ch: 1,
        kernel: Pair::square(settings.count("size").clamp(1, 7)),
        stride: Pair::square(settings.count("stride").clamp(1, 4)),
        pad: Padding::all(settings.count("pad").min(5)),
        pad_mode: mode_of(settings.get("mode")),
        dilation: Pair::square(settings.count("dilation").clamp(1, 4)),
        bias: false,
        ..Conv2d::default()
    }
}

/// A network whose first layer is set as here; it reads 28 × 28, where all of these settings are legal.
fn lab(settings: &Settings) -> String {
    let first = Conv2d { out_ch: 8, bias: true, ..conv(settings) };
    let layers: Vec<LayerSpec> = vec![first.into(), Relu {}.into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()];
    let usual = RunSpec::default();
    link::encode(&RunSpec { model: ModelSpec { layers, ..usual.model.clone() }, ..usual })
}
