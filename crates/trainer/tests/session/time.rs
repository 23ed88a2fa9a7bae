//! Moments that are kept, looked at, gone on from, filmed and stored.

use engine::{ParamId, Tensor};
use protocol::{Command, Event, Message, RunId, RunSpec, Save, Travel};
use trainer::{Portion, Session, Stage, checkpoint};

use crate::rig::{RUN, Rig, contents, digit, digits, is_declined, small, with_momentum};

const BUDGET: usize = 16 << 20;

fn keeping(spec: RunSpec, portion: Portion) -> Rig {
    let mut session = Session::with_portion(digits(), portion);
    session.keep_moments(BUDGET);
    let mut rig = Rig::new(session);
    rig.send(Command::Open { run: RUN, spec });
    rig
}

/// A run over so many digits that its curve thins out and several epochs pass.
fn long() -> Rig {
    let mut spec = with_momentum(small());
    spec.train.batch = 2;
    spec.train.epochs = 20;
    keeping(spec, Portion { train: 500, scored: 50 })
}

fn travel(rig: &mut Rig, travel: Travel) -> Vec<Message<Event>> {
    rig.send(Command::Time { run: RUN, travel }).to_vec()
}

fn kept(rig: &Rig) -> Vec<u32> {
    let all = rig.events.iter().rev().find_map(|m| match &m.head {
        Event::Kept { steps, .. } => Some(steps.clone()),
        _ => None,
    });
    all.unwrap_or_default()
}

fn frame(rig: &mut Rig) -> (u32, Vec<f32>, Vec<f32>) {
    rig.until(|e| matches!(e, Event::Framed { .. }));
    let last = rig.events.iter().rev().find(|m| matches!(m.head, Event::Framed { .. })).unwrap();
    let Event::Framed { step, probabilities, .. } = &last.head else { unreachable!() };
    (*step, probabilities.clone(), last.bulk.clone())
}

#[test]
fn a_resumed_run_gives_the_same_bits() {
    let mut rig = long();
    // Into the third epoch, where a point of the curve is the mean of two steps.
    rig.step(2_301);
    let (first, curve) = (rig.save(Save::Checkpoint), rig.curve().len());
    let steps = kept(&rig);
    assert!(steps.len() <= trainer::MOMENTS_LIMIT && steps.contains(&0) && steps.contains(&1_024), "{steps:?}");
    let odd = steps[steps.len() - 2];
    for back in [odd, 1_024, 0] {
        let said = travel(&mut rig, Travel::Resume { step: back });
        assert!(said.iter().any(|m| matches!(&m.head, Event::Resumed { progress, .. } if progress.step == back)), "{said:?}");
        assert_eq!(rig.session.stage(), Stage::Paused);
        assert_eq!(kept(&rig).last(), Some(&back));
        rig.step(2_301 - back);
        assert!(contents(&rig.save(Save::Checkpoint)) == contents(&first), "from step {back}");
    }
    assert!(curve > 2_000 && rig.curve().len() > curve);
    assert_eq!(kept(&rig), steps);
}

#[test]
fn a_rate_that_was_tuned_comes_back() {
    let mut rig = keeping(small(), crate::rig::FEW);
    rig.step(8);
    rig.send(Command::Tune { run: RUN, hyper: protocol::Hyper { rate: 0.5 } });
    rig.step(8);
    travel(&mut rig, Travel::Resume { step: 4 });
    let resumed = rig.events.iter().rev().find_map(|m| match m.head {
        Event::Resumed { progress, .. } => Some(progress.rate),
        _ => None,
    });
    assert_eq!(resumed, Some(small().train.rate));
}

#[test]
fn looking_back_shows_the_network_of_that_moment() {
    let weight = Tensor::Param(ParamId(0));
    let mut then = keeping(small(), crate::rig::FEW);
    then.send(Command::Watch { run: RUN, tensors: vec![weight] });
    then.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(3), file: vec![] });
    then.step(16);
    then.rest();
    let (_, at_16, filters_16) = {
        then.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(3), file: vec![] });
        frame(&mut then)
    };
    then.step(20);
    then.rest();
    let weights_now = then.save(Save::Weights);
    let said = travel(&mut then, Travel::To { step: 15 });
    assert!(matches!(said[0].head, Event::Looked { step: Some(15 | 16), .. }), "{said:?}");
    travel(&mut then, Travel::To { step: 16 });
    let mut shown = frame(&mut then);
    while shown.0 != 16 {
        shown = frame(&mut then);
    }
    assert_eq!(shown, (16, at_16, filters_16));
    // What is saved is what is seen.
    assert_ne!(contents(&then.save(Save::Weights)).1, contents(&weights_now).1);
    // Another image is seen by the old network, too.
    then.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(4), file: vec![] });
    assert_eq!(frame(&mut then).0, 16);
    travel(&mut then, Travel::Now);
    assert_eq!(frame(&mut then).0, 36);
    assert_eq!(contents(&then.save(Save::Weights)), contents(&weights_now));
    // Playing on leaves the past by itself.
    travel(&mut then, Travel::To { step: 0 });
    let said = then.send(Command::Play { run: RUN });
    assert!(matches!(said[0].head, Event::Looked { step: None, .. }), "{said:?}");
}

#[test]
fn looking_back_pauses() {
    let mut rig = keeping(small(), crate::rig::FEW);
    rig.send(Command::Play { run: RUN });
    rig.turn();
    let said = travel(&mut rig, Travel::To { step: 1 });
    assert!(said.iter().any(|m| matches!(m.head, Event::Paused { .. })));
    assert_eq!(rig.session.stage(), Stage::Paused);
}

#[test]
fn a_branch_is_a_run_of_its_own() {
    let mut rig = keeping(small(), crate::rig::FEW);
    rig.step(20);
    let to = RunId(9);
    let said = travel(&mut rig, Travel::Branch { step: 16, to });
    let [Message { head: Event::Opened { run, progress, history, .. }, .. }, Message { head: Event::Kept { steps, .. }, .. }] = &said[..]
    else {
        panic!("{said:?}")
    };
    assert_eq!((*run, progress.step, history.len(), steps.last()), (to, 16, 16, Some(&16)));
    // The old name is nobody's.
    assert!(rig.send(Command::Play { run: RUN }).is_empty());
    rig.send_with(Message { head: Command::Show { run: to }, bulk: digit(0), file: vec![] });
    assert_eq!(frame(&mut rig).0, 16);
    rig.send(Command::Step { run: to, count: 4 });
    rig.until(|e| matches!(e, Event::Paused { run, progress } if *run == to && progress.step == 20));
}

#[test]
fn a_film_shows_a_parameter_at_every_moment() {
    let mut rig = keeping(small(), crate::rig::FEW);
    rig.step(20);
    let said = travel(&mut rig, Travel::Film { param: ParamId(0) });
    let [Message { head: Event::Filmed { steps, .. }, bulk, .. }] = &said[..] else { panic!("{said:?}") };
    assert_eq!(*steps, kept(&rig));
    assert_eq!(bulk.len(), steps.len() * 100);
    let (network, first, _) = checkpoint::open(&keeping(small(), crate::rig::FEW).save(Save::Weights), &small()).unwrap();
    assert_eq!(bulk[..100], first.params[network.graph.params[0].range.clone()]);
    assert!(bulk.chunks(100).collect::<Vec<_>>().windows(2).all(|w| w[0] != w[1]));
    let said = travel(&mut rig, Travel::Film { param: ParamId(77) });
    assert!(is_declined(&said[0].head, "no parameter 77"));
}

#[test]
fn moments_go_through_files() {
    let mut rig = keeping(with_momentum(small()), crate::rig::FEW);
    rig.step(20);
    let checkpoint = rig.save(Save::Checkpoint);
    let said = travel(&mut rig, Travel::Save { step: 8, ask: 4 });
    let [Message { head: Event::Saved { ask: 4, .. }, file, .. }] = &said[..] else { panic!("{said:?}") };
    let file = file.clone();
    assert!(is_declined(&travel(&mut rig, Travel::Save { step: 1_000, ask: 4 })[0].head, "step 1000 is not kept"));

    let recall = |rig: &mut Rig, file: &[u8]| {
        rig.send_with(Message { head: Command::Time { run: RUN, travel: Travel::Recall }, bulk: vec![], file: file.to_vec() }).to_vec()
    };
    let mut other = keeping(small(), crate::rig::FEW);
    assert!(is_declined(&recall(&mut other, &file)[0].head, "of another run"));
    let mut young = keeping(with_momentum(small()), crate::rig::FEW);
    assert!(is_declined(&recall(&mut young, &file)[0].head, "ahead of the run"));
    assert!(is_declined(&recall(&mut young, &file[..40])[0].head, "time: "));

    let mut again = keeping(small(), crate::rig::FEW);
    again.load(&checkpoint);
    let said = recall(&mut again, &file);
    assert!(matches!(&said[..], [Message { head: Event::Kept { steps, .. }, .. }] if *steps == [8]), "{said:?}");
    travel(&mut again, Travel::Resume { step: 8 });
    again.step(12);
    assert!(contents(&again.save(Save::Checkpoint)) == contents(&checkpoint));
}

#[test]
fn without_a_budget_there_is_no_past() {
    let mut rig = Rig::open(small());
    rig.step(3);
    assert!(kept(&rig).is_empty());
    for travel in [Travel::To { step: 0 }, Travel::Resume { step: 0 }, Travel::Branch { step: 0, to: RunId(2) }] {
        let said = rig.send(Command::Time { run: RUN, travel });
        assert!(is_declined(&said[0].head, "no moment of this run is kept"), "{said:?}");
    }
}
