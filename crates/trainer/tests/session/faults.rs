//! Runs that lose their numbers.

use protocol::{Command, Event, Hyper, Message, RunSpec, Save, TrainSpec};
use trainer::Stage;

use crate::rig::{FEW, RUN, Rig, digit, small};

pub fn wild(rate: f32) -> Command {
    Command::Tune { run: RUN, hyper: Hyper { rate } }
}

/// Plain gradient descent on a linear network: no unit can die, so nothing holds the weights back.
pub fn steep() -> RunSpec {
    let mut spec = small();
    spec.model.layers.retain(|l| !["batch_norm2d", "relu", "max_pool2d"].contains(&l.op().kind().name));
    spec.train = TrainSpec { optimizer: engine::OptimizerSpec::Sgd(Default::default()), epochs: 20, rate: 0.02, ..spec.train };
    spec
}

#[test]
fn a_rate_that_is_too_high_ends_in_a_message_and_good_weights() {
    let mut rig = Rig::open(steep());
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(0), file: vec![] });
    rig.step(120);
    rig.send(wild(100.0));
    rig.send(Command::Play { run: RUN });
    let Event::Faulted { message, .. } = rig.until(|e| matches!(e, Event::Faulted { .. })) else { panic!() };
    assert!(message.starts_with("the loss was no longer a number at step 12"), "{message}");
    assert!(
        message.ends_with("with a learning rate of 100; the weights of step 100 are back in place: lower the rate and play on"),
        "{message}"
    );
    let paused = rig.events.iter().rev().find(|m| matches!(m.head, Event::Paused { .. })).unwrap();
    assert!(matches!(&paused.head, Event::Paused { progress, .. } if progress.step == 100 && progress.loss.is_finite()));
    assert_eq!(rig.session.stage(), Stage::Paused);

    // The weights are those of step 100, to the bit, and so is what follows.
    let mut plain = Rig::open(steep());
    plain.step(100);
    rig.send(wild(0.02));
    for rig in [&mut plain, &mut rig] {
        rig.step(10);
        rig.rest();
    }
    let tail = |rig: &mut Rig| {
        let file = rig.save(Save::Weights);
        let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        file[8 + header..].to_vec()
    };
    assert_eq!(tail(&mut rig), tail(&mut plain));
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    assert!(rig.scores().last().unwrap().accuracy > 0.5);
}

/// Frames, scores and files of a run whose weights overflow between two batches.
#[test]
fn lost_numbers_never_leave_the_session() {
    let mut rig = Rig::open(steep());
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(0), file: vec![] });
    rig.send(wild(100.0));
    let mut faults = 0;
    // A head with a NaN would fail on its way through JSON, which the rig takes each event through.
    for _ in 0..12 {
        rig.step(1);
        rig.send(Command::Save { run: RUN, ask: 0, what: Save::Checkpoint });
        rig.send(Command::Evaluate { run: RUN, set: protocol::EvalSet::Test });
        rig.rest();
    }
    for message in &rig.events {
        match &message.head {
            Event::Faulted { .. } => faults += 1,
            Event::Saved { .. } => {
                let mut other = Rig::new(trainer::Session::with_portion(crate::rig::digits(), FEW));
                assert!(matches!(other.load(&message.file), Event::Opened { .. }), "{:?}", other.last());
            }
            _ => {}
        }
    }
    assert!(faults > 0, "a rate of 100 should have lost the numbers");
}
