//! A run as the query of a link, and back.
//!
//! `?v=1&net=n1&rate=0.003&batch=128&seed=7&opt=momentum&epochs=5` says what differs from
//! [`RunSpec::default`]; what it does not name is as there.
//!
//! | key | value |
//! |---|---|
//! | `v` | version of this table; always written first |
//! | `net` | a preset's name, or the layers in the text of [`crate::compact`] without their default settings |
//! | `input` | channels, rows, columns |
//! | `init` | rule of the first weights; those with a number as `(normal:(std:0.1))` |
//! | `loss`, `opt`, `schedule` | a name, or name and settings in the text of [`crate::compact`] |
//! | `update` | what stands around the optimizer, in the text of [`crate::compact`] without the usual settings |
//! | `warmup`, `warmup_from` | steps of the warm-up, share of the rate that it begins with |
//! | `data` | what is trained on: `digits`, `shapes`, `own` images, `digits_and_own` |
//! | `rate`, `batch`, `epochs`, `seed` | numbers |
//! | `select`, `stop` | which digits train; when training ends early: in the text of [`crate::compact`] without the usual settings |
//! | `class_weights`, `precision` | a word |
//! | `shift`, `rotate`, `scale` | numbers: how far the images of training are moved |
//! | `augment` | how else they are changed, in the text of [`crate::compact`] without the usual settings |
//!
//! Numbers are finite; a specification that [`TrainSpec::check`] accepts comes back exactly. Since a
//! link leaves defaults out, a change of any default, a layer's included, needs a new [`VERSION`].

mod values;

use engine::{
    Augment, Graph, Init, LayerSpec, ModelSpec, ScheduleSpec, SpecError, Treatment,
    augment::{ROTATIONS, SCALES, SHIFTS},
    json::{self, Read},
    loss::LossError,
    presets,
    schedule::{START_FACTORS, STEPS},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

pub use values::{augment_of, loss_of};
use values::{checked_of, curve_of, init_of, input_of, layers_of, number_of, optimizer_of, shown, treatment_of, whole_of, word_of};

use crate::{
    RunError, RunSpec, Selection, Stopping, TrainSpec,
    compact::{self, CompactError},
    regime::Word,
    run::{BATCHES, EPOCHS, RATES},
};

pub const VERSION: u32 = 1;
/// Keys of the page, which say nothing about the run.
pub const PAGE_KEYS: &[&str] = &[
    "backend", "bench", "embed", "focus", "hide", "lang", "layer", "lesson", "mode", "pace", "panel", "play", "present", "reset", "sample",
    "seconds", "step", "test", "theme", "threads", "view", "watch", "workers",
];
/// Longest query that is read.
pub const LENGTH_LIMIT: usize = 65_536;
const CLASSES: usize = 10;

/// What is wrong with one key of a link. Its default is used instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{key}` in the link: {problem}")]
pub struct LinkError {
    pub key: String,
    pub problem: LinkProblem,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LinkProblem {
    #[error("is no key that this page knows; it is passed over")]
    UnknownKey,
    #[error("appears twice; the first is used")]
    Twice,
    #[error("version `{got}` is not one that this page reads; it reads {known}, and uses the default run")]
    Version { got: String, known: u32 },
    #[error("`{got}` is not a number; the default is used")]
    NotANumber { got: String },
    #[error("`{got}` is not a whole number from {least} to {most}; the default is used")]
    NotWhole { got: String, least: u64, most: u64 },
    #[error("{got} must lie in {least} to {most}; the default is used")]
    OutOfRange { got: String, least: f32, most: f32 },
    #[error("`{got}` is none of {known}; the default is used")]
    UnknownName { got: String, known: String },
    #[error("cannot be read at {error}; the default is used")]
    Text { error: CompactError },
    #[error("{reason}; the default is used")]
    Content { reason: String },
    #[error("{error}; the default is used")]
    Setting { error: RunError },
    #[error("{error}; the default is used")]
    Loss { error: LossError },
    #[error("this is no network: {error}; the default is used")]
    Network { error: SpecError },
    #[error("{len} bytes are more than the {most} that are read; the default run is used")]
    TooLong { len: usize, most: usize },
}

/// What may stand in a query beside letters and digits, given that `+` means a space there.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The query of `run`, without the question mark.
pub fn encode(run: &RunSpec) -> String {
    let (model, train) = (&run.model, &run.train);
    let (usual, usual_model) = (TrainSpec::default(), RunSpec::default().model);
    let mut query = format!("v={VERSION}");
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            query.push('&');
            query.push_str(key);
            query.push('=');
            query.extend(utf8_percent_encode(&value, ESCAPED));
        }
    };
    let changed = |differs: bool, value: &dyn Fn() -> Option<String>| if differs { value() } else { None };
    put("net", changed(model.layers != usual_model.layers, &|| Some(net_text(&model.layers))));
    put("input", changed(model.input != usual_model.input, &|| Some(format!("{},{},{}", model.input.ch, model.input.h, model.input.w))));
    put("init", changed(model.init != usual_model.init, &|| init_text(model.init)));
    put("data", changed(train.data != usual.data, &|| Some(train.data.word().to_owned())));
    put("loss", changed(train.loss != usual.loss, &|| tagged_text(&train.loss, "loss")));
    put("opt", changed(train.optimizer != usual.optimizer, &|| tagged_text(&train.optimizer, "optimizer")));
    put("update", changed(train.treatment != usual.treatment, &|| lean(&train.treatment, "").map(|v| compact::write(&v, ""))));
    put("schedule", changed(train.schedule.curve != usual.schedule.curve, &|| tagged_text(&train.schedule.curve, "curve")));
    put("warmup", changed(train.schedule.warmup_steps != usual.schedule.warmup_steps, &|| Some(train.schedule.warmup_steps.to_string())));
    let number =
        |value: f32, usual: f32| if value != usual && value.is_finite() { json::value(&value).ok().map(|v| v.to_string()) } else { None };
    put("warmup_from", number(train.schedule.start_factor, usual.schedule.start_factor));
    put("select", changed(train.selection != usual.selection, &|| lean(&train.selection, "").map(|v| compact::write(&v, ""))));
    put("stop", changed(train.stopping != usual.stopping, &|| lean(&train.stopping, "").map(|v| compact::write(&v, ""))));
    put("class_weights", changed(train.class_weights != usual.class_weights, &|| Some(train.class_weights.word().to_owned())));
    put("precision", changed(train.precision != usual.precision, &|| Some(train.precision.word().to_owned())));
    put("rate", number(train.rate, usual.rate));
    put("batch", changed(train.batch != usual.batch, &|| Some(train.batch.to_string())));
    put("epochs", changed(train.epochs != usual.epochs, &|| Some(train.epochs.to_string())));
    put("seed", changed(train.seed != usual.seed, &|| Some(train.seed.to_string())));
    put("shift", number(train.augment.shift, usual.augment.shift));
    put("rotate", number(train.augment.rotate, usual.augment.rotate));
    put("scale", number(train.augment.scale, usual.augment.scale));
    let rest = Augment { shift: usual.augment.shift, rotate: usual.augment.rotate, scale: usual.augment.scale, ..train.augment };
    put("augment", changed(rest != usual.augment, &|| lean(&rest, "").map(|v| compact::write(&v, ""))));
    query
}

/// The name alone where a rule has no number, or its usual one.
fn init_text(init: Init) -> Option<String> {
    if Init::ALL.contains(&init) {
        return Some(init.name().to_owned());
    }
    json::value(&init).ok().map(|value| compact::write(&value, ""))
}

fn net_text(layers: &[LayerSpec]) -> String {
    match presets::PRESETS.iter().find(|p| p.model().layers == layers) {
        Some(preset) => preset.slug.to_owned(),
        None => compact::write(&Value::Array(layers.iter().filter_map(|l| lean(l, "op")).collect()), "op"),
    }
}

/// The name alone where all settings are the usual ones.
fn tagged_text<T: Serialize + Read + PartialEq>(value: &T, tag: &str) -> Option<String> {
    let lean = lean(value, tag)?;
    Some(match lean.as_object() {
        Some(settings) if settings.len() == 1 => word(&lean[tag]),
        _ => compact::write(&lean, tag),
    })
}

/// As JSON, without each setting that comes back by itself.
fn lean<T: Serialize + Read + PartialEq>(value: &T, tag: &str) -> Option<Value> {
    let mut json = json::value(value).ok()?;
    let keys: Vec<String> = json.as_object()?.keys().filter(|k| *k != tag).cloned().collect();
    for key in keys {
        let mut without = json.clone();
        without.as_object_mut()?.remove(&key);
        if T::read(without.clone()).is_ok_and(|v| v == *value) {
            json = without;
        }
    }
    Some(json)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The run that `query` describes (with or without its question mark), and what is wrong with it.
///
/// Whatever is wrong is replaced by its default, so the run is always a network that
/// [`Graph::check_classifier`] accepts, with settings that [`TrainSpec::check`] and a loss that
/// `LossSpec::check` accept.
pub fn decode(query: &str) -> (RunSpec, Vec<LinkError>) {
    let query = query.strip_prefix('?').unwrap_or(query);
    let mut reader = Reader::default();
    if query.len() > LENGTH_LIMIT {
        reader.complain("v", LinkProblem::TooLong { len: query.len(), most: LENGTH_LIMIT });
        return (RunSpec::default(), reader.problems);
    }
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if PAGE_KEYS.contains(&&*key) {
            continue;
        }
        match reader.slot(&key) {
            None => reader.complain(&key, LinkProblem::UnknownKey),
            Some(Some(_)) => reader.complain(&key, LinkProblem::Twice),
            Some(slot) => *slot = Some(value.into_owned()),
        }
    }
    let run = reader.run();
    (run, reader.problems)
}

#[derive(Default)]
struct Reader {
    values: [Option<String>; KEYS.len()],
    problems: Vec<LinkError>,
}

#[rustfmt::skip]
const KEYS: [&str; 23] = [
    "v", "data", "net", "input", "init", "loss", "opt", "update", "schedule", "warmup", "warmup_from",
    "select", "stop", "class_weights", "precision", "rate", "batch", "epochs", "seed", "shift", "rotate", "scale", "augment",
];

impl Reader {
    fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        KEYS.iter().position(|k| *k == key).map(|i| &mut self.values[i])
    }

    fn complain(&mut self, key: &str, problem: LinkProblem) {
        // A key may be as long as the link.
        self.problems.push(LinkError { key: shown(key), problem });
    }

    /// The value of `key` by `read`; where that fails, a complaint and `usual`.
    fn value<T>(&mut self, key: &str, usual: T, read: impl Fn(&str) -> Result<T, LinkProblem>) -> T {
        match self.slot(key).and_then(Option::take).map(|text| read(&text)) {
            None => usual,
            Some(Ok(value)) => value,
            Some(Err(problem)) => {
                self.complain(key, problem);
                usual
            }
        }
    }

    fn run(&mut self) -> RunSpec {
        let usual = RunSpec::default();
        let version_known = self.value("v", true, |text| match text.parse() {
            Ok(VERSION) => Ok(true),
            _ => Err(LinkProblem::Version { got: shown(text), known: VERSION }),
        });
        if !version_known || self.problems.iter().any(|p| p.key == "v" && p.problem != LinkProblem::Twice) {
            // What its keys mean is anyone's guess.
            return usual;
        }
        let layers = self.value("net", None, |text| layers_of(text).map(Some));
        let named = layers.is_some();
        let model = ModelSpec {
            layers: layers.unwrap_or_else(|| usual.model.layers.clone()),
            input: self.value("input", usual.model.input, input_of),
            init: self.value("init", usual.model.init, init_of),
        };
        let model = match Graph::check_classifier(&model, CLASSES) {
            Ok(_) => model,
            Err(error) => {
                let key = if named && !matches!(error, SpecError::Input { .. }) { "net" } else { "input" };
                self.complain(key, LinkProblem::Network { error });
                usual.model
            }
        };
        let t = usual.train;
        let rest = self.value("augment", t.augment, augment_of);
        let train = TrainSpec {
            data: self.value("data", t.data, word_of),
            loss: self.value("loss", t.loss, loss_of),
            optimizer: self.value("opt", t.optimizer, optimizer_of),
            treatment: self.value("update", t.treatment, treatment_of),
            schedule: ScheduleSpec {
                curve: self.value("schedule", t.schedule.curve, curve_of),
                warmup_steps: self.value("warmup", t.schedule.warmup_steps, |text| whole_of(text, 0, u64::from(STEPS)).map(|n| n as u32)),
                start_factor: self.value("warmup_from", t.schedule.start_factor, |text| number_of(text, &START_FACTORS)),
            },
            rate: self.value("rate", t.rate, |text| number_of(text, &RATES)),
            batch: self.value("batch", t.batch, |text| whole_of(text, *BATCHES.start() as u64, *BATCHES.end() as u64).map(|n| n as usize)),
            epochs: self
                .value("epochs", t.epochs, |text| whole_of(text, u64::from(*EPOCHS.start()), u64::from(*EPOCHS.end())).map(|n| n as u32)),
            seed: self.value("seed", t.seed, |text| whole_of(text, 0, u64::from(u32::MAX)).map(|n| n as u32)),
            augment: Augment {
                shift: self.value("shift", rest.shift, |text| number_of(text, &SHIFTS)),
                rotate: self.value("rotate", rest.rotate, |text| number_of(text, &ROTATIONS)),
                scale: self.value("scale", rest.scale, |text| number_of(text, &SCALES)),
                ..rest
            },
            selection: self.value("select", t.selection, |text| checked_of(text, Selection::check)),
            stopping: self.value("stop", t.stopping, |text| checked_of(text, Stopping::check)),
            class_weights: self.value("class_weights", t.class_weights, word_of),
            precision: self.value("precision", t.precision, word_of),
        };
        let mut run = RunSpec { model, train };
        if let Err(error) = run.train.selection.check_on(run.train.data) {
            self.complain("select", LinkProblem::Setting { error });
            run.train.selection = Selection::default();
        }
        // Rates of layers that the network has not.
        if let Ok(graph) = Graph::check(&run.model)
            && let Err(error) = run.train.update().check(&graph)
        {
            self.complain("update", LinkProblem::Content { reason: error.to_string() });
            run.train.treatment = Treatment::default();
        }
        run
    }
}
