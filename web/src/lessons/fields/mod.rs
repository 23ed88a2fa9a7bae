//! What a unit sees: the field by the formula, four ways to widen it, and the field that is measured.

mod compare;
mod effective;
mod en;
mod figure;
mod mass;
mod stack;
mod table;
mod tower;
mod training;

use engine::{
    LayerSpec, ModelSpec,
    ops::{Dense, Flatten, Relu},
};
use protocol::{RunSpec, link};

use super::{Lesson, PLAIN, Question, Step};
use crate::learn::{
    desk::{Facts, Settings},
    strings::Language,
};

pub const LESSON: Lesson = Lesson {
    slug: "fields",
    words: &[(Language::English, &en::WORDS)],
    settings: &[
        // `stack`: layers and what one unit sees in each; `compare`: four ways; `measure`: the field by the gradient;
        // `train`: the same before and after training.
        ("show", "stack"),
        ("stack", "c3.1.1,c3.1.1,c3.1.1"),
        ("padded", "0"),
        // The unit that is looked at: its layer, from 1, and its place there.
        ("layer", "3"),
        ("row", "11"),
        ("col", "11"),
        // Convolutions, where they are counted.
        ("depth", "3"),
        // `equal`, `random`, `relu`.
        ("weights", "equal"),
        ("seed", "1"),
        // What is asked for is covered until somebody has answered.
        ("covered", "0"),
    ],
    steps: &[
        Step { mark: "input", formula: SIZE, task: Some(sees_five), ..PLAIN },
        Step {
            settings: &[("stack", "c3.1.1,c3.2.1,c3.1.1"), ("row", "5"), ("col", "5"), ("covered", "1")],
            mark: "input",
            formula: SIZE,
            question: Some(Question { right: 1, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("stack", "c3.1.1,c3.2.1,c3.1.1,c3.1.1"), ("layer", "4"), ("row", "0"), ("col", "0"), ("padded", "1")],
            mark: "kernel",
            formula: ALL_THREE,
            task: Some(sees_all),
            ..PLAIN
        },
        Step {
            settings: &[("show", "compare"), ("covered", "1")],
            mark: "input",
            formula: SIZE,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "measure"), ("depth", "9"), ("covered", "1")],
            mark: "output",
            formula: EFFECTIVE,
            question: Some(Question { right: 2, reveal: &[("covered", "0")] }),
            ..PLAIN
        },
        Step {
            settings: &[("show", "measure"), ("depth", "3"), ("weights", "random")],
            mark: "sum",
            formula: ROOT,
            task: Some(well_within),
            ..PLAIN
        },
        Step { settings: &[("show", "train")], mark: "sum", formula: EFFECTIVE, task: Some(trained), ..PLAIN },
    ],
    figure: figure::view,
    lab,
    style: include_str!("style.css"),
};

const SIZE: &str = "<msub><mi>r</mi><mi>l</mi></msub><mo>=</mo><msub><mi>r</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>+</mo><mo>(</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>·</mo><mi>d</mi><mo>·</mo><msub><mi>j</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub>";
const ALL_THREE: &str = "<mtable><mtr><mtd><msub><mi>r</mi><mi>l</mi></msub><mo>=</mo></mtd><mtd><msub><mi>r</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>+</mo><mo>(</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>·</mo><mi>d</mi><mo>·</mo><msub><mi>j</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub></mtd></mtr><mtr><mtd><msub><mi>j</mi><mi>l</mi></msub><mo>=</mo></mtd><mtd><msub><mi>j</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>·</mo><mi>s</mi></mtd></mtr><mtr><mtd><msub><mi>a</mi><mi>l</mi></msub><mo>=</mo></mtd><mtd><msub><mi>a</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>−</mo><mi>p</mi><mo>·</mo><msub><mi>j</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub></mtd></mtr></mtable>";
const EFFECTIVE: &str = "<mtext>influence of pixel</mtext><mspace width=\"0.3em\"/><mi>i</mi><mo>=</mo><mo>|</mo><mfrac><mrow><mo>∂</mo><mi>y</mi></mrow><mrow><mo>∂</mo><msub><mi>x</mi><mi>i</mi></msub></mrow></mfrac><mo>|</mo>";
const ROOT: &str = "<mi>r</mi><mo>=</mo><mn>2</mn><mi>n</mi><mo>+</mo><mn>1</mn><mo>,</mo><mspace width=\"1em\"/><mi>spread</mi><mo>∝</mo><msqrt><mi>n</mi></msqrt>";

/// A unit with a field of 5×5 in the stack that the step begins with.
fn sees_five(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "stack" && facts.get("field") == 5.0
}

/// Four layers at most that see all of the image.
fn sees_all(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "stack" && facts.get("field") >= stack::SIDE as f64 && facts.get("layers") <= 4.0
}

/// So many layers that nearly all of the influence lies well within the field.
fn well_within(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "measure" && settings.get("weights") != "equal" && facts.get("field") - facts.get("core") >= 4.0
}

fn trained(settings: &Settings, facts: &Facts) -> bool {
    settings.get("show") == "train" && facts.get("trained") >= 100.0
}

/// The same layers in a network that learns.
fn lab(settings: &Settings) -> String {
    let usual = RunSpec::default();
    let model = if settings.get("show") == "train" {
        training::model()
    } else {
        let layers = stack::read(settings.get("stack"));
        let padded = settings.is_on("padded");
        let fits = stack::graph(&layers, padded).is_ok();
        let layers = if fits { layers } else { stack::read("c3.1.1,c3.1.1,c3.1.1") };
        let each = |l: &stack::Layer| {
            let behind: Option<LayerSpec> = (!l.pool).then(|| Relu {}.into());
            std::iter::once(l.spec(padded, 6)).chain(behind)
        };
        let mut specs: Vec<LayerSpec> = layers.iter().flat_map(each).collect();
        specs.extend([Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()]);
        ModelSpec { layers: specs, ..usual.model.clone() }
    };
    link::encode(&RunSpec { model, ..usual })
}
