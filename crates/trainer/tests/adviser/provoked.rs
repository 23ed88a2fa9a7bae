//! Runs that go wrong: the rule says so with its numbers, and its remedy is one that can be carried out.

use engine::{
    Augment, Init, NodeId,
    ops::{AvgPool2d, Flatten, Sigmoid, Tanh},
};
use protocol::{Advice, Change, Command, Event, Hyper, RunSpec, TrainSpec};

use crate::runs::{RUN, Told, by, dense, of, run};

fn played(spec: RunSpec, train: usize, steps: u32) -> Told {
    let mut told = Told::open(spec, train);
    told.play(steps);
    told
}

/// The run that the remedy starts; it opens.
fn anew(advice: &Advice) -> RunSpec {
    let Some(Change::Run { spec }) = advice.remedy.as_ref().map(|r| r.change.clone()) else { panic!("{advice:?}") };
    let told = Told::open(spec.clone(), 600);
    assert!(told.session.stage() == trainer::Stage::Paused, "{advice:?}");
    spec
}

fn rate(advice: &Advice) -> f32 {
    match advice.remedy.as_ref().map(|r| &r.change) {
        Some(Change::Rate { rate }) => *rate,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_that_are_lost() {
    let mut told = played(run("n4", by("sgd", 100.0)), 600, 200);
    let advice = told.says("nan").clone();
    assert_eq!(told.last.len(), 1, "it explains all else: {:?}", told.last);
    assert!(advice.evidence.contains("rate of 100"), "{}", advice.evidence);
    // The remedy works: the run goes on, and after a while nothing is told any more.
    let rate = rate(&advice);
    assert!(rate < 1.0);
    told.send(Command::Tune { run: RUN, hyper: Hyper { rate } });
    assert_eq!(told.session.stage(), trainer::Stage::Paused);
    told.play(advice.step + 60);
    assert!(told.last.iter().all(|a| a.rule != "nan"), "{:?}", told.last);
}

#[test]
fn a_rate_that_is_too_high() {
    let told = played(run("n4", by("adam", 0.3)), 2_000, 80);
    let advice = told.says("rate_high");
    assert!(rate(advice) <= 0.1 && advice.step > 0 && advice.evidence.contains("0.3"), "{advice:?}");
}

#[test]
fn a_rate_that_is_too_low() {
    let told = played(run("n4", by("sgd", 1e-4)), 2_000, 150);
    let advice = told.says("rate_low");
    assert!(rate(advice) > 1e-4, "{advice:?}");
}

#[test]
fn a_loss_that_stands_still() {
    let layers = vec![Flatten {}.into(), dense(64), Tanh {}.into(), dense(10)];
    let told = played(of(layers, TrainSpec { batch: 16, ..by("adam", 0.05) }), 6_000, 800);
    let advice = told.said("plateau");
    assert!(rate(advice) < 0.05 && advice.step > 100, "{advice:?}");
}

#[test]
fn digits_learnt_by_heart() {
    let told = played(run("n4", TrainSpec { batch: 30, ..by("adam", 3e-3) }), 300, 600);
    let advice = told.says("overfitting");
    assert!(advice.step < told.step, "{advice:?}");
    assert!(!anew(advice).train.augment.is_nothing());
}

#[test]
fn a_network_that_is_too_small() {
    let pool = AvgPool2d { kernel: engine::Pair::square(7), stride: engine::Pair::square(7), ..AvgPool2d::default() };
    let layers = vec![pool.into(), Flatten {}.into(), dense(2), dense(10)];
    let told = played(of(layers, TrainSpec { batch: 32, ..by("adam", 0.02) }), 2_000, 1_200);
    let advice = told.said("underfitting");
    let wider = anew(advice);
    assert_ne!(wider.model, told_model(&told));
}

fn told_model(told: &Told) -> engine::ModelSpec {
    let pool = AvgPool2d { kernel: engine::Pair::square(7), stride: engine::Pair::square(7), ..AvgPool2d::default() };
    assert!(told.step > 0);
    of(vec![pool.into(), Flatten {}.into(), dense(2), dense(10)], TrainSpec::default()).model
}

#[test]
fn gradients_that_vanish() {
    let mut layers = vec![Flatten {}.into()];
    for _ in 0..9 {
        layers.extend([dense(32), Sigmoid {}.into()]);
    }
    layers.push(dense(10));
    let told = played(of(layers, by("sgd", 0.1)), 2_000, 100);
    let advice = told.says("vanishing");
    assert_eq!(advice.layer, Some(NodeId(1)), "{advice:?}");
    assert!(!anew(advice).model.layers.iter().any(|l| l.op().kind().name == "sigmoid"));
}

#[test]
fn gradients_that_explode() {
    let mut spec = run("n4", by("sgd", 1e-6));
    spec.model.init = Init::Normal { std: 1.0 };
    let told = played(spec, 2_000, 40);
    let advice = told.says("exploding");
    assert!(advice.layer.is_some());
    assert_eq!(anew(advice).train.treatment.clip_norm, 1.0);
}

#[test]
fn rectifiers_that_are_dead() {
    let told = played(run("n4", by("adam", 0.1)), 2_000, 80);
    let advice = told.says("dead_relus");
    let new = anew(advice);
    assert!(!new.model.layers.iter().any(|l| l.op().kind().name == "relu"));
    assert!(new.train.rate < 0.1);
    let layer = advice.layer.unwrap();
    let reading = told.readings.last().unwrap();
    let l = &reading.layers[layer.0];
    assert!(2 * l.dead_count >= l.units && !l.dead.is_empty(), "{advice:?}");
}

#[test]
fn batch_norm_over_two_images() {
    let told = played(run("n3", TrainSpec { batch: 2, ..by("adam", 2e-3) }), 200, 40);
    let advice = told.says("small_batch");
    assert!(advice.evidence.contains("over 2 images"), "{advice:?}");
    assert_eq!(anew(advice).train.batch, 32);
}

#[test]
fn augmentation_beyond_recognition() {
    let augment = Augment { shift: 8.0, rotate: 45.0, scale: 0.5, ..Augment::default() };
    let told = played(run("n1", TrainSpec { augment, batch: 32, ..by("adam", 2e-3) }), 1_600, 160);
    let advice = told.says("augmentation");
    assert_eq!(anew(advice).train.augment, Augment { shift: 4.0, rotate: 22.5, scale: 0.25, ..Augment::default() });
}

/// What is measured changes no bit of what is trained, and every advice goes through JSON.
#[test]
fn the_adviser_changes_nothing() {
    let mut watched = Told::open(run("n4", by("adam", 2e-3)), 1_000);
    watched.play(30);
    let mut alone = Told::open(run("n4", by("adam", 2e-3)), 1_000);
    alone.send(Command::Probe { run: RUN, what: protocol::Probing::Off });
    alone.play(30);
    assert!(watched.readings.len() > 1 && alone.readings.len() < watched.readings.len());
    assert_eq!((watched.step, watched.loss.to_bits()), (alone.step, alone.loss.to_bits()));
    let event = Event::Advised { run: RUN, advice: watched.last.clone() };
    assert_eq!(serde_json::from_str::<Event>(&serde_json::to_string(&event).unwrap()).unwrap(), event);
}
