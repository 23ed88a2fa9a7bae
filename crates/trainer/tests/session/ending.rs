//! Early stopping, best weights, and searches.

use data::Dataset;
use engine::optim::Sgd;
use protocol::{ClassWeights, Command, EvalSet, Event, Finding, Quest, RunSpec, Save, Selection, Stopping};
use trainer::{Portion, Session, Stage};

use crate::{
    cards::numbers,
    rig::{FEW, RUN, Rig, STEPS, digits, small},
};

fn stopping(patience: u32, min_delta: f32, restore_best: bool) -> RunSpec {
    let mut spec = small();
    spec.train.epochs = 8;
    spec.train.stopping = Stopping { patience, min_delta, restore_best };
    spec
}

fn finished(rig: &mut Rig) -> (u32, Option<String>) {
    rig.send(Command::Play { run: RUN });
    let Event::Finished { progress, message, .. } = rig.until(|e| matches!(e, Event::Finished { .. })) else { panic!() };
    (progress.step, message)
}

#[test]
fn patience_ends_a_run() {
    // No loss can fall by 50: every epoch after the first is one without improvement.
    let mut rig = Rig::open(stopping(2, 50.0, false));
    let (step, message) = finished(&mut rig);
    assert_eq!(step, 3 * STEPS);
    assert!(message.unwrap().contains("for 2 epochs"));
    // The test digits are scored at the end, as of any run.
    assert!(rig.scores().iter().any(|s| s.set == EvalSet::Test && s.step == step));
    let file = rig.save(Save::Checkpoint);
    let mut again = Rig::few();
    assert!(matches!(again.load(&file), Event::Opened { notes, .. } if notes[0].what.starts_with("ended early")));
    assert_eq!(again.session.stage(), Stage::Finished);
    // Sent on, it has its patience back.
    for rig in [&mut rig, &mut again] {
        assert_eq!(finished(rig).0, 6 * STEPS);
    }
    assert!(numbers(&rig.save(Save::Weights)) == numbers(&again.save(Save::Weights)));
}

#[test]
fn without_patience_a_run_goes_to_its_end() {
    let mut rig = Rig::open(stopping(0, 50.0, false));
    assert_eq!(finished(&mut rig), (8 * STEPS, None));
}

#[test]
fn the_best_weights_come_back() {
    // At a rate that throws the weights about, the best epoch is soon over.
    let mut spec = stopping(2, 0.0, true);
    spec.train.optimizer = Sgd::default().into();
    spec.train.rate = 0.05;
    let mut rig = Rig::open(spec.clone());
    rig.step(STEPS);
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Evaluated { .. }));
    rig.turn();
    rig.send(Command::Pause { run: RUN });
    let mut steady = spec.clone();
    steady.train.rate = 3.0;
    rig.send(Command::Amend { run: RUN, spec: steady });
    let (step, message) = finished(&mut rig);
    let best = rig.scores().iter().filter(|s| s.set == EvalSet::Validation).min_by(|a, b| a.loss.total_cmp(&b.loss)).unwrap().clone();
    assert!(best.step < step, "{:?}", rig.scores().iter().map(|s| (s.step, s.loss)).collect::<Vec<_>>());
    assert!(message.clone().unwrap().contains(&format!("the weights of step {}", best.step)), "{message:?}");
    // The validation digits say so too.
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    let Event::Evaluated { score, .. } = rig.until(|e| matches!(e, Event::Evaluated { .. })) else { panic!() };
    assert_eq!((score.loss, score.accuracy), (best.loss, best.accuracy));
}

#[test]
fn a_checkpoint_keeps_the_best_weights() {
    let mut spec = stopping(1, 50.0, true);
    spec.train.epochs = 4;
    let mut whole = Rig::open(spec);
    whole.send(Command::Play { run: RUN });
    whole.until(|e| matches!(e, Event::Progressed { progress, .. } if progress.step > STEPS));
    whole.send(Command::Pause { run: RUN });
    let file = whole.save(Save::Checkpoint);
    let mut rig = Rig::few();
    assert!(matches!(rig.load(&file), Event::Opened { .. }), "{:?}", rig.last());
    assert_eq!(finished(&mut whole), finished(&mut rig));
    let (a, b) = (whole.save(Save::Checkpoint), rig.save(Save::Checkpoint));
    assert!(numbers(&a) == numbers(&b));
    let position = |bytes: &[u8]| trainer::checkpoint::read(bytes).unwrap().checkpoint().unwrap().1.clone();
    assert_eq!(position(&a), position(&b));
}

fn selected(selection: Selection) -> RunSpec {
    let mut spec = small();
    spec.train.selection = selection;
    spec
}

#[test]
fn a_part_of_the_digits_makes_a_shorter_epoch() {
    let subset = Selection { subset: 200, ..Selection::default() };
    let rig = Rig::open(selected(subset));
    assert!(matches!(rig.last(), Event::Opened { summary, .. } if summary.steps_per_epoch == 10));
    // 500 digits, of which every fourth validates... of MNIST's 60,000: the portion stays as it is.
    let keep = Selection { keep: vec![0.0; 9], ..Selection::default() };
    let ones = Rig::open(selected(keep));
    let nines = (0..500).filter(|i| digits().train_image(*i).unwrap().1 == 9).count() as u32;
    assert!(matches!(ones.last(), Event::Opened { summary, .. } if summary.steps_per_epoch == nines / 20));
}

#[test]
fn another_split_validates_on_other_digits() {
    let split = Selection { validation: 30_000, ..Selection::default() };
    let mut session = Rig::new(Session::with_portion(digits(), Portion { train: 500, scored: 10_000 }));
    session.send(Command::Open { run: RUN, spec: selected(split) });
    session.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    let Event::Evaluated { score, .. } = session.until(|e| matches!(e, Event::Evaluated { .. })) else { panic!() };
    let mut counts = [0u32; 10];
    (30_000..40_000).for_each(|i| counts[usize::from(digits().pool_image(i).unwrap().1)] += 1);
    let rows: Vec<u32> = score.confusion.chunks(10).map(|row| row.iter().sum()).collect();
    assert_eq!(rows, counts);
}

#[test]
fn what_has_to_be_chosen_waits_for_the_digits() {
    let whole = digits();
    let mut rig = Rig::new(Session::with_portion(Dataset::new(), FEW));
    let said = rig.send(Command::Open { run: RUN, spec: selected(Selection { label_noise: 0.1, ..Selection::default() }) });
    assert!(said.is_empty(), "{said:?}");
    let pack = &data::packs()[0];
    let part = whole.set(data::Set::Train).unwrap().part(0, pack.count as usize);
    rig.session.install(pack, part).unwrap();
    rig.turn();
    assert!(matches!(rig.last(), Event::Opened { .. }), "{:?}", rig.last());
    rig.step(3);
}

#[test]
fn balanced_weights_are_for_cross_entropy() {
    let mut spec = small();
    spec.train.class_weights = ClassWeights::Balanced;
    Rig::open(spec.clone()).step(2);
    spec.train.loss = engine::LossSpec::Hinge(engine::loss::Hinge::default());
    let mut rig = Rig::few();
    rig.send(Command::Open { run: RUN, spec });
    assert!(crate::rig::is_declined(rig.last(), "which cross-entropy alone knows; the loss is `hinge`"), "{:?}", rig.last());
}

#[test]
fn a_search_leaves_the_numbers_as_they_are() {
    for quest in [Quest::Rate, Quest::Batch] {
        let mut rig = Rig::open(small());
        rig.step(9);
        let before = numbers(&rig.save(Save::Checkpoint));
        rig.send(Command::Seek { run: RUN, quest: Some(quest) });
        let Event::Found { finding, message, .. } = rig.until(|e| matches!(e, Event::Found { over: true, .. })) else { panic!() };
        match finding {
            Finding::Rate { points, suggestion } => {
                let found = suggestion.unwrap();
                assert!(points.len() > 60 && points.windows(2).all(|w| w[1].rate > w[0].rate), "{points:?}");
                let rate = found.rate.unwrap();
                assert!((1e-4..0.3).contains(&rate) && message == found.why, "{found:?}");
            }
            Finding::Batch { rows, suggestion } => {
                let sizes: Vec<u32> = rows.iter().map(|r| r.batch).collect();
                // There are 500 digits.
                assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
                assert!(rows.iter().all(|r| r.images_per_second > 0.0) && rows.windows(2).all(|w| w[1].memory_bytes > w[0].memory_bytes));
                assert!(suggestion.unwrap().batch.is_some() && message.contains("500 training digits"), "{message}");
            }
        }
        assert!(numbers(&rig.save(Save::Checkpoint)) == before, "{quest:?}");
        rig.step(4);
        let mut plain = Rig::open(small());
        plain.step(13);
        assert!(numbers(&rig.save(Save::Checkpoint)) == numbers(&plain.save(Save::Checkpoint)));
    }
}

#[test]
fn a_search_can_be_ended() {
    let mut rig = Rig::open(small());
    rig.send(Command::Play { run: RUN });
    rig.turn();
    rig.send(Command::Seek { run: RUN, quest: Some(Quest::Rate) });
    rig.until(|e| matches!(e, Event::Found { over: false, .. }));
    let said = rig.send(Command::Seek { run: RUN, quest: None });
    assert!(matches!(&said[0].head, Event::Found { over: true, .. }));
    rig.until(|e| matches!(e, Event::Finished { .. }));
}
