//! Races: fair, the same as runs made alone, and ended at any time.

use engine::{
    Graph, ParamId, Tensor,
    optim::Sgd,
    schedule::{CurveSpec, Plateau},
};
use protocol::{Command, EvalSet, Event, Progress, Race, Racer, RunId, RunSpec, Score};
use trainer::Stage;

use crate::{
    cards::{card, on_card, slow},
    faults::steep,
    late::Behaviour,
    rig::{RUN, Rig, STEPS, is_declined, small},
};

fn race(entries: Vec<RunSpec>, steps: u32) -> Command {
    Command::Race { run: RUN, race: Some(Race { entries, steps }) }
}

/// The race to its end: each contestant as last told, with all of its points.
fn finished(rig: &mut Rig) -> Vec<Racer> {
    rig.until(|e| matches!(e, Event::Raced { over: true, .. }));
    told(rig)
}

fn told(rig: &Rig) -> Vec<Racer> {
    let mut all: Vec<Racer> = Vec::new();
    for message in &rig.events {
        let Event::Raced { racers, .. } = &message.head else { continue };
        let points: Vec<Vec<Progress>> = all.iter_mut().map(|r| std::mem::take(&mut r.points)).collect();
        all.clone_from(racers);
        for (racer, mut before) in all.iter_mut().zip(points) {
            let void_from = racer.points.first().map_or(racer.progress.step + 1, |p| p.step);
            before.retain(|p| p.step < void_from);
            before.append(&mut racer.points);
            racer.points = before;
        }
    }
    all
}

/// The weights of each, told with the end of the race.
fn weights(rig: &Rig) -> Vec<Vec<u32>> {
    let last = rig.events.iter().rfind(|m| matches!(m.head, Event::Raced { over: true, .. })).unwrap();
    let Event::Raced { racers, .. } = &last.head else { unreachable!() };
    Racer::weights_of(racers, &last.bulk).into_iter().map(|weights| weights.iter().map(|w| w.to_bits()).collect()).collect()
}

/// Step, and loss, accuracy and rate to the last bit.
type Bits = (u32, u64, u64, u32);

fn bits(points: &[Progress]) -> Vec<Bits> {
    points.iter().map(|p| (p.step, p.loss.to_bits(), p.accuracy.to_bits(), p.rate.to_bits())).collect()
}

fn result(scores: &[Score], set: EvalSet, step: u32) -> (u64, u64) {
    let score = scores.iter().find(|s| s.set == set && s.step == step).unwrap();
    (score.loss.to_bits(), score.accuracy.to_bits())
}

/// Curve, results and weights of `spec` after so many steps, without a race.
fn alone(spec: RunSpec, steps: u32) -> (Vec<Bits>, [(u64, u64); 2], Vec<u32>) {
    let tensors = (0..Graph::check(&spec.model).unwrap().params.len()).map(|i| Tensor::Param(ParamId(i))).collect();
    let mut rig = Rig::open(spec);
    rig.step(steps);
    rig.send(Command::Watch { run: RUN, tensors });
    rig.until(|e| matches!(e, Event::Framed { step, .. } if *step == steps));
    let frame = rig.events.iter().rfind(|m| matches!(m.head, Event::Framed { .. })).unwrap();
    let weights = frame.bulk.iter().map(|w| w.to_bits()).collect();
    for set in [EvalSet::Validation, EvalSet::Test] {
        rig.send(Command::Evaluate { run: RUN, set });
        rig.until(|e| matches!(e, Event::Evaluated { score, .. } if score.set == set && score.step == steps));
    }
    let points: Vec<Progress> = rig
        .events
        .iter()
        .flat_map(|m| match &m.head {
            Event::Progressed { history, .. } => history.clone(),
            _ => vec![],
        })
        .collect();
    let scores = rig.scores();
    (bits(&points), [EvalSet::Validation, EvalSet::Test].map(|set| result(&scores, set, steps)), weights)
}

#[test]
fn equal_contestants_give_equal_bits() {
    let mut rig = Rig::open(small());
    rig.send(race(vec![small(); 3], 20));
    let racers = finished(&mut rig);
    let [first, others @ ..] = &racers[..] else { panic!() };
    assert_eq!(first.points.len(), 20);
    for other in others {
        assert_eq!(bits(&first.points), bits(&other.points));
        assert_eq!((first.scores.clone(), first.params), (other.scores.clone(), other.params));
    }
    assert!(racers.iter().all(|r| r.progress.step == 20 && r.scores.len() == 2 && r.trouble.is_empty() && !r.on_card));
    // The clock of the rig goes on by a millisecond with each look: equal work takes equal time.
    assert!(first.train_ms > 0.0 && others.iter().all(|r| r.train_ms == first.train_ms), "{:?}", racers.iter().map(|r| r.train_ms));
}

#[test]
fn a_race_gives_what_each_gives_alone() {
    let mut steep = small();
    (steep.train.rate, steep.train.optimizer) = (0.3, Sgd::default().into());
    // What the scores of an epoch decide is decided in a race too.
    let mut stairs = small();
    stairs.train.schedule = CurveSpec::Plateau(Plateau { patience: 0, threshold: 0.9, ..Plateau::default() }).into();
    let mut large = small();
    large.train.batch = 50;
    let entries = vec![small(), steep, stairs, large];
    let steps = STEPS + 9;
    let mut rig = Rig::open(small());
    rig.send(race(entries.clone(), steps));
    // Of the run beside it nothing has moved.
    let racers = finished(&mut rig);
    assert_eq!((rig.session.stage(), rig.curve().len()), (Stage::Paused, 0));
    for (i, (racer, spec)) in racers.iter().zip(entries).enumerate() {
        // The last has fewer steps in an epoch, and its run is over before the others'.
        let reached = if i == 3 { 20 } else { steps };
        assert_eq!(racer.progress.step, reached, "contestant {}", i + 1);
        let (points, scores, learnt) = alone(spec, reached);
        assert_eq!(bits(&racer.points), points, "contestant {}", i + 1);
        assert_eq!([EvalSet::Validation, EvalSet::Test].map(|set| result(&racer.scores, set, reached)), scores, "contestant {}", i + 1);
        assert_eq!(weights(&rig)[i], learnt, "contestant {}", i + 1);
    }
}

#[test]
fn on_a_card_and_after_its_loss_it_is_the_same() {
    let (points, scores, learnt) = alone(small(), 30);
    for lost_at in [None, Some(25)] {
        let card = card(Behaviour { lost_at, ..slow() });
        let mut rig = on_card(small(), &card);
        rig.send(race(vec![small(); 2], 30));
        let racers = finished(&mut rig);
        for racer in &racers {
            assert_eq!(bits(&racer.points), points, "{lost_at:?}: {}", racer.trouble);
            assert_eq!([EvalSet::Validation, EvalSet::Test].map(|set| result(&racer.scores, set, 30)), scores);
            // One that was through before the card was lost has not noticed.
            assert_eq!(racer.on_card, racer.trouble.is_empty(), "{}", racer.trouble);
            assert!(racer.train_ms > 0.0);
        }
        assert_eq!(racers.iter().all(|r| r.on_card), lost_at.is_none());
        assert!(!learnt.is_empty() && weights(&rig).iter().all(|w| *w == learnt), "{lost_at:?}");
    }
}

#[test]
fn steps_are_shared_out_evenly() {
    let mut rig = Rig::open(small());
    rig.send(race(vec![small(), RunSpec { train: protocol::TrainSpec { rate: 0.1, ..small().train }, ..small() }], 60));
    finished(&mut rig);
    let mut seen = 0;
    for message in &rig.events {
        if let Event::Raced { racers, .. } = &message.head {
            let steps: Vec<u32> = racers.iter().map(|r| r.progress.step).collect();
            assert!(steps[0].abs_diff(steps[1]) <= 8, "{steps:?}");
            seen += 1;
        }
    }
    assert!(seen > 3, "it was reported {seen} times");
}

#[test]
fn the_run_rests_and_goes_on_as_if_nothing_had_been() {
    let (expected, ..) = alone(small(), 20);
    let mut rig = Rig::open(small());
    rig.step(7);
    rig.send(Command::Play { run: RUN });
    let said = rig.send(race(vec![small(); 2], 10));
    assert!(said.iter().any(|m| matches!(m.head, Event::Paused { .. })), "{said:?}");
    for command in [Command::Play { run: RUN }, Command::Step { run: RUN, count: 1 }] {
        rig.send(command);
        assert!(is_declined(rig.last(), "a race is under way"), "{:?}", rig.last());
    }
    finished(&mut rig);
    let at = rig.curve().len() as u32;
    rig.step(20 - at);
    let points: Vec<(u32, u64, u64)> = expected.iter().map(|p| (p.0, p.1, p.2)).collect();
    assert_eq!(rig.curve(), points);
}

#[test]
fn a_race_ends_at_any_time() {
    let mut rig = Rig::open(small());
    rig.send(race(vec![small(); 2], 10_000));
    rig.until(|e| matches!(e, Event::Raced { racers, .. } if racers[0].progress.step > 8));
    rig.send(Command::Race { run: RUN, race: None });
    assert!(matches!(rig.last(), Event::Raced { over: true, message, .. } if message == "the race was ended"));
    rig.rest();
    let racers = told(&rig);
    assert!(racers.iter().all(|r| r.progress.step >= 8 && r.points.len() as u32 == r.progress.step), "what was reached is told");
    assert!(weights(&rig).iter().all(Vec::is_empty), "these are not through");
    // And with the run that it was held beside.
    rig.send(race(vec![small(); 2], 10_000));
    rig.turn();
    rig.send(Command::Open { run: RunId(2), spec: small() });
    let over = |e: &Event| matches!(e, Event::Raced { run: RUN, over: true, .. });
    assert_eq!(rig.events.iter().filter(|m| over(&m.head)).count(), 2);
}

#[test]
fn what_cannot_race_is_declined() {
    let mut rig = Rig::open(small());
    rig.send(race(vec![small()], 10));
    assert!(is_declined(rig.last(), "race: 1 cannot race"), "{:?}", rig.last());
    let mut other = small();
    other.train.seed = 9;
    rig.send(race(vec![small(), other], 10));
    assert!(is_declined(rig.last(), "contestant 2 has seed 9, the first has 1"), "{:?}", rig.last());
    let mut broken = small();
    broken.model.layers.pop();
    rig.send(race(vec![small(), broken], 10));
    assert!(is_declined(rig.last(), "race: contestant 2: "), "{:?}", rig.last());
}

#[test]
fn one_that_loses_its_numbers_does_not_stop_the_others() {
    let mut wild = steep();
    wild.train.rate = 100.0;
    let calm = small();
    let mut rig = Rig::open(small());
    rig.send(race(vec![wild, calm], 40));
    let racers = finished(&mut rig);
    assert!(
        !racers[0].trouble.is_empty() && racers[0].progress.step < 40 && racers[0].points.len() == racers[0].progress.step as usize,
        "{:?}",
        racers[0].trouble
    );
    assert_eq!((racers[1].progress.step, racers[1].trouble.as_str()), (40, ""));
}
