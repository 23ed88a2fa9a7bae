//! How kernels learn: from noise, by steps against the gradient, each to something else.

mod bank;
mod en;
mod figure;
mod film;
mod net;
mod slow;
mod sweep;
mod train;

use protocol::link;

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "learning",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `noise`: before; `slow`: one step; `train`: many; `film`: all at a glance; `twins`: from equal kernels;
        // `sweep`: how many kernels.
        ("show", "noise"),
        // Draws the weights.
        ("seed", "3"),
        // Which kernel, and which of its cells.
        ("k", "0"),
        ("cell", "12"),
        // How far the slow step has gone, and its rate.
        ("at", "0"),
        ("rate", "0.5"),
        // What a drawing is.
        ("class", "0"),
        ("pace", "brisk"),
        // Place in the film.
        ("moment", "9"),
        // Size and rate of the networks that are measured.
        ("side", "5"),
        ("eta", "0.01"),
        // What was predicted is trained now.
        ("run", "0"),
    ],
    steps: &[
        Step { mark: "kernel", formula: DRAWN, ..PLAIN },
        Step {
            settings: &[("show", "slow")],
            mark: "kernel sum",
            formula: DESCENT,
            question: Some(Question { right: 1, reveal: &[("at", "3")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "slow"), ("at", "3")], mark: "output", formula: DESCENT, task: Some(too_far), ..PLAIN },
        Step { settings: &[("show", "train")], mark: "kernel", formula: LOSS, task: Some(has_learnt), ..PLAIN },
        Step { settings: &[("show", "film")], mark: "kernel", formula: DESCENT, ..PLAIN },
        Step {
            settings: &[("show", "twins"), ("pace", "full")],
            mark: "kernel",
            formula: EQUAL,
            question: Some(Question { right: 2, reveal: &[("run", "1")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "sweep")],
            mark: "output",
            formula: DECIDED,
            question: Some(Question { right: 1, reveal: &[("run", "1")] }),
            ..PLAIN
        },
        Step { settings: &[("show", "sweep"), ("run", "1")], mark: "kernel", formula: DECIDED, task: Some(measured_otherwise), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const DRAWN: &str = "<mi>w</mi><mo>∼</mo><mi>U</mi><mo>(</mo><mo>−</mo><mn>0.1</mn><mo>,</mo><mn>0.1</mn><mo>)</mo>";
const DESCENT: &str = "<msup><mi>w</mi><mo>′</mo></msup><mo>=</mo><mi>w</mi><mo>−</mo><mi>η</mi><mo>·</mo><mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><mi>w</mi></mrow></mfrac>";
const LOSS: &str = "<mi>L</mi><mo>=</mo><mo>−</mo><mi>ln</mi><msub><mi>p</mi><mtext>right</mtext></msub>";
const EQUAL: &str = "<msub><mi>w</mi><mn>1</mn></msub><mo>=</mo><msub><mi>w</mi><mn>2</mn></msub><mspace width=\"0.6em\"/><mo>⇒</mo><mspace width=\"0.6em\"/><mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><msub><mi>w</mi><mn>1</mn></msub></mrow></mfrac><mo>=</mo><mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><msub><mi>w</mi><mn>2</mn></msub></mrow></mfrac>";
const DECIDED: &str = "<mtext>weights of</mtext><mspace width=\"0.4em\"/><mi>n</mi><mspace width=\"0.4em\"/><mtext>kernels</mtext><mo>:</mo><mi>n</mi><mo>·</mo><msup><mi>k</mi><mn>2</mn></msup>";

fn too_far(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "slow" && settings.count("at") == 3 && facts.get("after") < facts.get("before")
}

fn has_learnt(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "train" && facts.get("step") >= 20.0 && facts.get("accuracy") > 0.8
}

fn measured_otherwise(settings: &Settings, facts: &Facts) -> bool {
    let (rate, side) = (facts.get("measured_rate"), facts.get("measured_side"));
    settings.get("show") == "sweep" && (rate - f64::from(sweep::RATE)).abs() > 1e-6 && side >= 1.0
        || settings.get("show") == "sweep" && rate > 0.0 && side >= 1.0 && (side - net::SIDE as f64).abs() > 0.5
}

/// The same three kernels, or the largest bank, and the rule they learn by.
fn lab(settings: &Settings) -> String {
    let run = |init| net::run(net::model(net::KERNELS, net::SIDE, init), net::RATE, settings.count("seed") as u32);
    link::encode(&match settings.get("show") {
        "sweep" => sweep::run(16, settings.count("side").clamp(3, 7), settings.number("eta").clamp(1e-4, 2.0)),
        "twins" => run(net::EQUAL),
        _ => run(net::NOISE),
    })
}
