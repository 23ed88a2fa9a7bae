//! Digits that come while training goes on.

use data::{Dataset, Digits, PackFile, Set, packs};
use protocol::{Command, EvalSet, Event, RunSpec, TrainSpec};
use trainer::{Rest, Session, Stage};

use crate::rig::{RUN, Rig, digits, is_declined, small};

/// The pack, cut from the whole.
fn pack(pack: &PackFile) -> Digits {
    let (dataset, first, count) = (digits(), pack.first as usize, pack.count as usize);
    match pack.set {
        Set::Train => {
            let mut digits = Digits::default();
            for (pixels, label) in (first..first + count).filter_map(|i| dataset.train_image(i)) {
                digits.pixels.extend_from_slice(pixels);
                digits.labels.push(label);
            }
            digits
        }
        set => dataset.set(set).unwrap().part(first, count),
    }
}

fn spec() -> RunSpec {
    RunSpec { train: TrainSpec { batch: 1_000, epochs: 1, ..small().train }, ..small() }
}

#[test]
fn training_waits_for_digits_and_its_curve_does_not_show_it() {
    let mut whole = Rig::new(Session::new(digits()));
    whole.send(Command::Open { run: RUN, spec: spec() });
    whole.send(Command::Play { run: RUN });
    whole.until(|e| matches!(e, Event::Finished { .. }));

    let mut rig = Rig::new(Session::new(Dataset::new()));
    rig.send(Command::Open { run: RUN, spec: spec() });
    rig.send(Command::Play { run: RUN });
    rig.rest();
    assert_eq!((rig.turn(), rig.curve().len()), (Rest::UntilCalled, 0));
    let mut train: Vec<_> = packs().iter().filter(|p| p.set == Set::Train).collect();
    rig.session.install(train[0], pack(train[0])).unwrap();
    rig.rest();
    assert_eq!((rig.session.stage(), rig.curve().len()), (Stage::Playing, 2));
    assert!(matches!(
        rig.events.iter().find(|m| matches!(m.head, Event::DataArrived { .. })).unwrap().head,
        Event::DataArrived { train: 2_000, .. }
    ));
    // The others, last first.
    train.remove(0);
    for late in train.into_iter().rev() {
        assert_eq!((rig.turn(), rig.curve().len()), (Rest::UntilCalled, 2));
        rig.session.install(late, pack(late)).unwrap();
    }
    rig.rest();
    assert_eq!((rig.session.stage(), rig.curve().len()), (Stage::Scoring, 50));
    assert!(is_declined(
        &rig.send(Command::Evaluate { run: RUN, set: EvalSet::Test })[0].head,
        "evaluate: the test digits have not arrived"
    ));
    for late in packs().iter().filter(|p| p.set != Set::Train) {
        assert_eq!(rig.session.stage(), Stage::Scoring);
        rig.session.install(late, pack(late)).unwrap();
        rig.rest();
    }
    assert_eq!(rig.session.stage(), Stage::Finished);
    assert_eq!(rig.curve(), whole.curve());
    assert_eq!(rig.scores(), whole.scores());
}

#[test]
fn a_file_that_cannot_be_had_stops_what_needs_it_and_no_more() {
    let mut rig = Rig::new(Session::new(Dataset::new()));
    rig.session.install(&packs()[0], pack(&packs()[0])).unwrap();
    rig.send(Command::Open { run: RUN, spec: spec() });
    rig.send(Command::Play { run: RUN });
    rig.session.report_data_failure("train-1.pack".to_owned(), "404".to_owned());
    rig.rest();
    let [.., declined, _, paused] = &rig.events[..] else { panic!() };
    assert!(is_declined(&declined.head, "play: only 2000 training digits have arrived"), "{declined:?}");
    assert!(matches!(&paused.head, Event::Paused { progress, .. } if progress.step == 2));
    // The page tried again.
    rig.session.install(&packs()[1], pack(&packs()[1])).unwrap();
    rig.send(Command::Play { run: RUN });
    rig.rest();
    assert_eq!(rig.curve().len(), 10);
}

#[test]
fn a_run_without_digits_to_score_it_on_finishes_unscored() {
    let mut rig = Rig::new(Session::new(Dataset::new()));
    for train in packs().iter().filter(|p| p.set == Set::Train) {
        rig.session.install(train, pack(train)).unwrap();
    }
    rig.session.report_data_failure("validation.pack".to_owned(), "damaged".to_owned());
    rig.send(Command::Open { run: RUN, spec: spec() });
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    assert_eq!((rig.curve().len(), rig.scores().len()), (50, 0));
}
