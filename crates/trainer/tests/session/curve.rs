//! What a run computes depends on its specification alone.

use engine::{NodeId, Tensor};
use protocol::{Command, EvalSet, Event, Hyper, Message, Pace, RunSpec, Save, TrainSpec};

use trainer::Stage;

use crate::rig::{RUN, Rig, STEPS, digit, small, with_momentum};

fn played(spec: RunSpec) -> Rig {
    let mut rig = Rig::open(spec);
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    rig
}

fn seeded(seed: u32) -> RunSpec {
    RunSpec { train: TrainSpec { seed, ..small().train }, ..small() }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let (mut one, mut two, other) = (played(seeded(3)), played(seeded(3)), played(seeded(4)));
    assert_eq!(one.curve(), two.curve());
    assert_eq!(one.scores(), two.scores());
    assert_eq!(weights(&mut one), weights(&mut two));
    assert_ne!(one.curve(), other.curve());
}

/// The bytes after the header: its two entries of metadata may change places.
fn weights(rig: &mut Rig) -> Vec<u8> {
    let file = rig.save(Save::Weights);
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    file[8 + header..].to_vec()
}

#[test]
fn neither_pauses_nor_steps_nor_looking_change_anything() {
    let mut plain = played(small());
    let mut rig = Rig::open(small());
    rig.send(Command::Watch { run: RUN, tensors: vec![Tensor::Output(NodeId(0))] });
    rig.step(1);
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(5), file: vec![] });
    rig.step(11);
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Test });
    rig.until(|e| matches!(e, Event::Evaluated { .. }));
    rig.send(Command::SetPace { run: RUN, pace: Pace::StepsPerSecond(50.0) });
    // Across the end of the epoch, pausing within its evaluation.
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Progressed { progress, .. } if progress.step >= 20));
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    rig.send(Command::Pause { run: RUN });
    rig.rest();
    rig.step(2);
    rig.save(Save::Checkpoint);
    rig.send(Command::SetPace { run: RUN, pace: Pace::Full });
    rig.send(Command::Play { run: RUN });
    while rig.session.stage() != Stage::Finished {
        rig.turn();
        if rig.session.stage() != Stage::Finished {
            rig.send(Command::Pause { run: RUN });
            rig.turn();
            rig.send(Command::Play { run: RUN });
        }
    }
    assert_eq!(rig.curve(), plain.curve());
    assert_eq!(weights(&mut rig), weights(&mut plain));
    let ends = |rig: &Rig| rig.scores().into_iter().filter(|s| s.step % STEPS == 0).collect::<Vec<_>>();
    assert_eq!(ends(&rig), ends(&plain));
}

/// Ten steps, a file, another session, ten steps: as twenty.
#[test]
fn a_checkpoint_goes_on_where_it_stopped() {
    // Across the end of an epoch (25 steps), with the optimizers that keep much, little and nothing.
    for spec in [small(), with_momentum(small())] {
        for first in [10, 20, STEPS] {
            let mut whole = Rig::open(spec.clone());
            whole.send(Command::Tune { run: RUN, hyper: Hyper { rate: 0.02 } });
            whole.step(first);
            let file = whole.save(Save::Checkpoint);
            whole.step(10);

            let mut rig = Rig::few();
            let Event::Opened { spec: loaded, progress, history, scores, .. } = rig.load(&file) else { panic!("{:?}", rig.last()) };
            let tuned = RunSpec { train: TrainSpec { rate: 0.02, ..spec.train.clone() }, ..spec.clone() };
            assert_eq!((loaded, progress.step, progress.rate), (tuned, first, 0.02));
            assert_eq!((history.len(), scores.len()), (first as usize, 0));
            rig.step(10);
            assert_eq!(rig.curve(), whole.curve(), "{first}");
            assert_eq!(rig.scores(), whole.scores());
            assert_eq!(weights(&mut rig), weights(&mut whole));
        }
    }
}

#[test]
fn a_finished_run_stays_finished() {
    let mut done = played(small());
    let file = done.save(Save::Checkpoint);
    let mut rig = Rig::few();
    let Event::Opened { progress, scores, .. } = rig.load(&file) else { panic!() };
    assert_eq!((progress.step, scores), (2 * STEPS, done.scores()));
    assert_eq!(rig.session.stage(), Stage::Finished);
    for rig in [&mut done, &mut rig] {
        rig.send(Command::Step { run: RUN, count: 30 });
        rig.until(|e| matches!(e, Event::Paused { .. }));
    }
    assert_eq!(weights(&mut rig), weights(&mut done));
}

#[test]
fn the_rate_takes_hold_at_once() {
    let mut rig = Rig::open(small());
    rig.step(3);
    rig.send(Command::Tune { run: RUN, hyper: Hyper { rate: 0.0 } });
    let before = params(&mut rig);
    rig.step(3);
    assert_eq!(params(&mut rig), before);
    rig.send(Command::Tune { run: RUN, hyper: Hyper { rate: 0.5 } });
    rig.step(1);
    assert_ne!(params(&mut rig), before);
    let rates = rig.events.iter().flat_map(|m| match &m.head {
        Event::Progressed { history, .. } => &history[..],
        _ => &[],
    });
    assert_eq!(rates.map(|p| p.rate).collect::<Vec<_>>(), [0.01, 0.01, 0.01, 0.0, 0.0, 0.0, 0.5]);
}

/// The first kernel, by way of a frame.
fn params(rig: &mut Rig) -> Vec<f32> {
    rig.send(Command::Watch { run: RUN, tensors: vec![Tensor::Param(engine::ParamId(0))] });
    rig.rest();
    let frame = rig.events.iter().rev().find(|m| matches!(m.head, Event::Framed { .. })).unwrap();
    frame.bulk.clone()
}
