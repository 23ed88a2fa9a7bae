//! Sessions on this machine's graphics card, or on what plays one. Without any the tests are skipped,
//! loudly; where `REQUIRE_GPU` is 1 that is a failure.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)] // A test may panic.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use data::{Dataset, OwnImages, Source};
use engine::{
    Augment, LossSpec, NodeId, ScheduleSpec, Tensor, Treatment,
    backend::gpu::{
        Card, CardError,
        check::{self, Subject},
        launch::Storage,
        reader::block_on,
    },
    presets::preset,
    schedule::{Cosine, CurveSpec},
};
use protocol::{Backend, Command, EvalSet, Event, Finding, Message, Progress, Quest, RunId, RunSpec, Save, Selection, Wish};
use trainer::{
    Portion, Rest, Session,
    machine::{CardMaker, Clock},
    survey::survey,
};

const RUN: RunId = RunId(1);
const FEW: Portion = Portion { train: 320, scored: 200 };

fn card() -> Option<Rc<Card>> {
    match block_on(Card::open()) {
        Ok(card) => Some(card),
        Err(error) => {
            let required = std::env::var("REQUIRE_GPU").is_ok_and(|v| !v.is_empty() && v != "0");
            assert!(!required, "REQUIRE_GPU is set, but {error}");
            println!("SKIPPED: {error}");
            None
        }
    }
}

fn clock() -> Clock {
    let start = Instant::now();
    Rc::new(move || start.elapsed().as_secs_f64() * 1e3)
}

struct Rig {
    session: Session,
    clock: Clock,
    events: Vec<Message<Event>>,
}

impl Rig {
    /// A run of `spec` over [`FEW`], opened.
    fn open(spec: &RunSpec, card: Option<(&Rc<Card>, Backend, Storage)>) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
        let session = Session::with_portion(Arc::new(Dataset::read_dir(path).unwrap()), FEW);
        let mut rig = Self { session, clock: clock(), events: Vec::new() };
        if let Some((card, backend, storage)) = card {
            rig.give(card, backend, storage);
        }
        rig.send(Command::Open { run: RUN, spec: spec.clone() }.into());
        let opened = rig.until(|e| matches!(e, Event::Opened { .. }));
        let Event::Opened { summary, .. } = opened.head else { panic!("{opened:?}") };
        assert_eq!(summary.backend, card.map_or(Backend::Cpu, |(_, backend, _)| backend));
        rig
    }

    fn give(&mut self, card: &Rc<Card>, backend: Backend, storage: Storage) {
        self.session.set_maker(Some(Box::new(CardMaker::new(card, backend, storage, Rc::clone(&self.clock)))));
    }

    fn send(&mut self, message: Message<Command>) {
        self.session.handle(message, (self.clock)());
        self.collect();
    }

    fn collect(&mut self) {
        for message in self.session.take_events() {
            if let Event::Framed { run, frame, .. } = message.head {
                self.session.handle(Command::Ack { run, frame }.into(), (self.clock)());
            }
            self.events.push(message);
        }
    }

    fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Message<Event> {
        let started = Instant::now();
        let mut seen = 0;
        loop {
            if let Some(found) = self.events[seen..].iter().find(|m| wanted(&m.head)) {
                return found.clone();
            }
            seen = self.events.len();
            assert!(started.elapsed() < Duration::from_secs(300), "it never came; the last: {:?}", self.events.last().map(|m| &m.head));
            let clock = Rc::clone(&self.clock);
            let rest = self.session.turn(10.0, &mut || clock());
            self.collect();
            if let Rest::UntilWoken(ms) | Rest::After(ms) = rest {
                std::thread::sleep(Duration::from_secs_f64(ms.clamp(0.0, 1.0) / 1e3));
            }
        }
    }

    fn finish(&mut self) {
        self.events.clear();
        self.send(Command::Play { run: RUN }.into());
        self.until(|e| matches!(e, Event::Finished { .. }));
    }

    fn points(&self) -> Vec<Progress> {
        let points = self.events.iter().flat_map(|m| match &m.head {
            Event::Progressed { history, .. } => &history[..],
            _ => &[],
        });
        points.copied().collect()
    }

    fn accuracy(&self, set: EvalSet) -> f64 {
        let scores = self.events.iter().filter_map(|m| match &m.head {
            Event::Evaluated { score, .. } if score.set == set => Some(score),
            _ => None,
        });
        let last = scores.reduce(|_, score| score).unwrap();
        assert_eq!(last.count, 200);
        assert_eq!(last.confusion.iter().sum::<u32>(), 200);
        last.accuracy
    }

    fn save(&mut self) -> Vec<u8> {
        self.events.clear();
        self.send(Command::Save { run: RUN, ask: 3, what: Save::Checkpoint }.into());
        self.until(|e| matches!(e, Event::Saved { ask: 3, .. })).file
    }
}

/// The first preset, which drops out, over three epochs of twenty steps.
fn spec() -> RunSpec {
    let mut spec = RunSpec { model: preset("lens").unwrap().model(), ..RunSpec::default() };
    (spec.train.batch, spec.train.epochs) = (16, 3);
    spec
}

#[test]
fn a_run_on_the_card_is_the_run_on_the_cpu() {
    let Some(card) = card() else { return };
    let (mut here, mut there) = (Rig::open(&spec(), None), Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32))));
    here.finish();
    there.finish();
    let (want, got) = (here.points(), there.points());
    assert_eq!(want.last().unwrap().step, 60);
    assert_eq!(got.iter().map(|p| p.step).collect::<Vec<_>>(), want.iter().map(|p| p.step).collect::<Vec<_>>());
    // Rounding is carried on from step to step: the first epoch agrees closely, the end in what was learnt.
    for (got, want) in got.iter().zip(&want).take_while(|(p, _)| p.step <= 20) {
        assert!((got.loss - want.loss).abs() <= 2e-3 * want.loss, "{got:?}, on the CPU {want:?}");
    }
    for set in [EvalSet::Validation, EvalSet::Test] {
        let (got, want) = (there.accuracy(set), here.accuracy(set));
        assert!(want > 0.6 && (got - want).abs() <= 0.06, "{set:?}: {got}, on the CPU {want}");
    }
}

#[test]
fn what_is_watched_and_saved_on_the_card_is_what_the_cpu_sees() {
    let Some(card) = card() else { return };
    let mut there = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32)));
    there.send(Command::Step { run: RUN, count: 5 }.into());
    there.until(|e| matches!(e, Event::Paused { .. }));
    let file = there.save();

    let mut here = Rig::open(&spec(), None);
    here.send(Message { head: Command::Load { run: RUN }, bulk: Vec::new(), file });
    let tensors: Vec<Tensor> = (0..spec().model.layers.len()).map(|i| Tensor::Output(NodeId(i))).collect();
    let image: Vec<f32> = (0..784).map(|i| (i % 29) as f32 / 28.0).collect();
    let [got, want] = [&mut there, &mut here].map(|rig| {
        rig.events.clear();
        rig.send(Command::Watch { run: RUN, tensors: tensors.clone() }.into());
        rig.send(Message { head: Command::Show { run: RUN }, bulk: image.clone(), file: Vec::new() });
        rig.until(|e| matches!(e, Event::Framed { step: 5, .. }))
    });
    assert_eq!(got.bulk.len(), want.bulk.len());
    let size = want.bulk.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.bulk.iter().zip(&want.bulk).enumerate() {
        assert!((g - w).abs() <= 1e-5 * size, "number {i}: {g}, on the CPU {w}");
    }
}

#[test]
fn a_lost_card_ends_in_a_message_and_a_run_that_goes_on() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), None);
    rig.send(Command::Play { run: RUN }.into());
    rig.until(|e| matches!(e, Event::Progressed { .. }));
    rig.give(&card, Backend::Gpu, Storage::F32);
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Gpu, .. }));
    let Event::Moved { progress: there, .. } = moved.head else { panic!("{moved:?}") };
    rig.until(|e| matches!(e, Event::Progressed { progress, .. } if progress.step > there.step + 3));
    rig.events.clear();
    card.destroy();
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    let Event::Moved { progress, message, .. } = moved.head else { panic!("{moved:?}") };
    assert!(message.contains("lost") && message.contains(&format!("step {}", progress.step)), "{message}");
    rig.until(|e| matches!(e, Event::Finished { progress, .. } if progress.step == 60));
    assert!(!rig.events.iter().any(|m| matches!(m.head, Event::Faulted { .. })));
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_card_lost_while_nothing_runs_is_told_at_once() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 3 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let told = card.troubled();
    card.destroy();
    // Who hosts the session waits for this, and then has it take a turn.
    assert!(matches!(block_on(told), CardError::Lost(_)));
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    let Event::Moved { progress, message, .. } = moved.head else { panic!("{moved:?}") };
    assert!(message.contains("lost") && progress.step <= 3, "{message} at {}", progress.step);
    rig.send(Command::Play { run: RUN }.into());
    rig.until(|e| matches!(e, Event::Finished { progress, .. } if progress.step == 60));
}

#[test]
fn a_twin_does_not_part() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");
}

#[test]
fn a_twin_does_not_part_over_moved_images() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    spec.train.augment = Augment { shift: 3.0, rotate: 20.0, scale: 0.2, ..Augment::default() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");
}

/// Everything that can be done to an image, mixed images with shares of two classes included.
#[test]
fn a_twin_does_not_part_over_augmented_images() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    let all =
        Augment { shift: 2.0, rotate: 10.0, elastic: 2.0, perspective: 0.2, blur: 0.5, contrast: 0.3, noise: 0.1, ..Augment::default() };
    let mixed = Augment { erase: 0.5, cutout: 6.0, mixup: 0.4, cutmix: 1.0, rand_count: 2.0, ..all };
    for augment in [all, mixed] {
        spec.train.augment = augment;
        let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
        rig.send(Command::Step { run: RUN, count: 6 }.into());
        rig.until(|e| matches!(e, Event::Paused { .. }));
        let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
        assert!(parted.is_empty(), "{parted:?}");
    }
    // On the card alone it learns.
    spec.train.augment = Augment { shift: 1.0, mixup: 0.2, ..Augment::default() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Gpu, Storage::F32)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.5);
}

/// Penalties, clipping, accumulation, a frozen layer, sharpness-aware minimisation and a schedule, on both.
#[test]
fn a_twin_does_not_part_over_what_stands_around_the_optimizer() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    let rates = [(NodeId(0), 0.0)].into();
    spec.train.treatment = Treatment { l2: 1e-3, clip_norm: 1.0, sam: 0.02, accumulate: 2, rates, ..Treatment::default() };
    spec.train.schedule = ScheduleSpec { warmup_steps: 4, ..CurveSpec::from(Cosine::default()).into() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");

    // On the card alone it learns, many steps to a submission.
    (spec.train.treatment.accumulate, spec.train.schedule) = (1, ScheduleSpec::default());
    let mut rig = Rig::open(&spec, Some((&card, Backend::Gpu, Storage::F32)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_twin_does_not_part_with_any_loss() {
    let Some(card) = card() else { return };
    for loss in LossSpec::all() {
        let mut spec = spec();
        spec.train.loss = loss.clone();
        // Adam makes a whole step of a gradient that is nothing but rounding, as where the signs of an L1 loss cancel.
        spec.train.optimizer = engine::optim::Sgd::default().into();
        let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
        rig.send(Command::Step { run: RUN, count: 3 }.into());
        rig.until(|e| matches!(e, Event::Paused { .. }));
        let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
        assert!(parted.is_empty(), "{loss:?}: {parted:?}");
    }
}

#[test]
fn half_precision_learns_too() {
    let Some(card) = card().filter(|c| c.info.half) else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F16)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_survey_forces_chooses_and_says_why() {
    if card().is_none() {
        return;
    }
    let clock = clock();
    let asked = |wish| block_on(survey(wish, &spec(), &clock));
    let cpu = asked(Wish::Cpu);
    assert!(cpu.report.adapter.is_none() && cpu.maker.is_none() && cpu.report.chosen == Backend::Cpu);
    for (wish, backend) in [(Wish::Gpu, Backend::Gpu), (Wish::Twin, Backend::Twin)] {
        let found = asked(wish);
        assert_eq!(found.report.chosen, backend);
        assert!(found.maker.is_some());
        let checks = &found.report.checks;
        let names: Vec<_> = checks.iter().map(|c| c.name.as_str()).collect();
        for wanted in ["Convolution", "Max pooling", "Dense"] {
            assert!(names.contains(&wanted), "{wanted} in {names:?}");
        }
        // Nothing is compiled that this network does not use.
        assert!(!names.contains(&"Layer norm"), "{names:?}");
        assert!(checks.iter().all(|c| c.passed), "{checks:?}");
    }
    let auto = asked(Wish::Auto);
    let adapter = auto.report.adapter.unwrap();
    if adapter.software {
        assert_eq!(auto.report.chosen, Backend::Cpu);
        assert!(auto.report.reason.contains("software"), "{}", auto.report.reason);
    } else {
        let timing = auto.report.timing.unwrap();
        assert_eq!(auto.report.chosen == Backend::Gpu, timing.gpu_step_ms < timing.cpu_step_ms, "{timing:?}");
    }
}

/// CPU and card, step by step: other settings, wrong labels and another order of the digits in the middle of a run.
#[test]
fn a_twin_stays_together_over_changes() {
    let Some(card) = card() else { return };
    let mut spec = RunSpec { model: preset("n1").unwrap().model(), ..RunSpec::default() };
    (spec.train.batch, spec.train.epochs) = (16, 4);
    let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
    let step = |rig: &mut Rig, count| {
        rig.events.clear();
        rig.send(Command::Step { run: RUN, count }.into());
        rig.until(|e| matches!(e, Event::Paused { .. }));
        let parted = rig.events.iter().find(|m| matches!(m.head, Event::Parted { .. }));
        assert!(parted.is_none(), "{:?}", parted.map(|m| &m.head));
    };
    let amend = |rig: &mut Rig, spec: &RunSpec| {
        rig.events.clear();
        rig.send(Command::Amend { run: RUN, spec: spec.clone() }.into());
        let amended = rig.until(|e| matches!(e, Event::Amended { .. } | Event::Declined { .. })).head;
        assert!(
            matches!(&amended, Event::Amended { spec: got, summary, .. } if got == spec && summary.backend == Backend::Twin),
            "{amended:?}"
        );
    };
    step(&mut rig, 3);
    spec.train.selection = Selection { subset: 200, label_noise: 0.5, balanced: true, ..Selection::default() };
    amend(&mut rig, &spec);
    step(&mut rig, 3);
    spec.train.batch = 32;
    spec.train.optimizer = engine::optim::Momentum::default().into();
    spec.train.treatment.accumulate = 2;
    amend(&mut rig, &spec);
    step(&mut rig, 4);
    // Back to the digits' own labels, with Adam anew: its first update is corrected as a first one.
    spec.train.selection = Selection::default();
    spec.train.optimizer = engine::optim::Adam::default().into();
    spec.train.loss = LossSpec::Focal(engine::loss::Focal::default());
    amend(&mut rig, &spec);
    step(&mut rig, 4);
}

/// A search on the card leaves the run's numbers as they are.
#[test]
fn a_search_on_the_card_changes_nothing() {
    let Some(card) = card() else { return };
    let mut spec = RunSpec { model: preset("n1").unwrap().model(), ..RunSpec::default() };
    spec.train.batch = 16;
    let mut rig = Rig::open(&spec, Some((&card, Backend::Gpu, Storage::F32)));
    let save = |rig: &mut Rig| {
        rig.events.clear();
        rig.send(Command::Save { run: RUN, ask: 1, what: Save::Checkpoint }.into());
        let file = rig.until(|e| matches!(e, Event::Saved { .. })).file;
        // What follows the header: its own entries come in any order.
        let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        file[8 + header..].to_vec()
    };
    rig.send(Command::Step { run: RUN, count: 3 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let before = save(&mut rig);
    rig.send(Command::Seek { run: RUN, quest: Some(Quest::Rate) }.into());
    let Event::Found { finding: Finding::Rate { points, suggestion }, .. } =
        rig.until(|e| matches!(e, Event::Found { over: true, .. })).head
    else {
        panic!()
    };
    assert!(points.len() > 30 && suggestion.is_some(), "{points:?}");
    assert!(save(&mut rig) == before);
}

/// With and without moved images, in both ways to store: the run is put together as training puts it.
#[test]
fn a_step_is_timed_as_it_is_trained() {
    let Some(card) = card() else { return };
    let (clock, spec) = (clock(), spec());
    for augment in [Augment::default(), Augment { shift: 3.0, rotate: 20.0, scale: 0.2, ..Augment::default() }] {
        for storage in [Storage::F32, Storage::F16] {
            if storage == Storage::F16 && !card.info.half {
                continue;
            }
            let update = spec.train.update();
            let subject = Subject { model: &spec.model, update: &update, batch: 8, augment };
            let timing = block_on(check::time(&card, &subject, storage, 5.0, &*clock)).unwrap().unwrap();
            assert!(timing.cpu_step_ms > 0.0 && timing.gpu_step_ms > 0.0, "{timing:?}");
            assert!(card.trouble().is_none(), "{:?}", card.trouble());
        }
    }
}

/// On the card lie the images of the run, whichever they are, one source after another.
#[test]
fn other_images_train_on_the_card() {
    let Some(card) = card() else { return };
    let (mut here, mut there) = (Rig::open(&spec(), None), Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32))));
    let mut own = OwnImages::default();
    for i in 0..100 {
        let (image, label) = here.session.data().train_image(2_000 + i).map(|(image, label)| (image.to_vec(), label)).unwrap();
        own.add(image.as_slice().try_into().unwrap(), label).unwrap();
    }
    for source in [Source::Own, Source::DigitsAndOwn, Source::Digits] {
        let mut spec = spec();
        spec.train.data = source;
        let [want, got] = [&mut here, &mut there].map(|rig| {
            rig.session.set_own(&own);
            rig.events.clear();
            rig.send(Command::Open { run: RUN, spec: spec.clone() }.into());
            rig.until(|e| matches!(e, Event::Opened { .. }));
            rig.send(Command::Step { run: RUN, count: 12 }.into());
            rig.until(|e| matches!(e, Event::Paused { .. }));
            rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation }.into());
            rig.until(|e| matches!(e, Event::Evaluated { .. }));
            let score =
                rig.events.iter().find_map(|m| if let Event::Evaluated { score, .. } = &m.head { Some(score.clone()) } else { None });
            (rig.points(), score.unwrap())
        });
        let points = if source == Source::Own { 5 } else { 12 };
        for (got, want) in got.0.iter().zip(&want.0).take(points) {
            assert!((got.loss - want.loss).abs() <= 3e-3 * want.loss, "{source:?}: {got:?}, on the CPU {want:?}");
        }
        assert!(!got.0.is_empty() && got.1.count == want.1.count, "{source:?}: {} and {}", got.1.count, want.1.count);
        assert!((got.1.loss - want.1.loss).abs() <= 2e-2 * want.1.loss, "{source:?}: {} on the CPU {}", got.1.loss, want.1.loss);
    }
}
