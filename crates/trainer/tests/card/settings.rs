//! Settings, searches and images that change while a run is on the card.

use data::{OwnImages, Source};
use engine::{
    Augment, LossSpec,
    backend::gpu::{
        check::{self, Subject},
        launch::Storage,
        reader::block_on,
    },
    presets::preset,
};
use protocol::{Backend, Command, EvalSet, Event, Finding, Quest, RunSpec, Save, Selection};

use crate::rig::{RUN, Rig, card, clock, spec};

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
