//! Runs that train with each of the losses, from the digits' classes alone.

use engine::{
    LossSpec,
    loss::{CrossEntropy, Distillation},
};
use protocol::{Command, Event, RunSpec, Save, TrainSpec};
use trainer::checkpoint;

use crate::rig::{RUN, Rig, STEPS, is_declined, small};

fn with(loss: LossSpec) -> RunSpec {
    let spec = small();
    RunSpec { train: TrainSpec { loss, ..spec.train }, ..spec }
}

/// Every loss, and some with settings that a checkpoint must keep.
fn all() -> Vec<LossSpec> {
    let mut all = LossSpec::all();
    all.push(LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.1, weight: (1..=10).map(|n| n as f32 / 7.0).collect() }));
    all.push(LossSpec::Distillation(Distillation { temperature: 2.5, alpha: 0.3 }));
    all
}

#[test]
fn every_loss_trains_and_survives_a_checkpoint() {
    for loss in all() {
        let mut whole = Rig::open(with(loss.clone()));
        whole.step(2 * STEPS);
        let curve = whole.curve();
        let mean = |points: &[(u32, u64, u64)]| points.iter().map(|p| f64::from_bits(p.1)).sum::<f64>() / points.len() as f64;
        let (early, late) = (mean(&curve[..5]), mean(&curve[curve.len() - 5..]));
        assert!(late < early, "{loss:?}: from {early} to {late}");

        let mut first = Rig::open(with(loss.clone()));
        first.step(13);
        let file = first.save(Save::Checkpoint);
        let read = checkpoint::read(&file).unwrap();
        assert_eq!(read.checkpoint().unwrap().0.train.loss, loss);
        let mut second = Rig::few();
        assert!(matches!(second.load(&file), Event::Opened { spec, .. } if spec.train.loss == loss));
        second.step(2 * STEPS - 13);
        assert_eq!(second.curve(), curve, "{loss:?}: taken up again");
    }
}

#[test]
fn a_loss_that_does_not_fit_the_network_is_declined() {
    let mut rig = Rig::few();
    let loss = LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.0, weight: vec![1.0; 9] });
    rig.send(Command::Open { run: RUN, spec: with(loss) });
    assert!(is_declined(rig.last(), "`weight` of `cross_entropy` has 9 entries, but the network gives 10 scores"), "{:?}", rig.last());
}
