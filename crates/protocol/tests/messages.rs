//! Every command and event goes through JSON and comes back.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::collections::HashSet;

use engine::{Augment, NodeId, ParamId, ShapeError, SpecError, Tensor, ops::account::PartKind, presets::PRESETS};
use protocol::{
    Adapter, Advice, Backend, BatchRow, BatchSuggestion, CardReport, Change, Check, Command, EvalSet, Event, Finding, FrameId, Hyper, Note,
    Opened, Pace, ParamChange, PartView, Preview, Previewed, Probed, Probing, Progress, Quality, Quest, Race, Racer, RatePoint,
    RateSuggestion, Remedy, RunId, RunSpec, Save, Score, Summary, Timing, Trace, Traffic, TrainSpec, Travel, View, Wish,
};
use serde::{Serialize, de::DeserializeOwned};

const RUN: RunId = RunId(7);
const OPENED: Opened = Opened { node: NodeId(2), channel: 1, field_of: Some([0, 3]) };

fn commands() -> Vec<Command> {
    let tensors = vec![
        Tensor::Input,
        Tensor::Output(NodeId(1)),
        Tensor::OutputGrad(NodeId(2)),
        Tensor::Param(ParamId(0)),
        Tensor::ParamGrad(ParamId(3)),
        Tensor::State(ParamId(1)),
    ];
    let travels = [
        Travel::To { step: 3 },
        Travel::Now,
        Travel::Resume { step: u32::MAX },
        Travel::Branch { step: 0, to: RunId(8) },
        Travel::Film { param: ParamId(2) },
        Travel::Save { step: 1, ask: 2 },
        Travel::Recall,
    ];
    let opens = PRESETS.iter().map(|p| Command::Open { run: RUN, spec: RunSpec { model: p.model(), train: TrainSpec::default() } });
    opens
        .chain([
            Command::Play { run: RUN },
            Command::Pause { run: RUN },
            Command::Step { run: RUN, count: u32::MAX },
            Command::Tune { run: RUN, hyper: Hyper { rate: 0.1 } },
            Command::Amend { run: RUN, spec: RunSpec::default() },
            Command::Seek { run: RUN, quest: Some(Quest::Rate) },
            Command::Seek { run: RUN, quest: Some(Quest::Batch) },
            Command::Seek { run: RUN, quest: None },
            Command::Race { run: RUN, race: Some(Race { entries: vec![RunSpec::default(); 2], steps: 300 }) },
            Command::Race { run: RUN, race: None },
            Command::SetPace { run: RUN, pace: Pace::Full },
            Command::SetPace { run: RUN, pace: Pace::StepsPerSecond(2.5) },
            Command::Watch { run: RUN, tensors },
            Command::Watch { run: RUN, tensors: vec![] },
            Command::Dissect { run: RUN, opened: None },
            Command::Dissect { run: RUN, opened: Some(OPENED) },
            Command::Show { run: RUN },
            Command::Ack { run: RUN, frame: FrameId(9) },
            Command::Probe { run: RUN, what: Probing::Off },
            Command::Probe { run: RUN, what: Probing::Distributions },
            Command::Evaluate { run: RUN, set: EvalSet::Validation },
            Command::Evaluate { run: RUN, set: EvalSet::Test },
            Command::Preview {
                run: RUN,
                preview: Preview { ask: 3, augment: Augment { mixup: 0.2, ..Augment::default() }, seed: 9, count: 40 },
            },
            Command::Save { run: RUN, ask: 1, what: Save::Weights },
            Command::Save { run: RUN, ask: 2, what: Save::Checkpoint },
            Command::Load { run: RUN },
            Command::Trace { run: RUN, place: 3 },
            Command::Close { run: RUN },
        ])
        .chain(travels.map(|travel| Command::Time { run: RUN, travel }))
        .collect()
}

/// Numbers that try the digits: the smallest, the largest, and whole ones that look like integers.
fn progress() -> Progress {
    Progress {
        step: u32::MAX,
        epoch: 1.0,
        loss: 0.1 + 0.2,
        accuracy: f64::MIN_POSITIVE,
        rate: f32::MAX,
        images_per_second: 0.0,
        penalty: 0.1,
    }
}

fn events() -> Vec<Event> {
    let message = || "“quoted” \u{0} ×".to_owned();
    let quality = Quality { top_2: 0.1 + 0.2, top_3: 1.0, ece: 1e-300, brier: 2.0, roc_auc: vec![Some(1.0 / 3.0), None] };
    let score = Score {
        set: EvalSet::Test,
        step: 3,
        epoch: 2.0,
        loss: 1e300,
        accuracy: 1.0,
        count: 10_000,
        confusion: vec![0, u32::MAX],
        quality: Some(quality),
    };
    let view = View { tensor: Tensor::Output(NodeId(0)), dims: vec![1, 8, 28, 28], range: 64..6_336 };
    let trace = Trace {
        step: 1,
        place: 2,
        batch: 64,
        label: 9,
        rate: 0.1,
        loss: 0.1 + 0.2,
        example_loss: 1.0,
        correct: 3,
        probabilities: vec![0.1, 1.0],
        changes: vec![ParamChange { before: 1.0, gradient: 1e-300, change: 0.1 }],
        views: vec![view.clone()],
        after: vec![],
    };
    let part = PartView { kind: PartKind::Products, dims: [3, 28, 28], range: 0..2_352 };
    let summary =
        Summary { backend: Backend::Twin, half: true, cores: 3, params: 5, multiply_adds: 9e15, memory_bytes: 0.5, steps_per_epoch: 781 };
    let refusals = [
        SpecError::Layer { node: NodeId(2), op: "conv2d".to_owned(), error: ShapeError::NotFlat { got: engine::Shape::flat(3) } },
        SpecError::NoLayers,
        SpecError::Memory { needed: 2_000, most: 1_024, batch: 64 },
    ];
    let refused = refusals.map(|error| Event::Refused { run: RUN, error });
    let traffic =
        Traffic { dispatches_per_step: 17.25, dispatches_per_second: 1e5, submissions_per_second: 120.0, read_backs_per_second: 0.0 };
    let report = CardReport {
        adapter: Some(Adapter { name: message(), backend: "vulkan".to_owned(), subgroups: true, ..Adapter::default() }),
        checks: vec![Check { name: "conv2d".to_owned(), worst: 1e-7, passed: true }],
        timing: Some(Timing { cpu_step_ms: 4.0, gpu_step_ms: 0.5, network: "n1".to_owned(), batch: 64 }),
        chosen: Backend::Gpu,
        reason: message(),
    };
    let note = Note { step: 812, what: "rate".to_owned(), from: "0.002".to_owned(), to: "0.0005".to_owned() };
    let rates = Finding::Rate {
        points: vec![RatePoint { rate: 1e-6, loss: 2.3, smooth: 2.0 }],
        suggestion: Some(RateSuggestion { rate: None, why: message() }),
    };
    let row = BatchRow { batch: 64, images_per_second: 1e4, step_ms: 6.4, memory_bytes: 1e9 };
    let batches = Finding::Batch { rows: vec![row], suggestion: Some(BatchSuggestion { batch: Some(64), why: message() }) };
    let remedies = [
        None,
        Some(Remedy { label: message(), change: Change::Rate { rate: 0.1 } }),
        Some(Remedy { label: message(), change: Change::Run { spec: RunSpec::default() } }),
    ];
    let advice = remedies.map(|remedy| Advice {
        rule: "nan".to_owned(),
        title: message(),
        evidence: message(),
        step: 9,
        layer: remedy.as_ref().map(|_| NodeId(3)),
        remedy,
    });
    let probe = Probed { step: 3, epoch: 0.5, images: 32, cost_ms: 1.5, layers: 11 };
    let racer = Racer {
        params: 31_418,
        progress: progress(),
        points: vec![progress()],
        scores: vec![score.clone()],
        train_ms: 0.1 + 0.2,
        on_card: true,
        trouble: message(),
    };
    let mut events = vec![
        Event::Ready { version: "0.1.0".to_owned() },
        Event::DataArrived { train: 2_000, train_total: 50_000 },
        Event::Opened {
            run: RUN,
            spec: RunSpec::default(),
            summary,
            progress: progress(),
            history: vec![progress(), Progress::default()],
            scores: vec![score.clone()],
            notes: vec![note.clone()],
        },
        Event::Amended {
            run: RUN,
            step: 9,
            spec: RunSpec::default(),
            summary: Summary::default(),
            notes: vec![note, Note::told(3, message())],
        },
        Event::Found { run: RUN, finding: rates, over: false, message: message() },
        Event::Found { run: RUN, finding: batches, over: true, message: String::new() },
        Event::Raced { run: RUN, racers: vec![racer, Racer::default()], over: true, message: message() },
        Event::Declined { run: RUN, message: message() },
        Event::Played { run: RUN },
        Event::Paused { run: RUN, progress: progress() },
        Event::Progressed { run: RUN, progress: progress(), history: vec![], traffic: None },
        Event::Progressed { run: RUN, progress: progress(), history: vec![progress()], traffic: Some(traffic) },
        Event::Checked { report: CardReport::default() },
        Event::Checked { report },
        Event::Moved { run: RUN, backend: Backend::Gpu, half: true, cores: 4, progress: progress(), message: message() },
        Event::Parted { run: RUN, step: 7, tensor: "0.weight".to_owned(), position: 3, cpu: 0.1, gpu: -0.0, message: message() },
        Event::Framed { run: RUN, frame: FrameId(0), step: 1, probabilities: vec![0.1, 1.0, f32::MIN_POSITIVE], views: vec![view] },
        Event::Dissected { run: RUN, opened: OPENED, parts: vec![part], trouble: Some(message()) },
        Event::Evaluated { run: RUN, score },
        Event::Probed { run: RUN, probe },
        Event::Advised { run: RUN, advice: advice.to_vec() },
        Event::Advised { run: RUN, advice: vec![] },
        Event::Finished { run: RUN, progress: progress(), message: Some(message()) },
        Event::Previewed { run: RUN, ask: 3, step: 7, images: vec![Previewed { label: 3, other: 9, share: 0.1 }] },
        Event::Finished { run: RUN, progress: progress(), message: None },
        Event::Finished { run: RUN, progress: progress(), message: Some(message()) },
        Event::Saved { run: RUN, ask: 3 },
        Event::Kept { run: RUN, steps: vec![0, 1, 2, u32::MAX] },
        Event::Looked { run: RUN, step: Some(7) },
        Event::Looked { run: RUN, step: None },
        Event::Resumed { run: RUN, progress: progress() },
        Event::Filmed { run: RUN, param: ParamId(1), steps: vec![] },
        Event::Traced { run: RUN, trace },
        Event::LoadFailed { run: RUN, message: message() },
        Event::DataFailed { file: "train-0.pack".to_owned(), message: message() },
        Event::Faulted { run: RUN, message: message() },
    ];
    events.extend(refused);
    events
}

/// Through JSON text and through a tree of values, as `serde_wasm_bindgen` would make one: there every
/// number is a double, and a whole one is taken for an integer.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let mut tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    as_doubles(&mut tree);
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value, "{text}");
}

fn as_doubles(tree: &mut serde_json::Value) {
    use serde_json::Value;
    match tree {
        Value::Number(n) => {
            let double = n.as_f64().unwrap();
            if double.fract() == 0.0 && double.abs() < 2f64.powi(53) {
                *tree = Value::from(double as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_doubles),
        Value::Object(entries) => entries.values_mut().for_each(as_doubles),
        _ => {}
    }
}

/// The tags that serde knows, from its complaint about one that it does not: so no variant can be
/// missing from the lists above.
fn tags<T: DeserializeOwned + std::fmt::Debug>() -> HashSet<String> {
    let error = serde_json::from_value::<T>(serde_json::json!({ "?": {} })).unwrap_err().to_string();
    let (_, known) = error.split_once("expected one of ").unwrap();
    known.split(", ").map(|t| t.trim_matches('`').to_owned()).collect()
}

fn tags_of<T: Serialize>(list: &[T]) -> HashSet<String> {
    list.iter().flat_map(|v| serde_json::to_value(v).unwrap().as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn every_command_comes_back() {
    let commands = commands();
    commands.iter().for_each(comes_back);
    assert_eq!(tags_of(&commands), tags::<Command>());
    assert!(commands.iter().all(|c| c.run() == RUN));
}

#[test]
fn every_event_comes_back() {
    let events = events();
    events.iter().for_each(comes_back);
    assert_eq!(tags_of(&events), tags::<Event>());
    let without_run: Vec<_> = events.iter().filter(|e| e.run().is_none()).collect();
    assert!(matches!(
        without_run[..],
        [Event::Ready { .. }, Event::DataArrived { .. }, Event::Checked { .. }, Event::Checked { .. }, Event::DataFailed { .. }]
    ));
}

#[test]
fn a_run_from_before_augmentation_is_read() {
    let mut text = serde_json::to_value(RunSpec::default()).unwrap();
    assert!(text["train"].as_object_mut().unwrap().remove("augment").is_some());
    assert_eq!(serde_json::from_value::<RunSpec>(text).unwrap(), RunSpec::default());
}

#[test]
fn augmentation_has_limits() {
    let none = Augment::default();
    let check = |augment| TrainSpec { augment, ..TrainSpec::default() }.check().map_err(|e| e.to_string());
    assert_eq!(check(Augment { shift: 8.0, rotate: 45.0, scale: 0.5, ..none }), Ok(()));
    for (augment, name) in [
        (Augment { shift: 8.1, ..none }, "`shift` is 8.1, but must lie in 0 to 8"),
        (Augment { shift: f32::NAN, ..none }, "`shift` is NaN, but must lie in 0 to 8"),
        (Augment { rotate: -1.0, ..none }, "`rotate` is -1, but must lie in 0 to 45"),
        (Augment { elastic: 8.5, ..none }, "`elastic` is 8.5, but must lie in 0 to 8"),
        (Augment { elastic_cells: 0, ..none }, "`elastic_cells` is 0, but must lie in 1 to 8"),
        (Augment { mixup: f32::NAN, ..none }, "`mixup` is NaN, but must lie in 0 to 4"),
        (Augment { rand_count: 6.0, ..none }, "`rand_count` is 6, but must lie in 0 to 5"),
        (Augment { scale: f32::INFINITY, ..none }, "`scale` is NaN, but must lie in 0 to 0.5"),
    ] {
        assert_eq!(check(augment), Err(name.to_owned()));
    }
}

#[test]
fn a_wish_is_a_word() {
    for wish in [Wish::Auto, Wish::Cpu, Wish::Gpu, Wish::Twin] {
        assert_eq!(wish.name().parse(), Ok(wish));
    }
    let error = "GPU".parse::<Wish>().unwrap_err();
    assert_eq!(error.to_string(), "`GPU` is no backend; there are auto, cpu, gpu and twin");
    assert_eq!(Wish::default(), Wish::Auto);
    assert_eq!([Backend::Cpu, Backend::Gpu, Backend::Twin].map(Backend::name), ["cpu", "gpu", "twin"]);
}
