//! Other settings in the middle of a run: what it computes then, what it keeps, and what it says.

use std::cell::RefCell;
use std::rc::Rc;

use engine::{
    LossSpec, NodeId, OptimizerSpec,
    loss::{CrossEntropy, Focal},
    ops::{Conv2d, Dropout},
    optim::{Adam, Lion, Momentum},
    schedule::Cosine,
};
use protocol::{Backend, Command, Event, RunSpec, Save, Selection, TrainSpec};
use trainer::Stage;

use crate::{
    cards::{card, maker, numbers, save, slow},
    late::Behaviour,
    rig::{RUN, Rig, STEPS, is_declined, small},
};

fn amend(rig: &mut Rig, spec: &RunSpec) -> Event {
    let seen = rig.events.len();
    rig.send(Command::Amend { run: RUN, spec: spec.clone() });
    let is_answer = |e: &Event| matches!(e, Event::Amended { .. } | Event::Declined { .. });
    if let Some(found) = rig.events[seen..].iter().find(|m| is_answer(&m.head)) {
        return found.head.clone();
    }
    rig.until(is_answer)
}

type Change = fn(&mut TrainSpec);

/// A change of every kind, each on its own.
fn every_change() -> Vec<(&'static str, Change)> {
    vec![
        ("rate", |t| t.rate = 0.03),
        ("loss", |t| t.loss = LossSpec::Focal(Focal::default())),
        ("smoothing", |t| t.loss = LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.1, ..CrossEntropy::default() })),
        ("optimizer", |t| t.optimizer = Momentum::default().into()),
        ("another rule with the same slots", |t| t.optimizer = Lion::default().into()),
        ("weight decay", |t| t.optimizer = Adam { weight_decay: 0.01, ..Adam::default() }.into()),
        ("schedule", |t| t.schedule.curve = Cosine::default().into()),
        ("penalty", |t| t.treatment.l2 = 0.01),
        ("clipping", |t| t.treatment.clip_norm = 0.5),
        ("sam", |t| t.treatment.sam = 0.05),
        ("rates", |t| t.treatment.rates = [(NodeId(0), 0.0), (NodeId(6), 0.5)].into()),
        ("accumulation", |t| t.treatment.accumulate = 3),
        ("batch", |t| t.batch = 32),
        ("epochs", |t| t.epochs = 3),
        ("augmentation", |t| t.augment.shift = 2.0),
        ("selection", |t| t.selection = Selection { subset: 300, label_noise: 0.2, balanced: true, ..Selection::default() }),
        ("class weights", |t| t.class_weights = protocol::ClassWeights::Balanced),
    ]
}

fn with(change: Change) -> RunSpec {
    let mut spec = small();
    change(&mut spec.train);
    spec
}

/// At step `at`: a run that is changed, and one that is saved there, loaded elsewhere, and changed.
fn compare(name: &str, spec: &RunSpec, at: u32) {
    let mut whole = Rig::open(small());
    whole.step(at);
    let before = whole.save(Save::Checkpoint);
    assert!(matches!(amend(&mut whole, spec), Event::Amended { step, .. } if step == at), "{name}: {:?}", whole.last());
    let changed = whole.save(Save::Checkpoint);

    let mut loaded = Rig::few();
    assert!(matches!(loaded.load(&before), Event::Opened { .. }));
    amend(&mut loaded, spec);
    // And one that is saved after the change.
    let mut late = Rig::few();
    let Event::Opened { spec: got, notes, .. } = late.load(&changed) else { panic!("{name}: {:?}", late.last()) };
    assert_eq!(&got, spec, "{name}");
    assert!(!notes.is_empty() && notes.iter().all(|n| n.step == at), "{name}: {notes:?}");
    for rig in [&mut whole, &mut loaded, &mut late] {
        rig.step(12);
    }
    let file = numbers(&whole.save(Save::Checkpoint));
    assert!(file == numbers(&loaded.save(Save::Checkpoint)), "{name} at {at}: loaded, then changed");
    assert!(file == numbers(&late.save(Save::Checkpoint)), "{name} at {at}: changed, then loaded");
    let tail = |rig: &Rig| rig.curve().into_iter().filter(|p| p.0 > at).collect::<Vec<_>>();
    assert_eq!(tail(&whole), tail(&loaded), "{name}");
    assert_eq!(tail(&whole), tail(&late), "{name}");

    let mut plain = Rig::open(small());
    plain.step(at + 12);
    // Epochs alone change nothing that is computed at a constant rate.
    assert!(name == "epochs" || file != numbers(&plain.save(Save::Checkpoint)), "{name}: nothing changed");
}

#[test]
fn a_changed_run_is_one_that_was_resumed_with_the_change() {
    for (name, change) in every_change() {
        compare(name, &with(change), 8);
    }
}

#[test]
fn a_change_holds_across_the_end_of_an_epoch() {
    for (name, change) in every_change().into_iter().filter(|(name, _)| matches!(*name, "batch" | "selection" | "accumulation")) {
        compare(name, &with(change), STEPS);
        compare(name, &with(change), 20);
    }
}

#[test]
fn dropout_can_be_changed_and_shapes_cannot() {
    let mut rig = Rig::open(small());
    rig.step(5);
    let mut spec = small();
    spec.model.layers[5] = Dropout { p: 0.5 }.into();
    let Event::Amended { notes, .. } = amend(&mut rig, &spec) else { panic!("{:?}", rig.last()) };
    assert_eq!(notes.iter().map(protocol::Note::sentence).collect::<Vec<_>>(), ["step 5: layer 6 p 0.1 → 0.5"]);
    let mut wide = spec.clone();
    wide.model.layers[0] = Conv2d { out_ch: 5, ..Conv2d::default() }.into();
    assert!(is_declined(&amend(&mut rig, &wide), "amend: the network would have other weights"), "{:?}", rig.last());
    let mut seeded = spec.clone();
    seeded.train.seed = 9;
    assert!(is_declined(&amend(&mut rig, &seeded), "begin it anew"), "{:?}", rig.last());
    let mut wild = spec.clone();
    wild.train.treatment.l1 = -1.0;
    assert!(is_declined(&amend(&mut rig, &wild), "`l1` is -1"), "{:?}", rig.last());
    // The run goes on as it was.
    rig.step(5);
    assert!(matches!(rig.last(), Event::Paused { progress, .. } if progress.step == 10));
}

/// The state of a rule of the same kind is kept, to the bit; that of another begins with zeros.
#[test]
fn the_optimizers_state_is_kept_where_it_has_a_meaning() {
    let mut rig = Rig::open(small());
    rig.step(8);
    let before = numbers(&rig.save(Save::Checkpoint));
    for change in [|t: &mut TrainSpec| t.batch = 40, |t: &mut TrainSpec| t.optimizer = Adam { weight_decay: 0.1, ..Adam::default() }.into()]
    {
        amend(&mut rig, &with(change));
        assert!(numbers(&rig.save(Save::Checkpoint)) == before);
    }
    let Event::Amended { notes, .. } = amend(&mut rig, &with(|t| t.optimizer = OptimizerSpec::Lion(Lion::default()))) else { panic!() };
    assert!(notes.iter().any(|n| n.what.contains("begins anew")), "{notes:?}");
    let file = rig.save(Save::Checkpoint);
    let tensors = safetensors_of(&file, "optimizer.");
    assert!(!tensors.is_empty() && tensors.iter().all(|bytes| bytes.iter().all(|b| *b == 0)));
}

/// The bytes of every tensor whose name begins so.
fn safetensors_of(file: &[u8], prefix: &str) -> Vec<Vec<u8>> {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let json: serde_json::Value = serde_json::from_slice(&file[8..8 + header]).unwrap();
    let range = |v: &serde_json::Value| {
        let at = |i: usize| v["data_offsets"][i].as_u64().unwrap() as usize;
        file[8 + header + at(0)..8 + header + at(1)].to_vec()
    };
    json.as_object().unwrap().iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, v)| range(v)).collect()
}

#[test]
fn a_slider_that_moves_is_one_note() {
    let mut rig = Rig::open(small());
    rig.step(3);
    for rate in [0.02, 0.03, 0.04] {
        rig.send(Command::Tune { run: RUN, hyper: protocol::Hyper { rate } });
        rig.now_ms += 100.0;
    }
    let Event::Amended { notes, spec, .. } = rig.last().clone() else { panic!() };
    assert_eq!((notes.len(), notes[0].sentence(), spec.train.rate), (1, "step 3: rate 0.01 → 0.04".to_owned(), 0.04));
    rig.now_ms += 5_000.0;
    rig.send(Command::Tune { run: RUN, hyper: protocol::Hyper { rate: 0.01 } });
    let Event::Amended { notes, .. } = rig.last() else { panic!() };
    assert_eq!(notes[1].sentence(), "step 3: rate 0.04 → 0.01");
}

/// On a machine that answers later, while it plays: the steps under way come back first, and after the change the run
/// is the one that the CPU makes of it.
#[test]
fn a_card_takes_changes_up_while_it_plays() {
    let new = with(|t| {
        t.optimizer = Momentum::default().into();
        t.loss = LossSpec::Focal(Focal::default());
        t.batch = 32;
    });
    let behaviour = card(slow());
    let mut rig = crate::cards::on_card(small(), &behaviour);
    rig.send(Command::Play { run: RUN });
    for _ in 0..4 {
        rig.turn();
    }
    let Event::Amended { step, summary, .. } = amend(&mut rig, &new) else { panic!("{:?}", rig.last()) };
    assert_eq!((summary.backend, rig.session.stage()), (Backend::Gpu, Stage::Playing));
    rig.until(|e| matches!(e, Event::Finished { .. }));

    let mut plain = Rig::open(small());
    if step > 0 {
        plain.step(step);
    }
    amend(&mut plain, &new);
    crate::cards::finish(&mut plain);
    assert_eq!(numbers(&save(&mut rig, Save::Checkpoint)), numbers(&plain.save(Save::Checkpoint)), "changed at {step}");
}

#[test]
fn a_card_that_is_lost_meanwhile_costs_no_change() {
    let behaviour = Rc::new(RefCell::new(Behaviour { steps_at_once: 1, ..slow() }));
    let mut rig = Rig::few();
    rig.session.set_maker(maker(&behaviour));
    rig.send(Command::Open { run: RUN, spec: small() });
    rig.step(7);
    rig.send(Command::Amend { run: RUN, spec: with(|t| t.batch = 10) });
    rig.session.set_maker(None);
    let seen = rig.events.len();
    rig.rest();
    let amended = rig.events[seen..].iter().any(|m| matches!(&m.head, Event::Amended { spec, .. } if spec.train.batch == 10));
    assert!(amended, "{:?}", rig.events[seen..].iter().map(|m| &m.head).collect::<Vec<_>>());
    rig.step(3);
    assert!(matches!(rig.last(), Event::Paused { progress, .. } if progress.step == 10));
}
