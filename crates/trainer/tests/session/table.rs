//! Every command in every stage does what the table says.

use engine::{NodeId, Tensor};
use protocol::{Command, EvalSet, Event, FrameId, Hyper, Message, Opened, Pace, Preview, Quest, Race, RunSpec, Save, Travel};
use trainer::{Ask, Stage, Verdict, stage::TABLE};

use crate::rig::{RUN, Rig, STEPS, digit, small};

/// A session that stands in `stage`.
fn standing(stage: Stage) -> Rig {
    let mut rig = if stage == Stage::Idle { Rig::few() } else { Rig::open(small()) };
    match stage {
        Stage::Idle | Stage::Paused => {}
        Stage::Playing => {
            rig.send(Command::Play { run: RUN });
            rig.turn();
        }
        Stage::Scoring => {
            rig.step(STEPS);
            rig.send(Command::Play { run: RUN });
        }
        Stage::Finished => {
            rig.send(Command::Play { run: RUN });
            rig.until(|e| matches!(e, Event::Finished { .. }));
        }
    }
    assert_eq!(rig.session.stage(), stage);
    rig
}

/// [`small`] with a penalty.
fn amended() -> RunSpec {
    let mut spec = small();
    spec.train.treatment.l2 = 0.5;
    spec
}

fn command(ask: Ask, file: &[u8]) -> Message<Command> {
    let run = RUN;
    let head = match ask {
        Ask::Open => Command::Open { run, spec: small() },
        Ask::Play => Command::Play { run },
        Ask::Pause => Command::Pause { run },
        Ask::Step => Command::Step { run, count: 2 },
        Ask::Tune => Command::Tune { run, hyper: Hyper { rate: 0.125 } },
        Ask::Amend => Command::Amend { run, spec: amended() },
        Ask::Seek => Command::Seek { run, quest: Some(Quest::Rate) },
        Ask::Race => Command::Race { run, race: Some(Race { entries: vec![small(); 2], steps: 3 }) },
        Ask::SetPace => Command::SetPace { run, pace: Pace::StepsPerSecond(1.0) },
        Ask::Watch => Command::Watch { run, tensors: vec![Tensor::Input] },
        Ask::Dissect => Command::Dissect { run, opened: Some(Opened { node: NodeId(0), channel: 1, field_of: None }) },
        Ask::Show => return Message { head: Command::Show { run }, bulk: digit(0), file: vec![] },
        Ask::Ack => Command::Ack { run, frame: FrameId(0) },
        Ask::Probe => Command::Probe { run, what: protocol::Probing::Layers },
        Ask::Evaluate => Command::Evaluate { run, set: EvalSet::Test },
        Ask::Preview => Command::Preview { run, preview: Preview { count: 4, ..Preview::default() } },
        Ask::Save => Command::Save { run, ask: 1, what: Save::Weights },
        Ask::Load => return Message { head: Command::Load { run }, bulk: vec![], file: file.to_vec() },
        Ask::Time => Command::Time { run, travel: Travel::Now },
        Ask::Trace => Command::Trace { run, place: 0 },
        Ask::Close => Command::Close { run },
    };
    head.into()
}

#[test]
fn the_full_product() {
    let checkpoint = Rig::open(small()).save(Save::Checkpoint);
    for (ask, row) in TABLE {
        for (stage, verdict) in Stage::ALL.into_iter().zip(row) {
            let mut rig = standing(stage);
            let said: Vec<Event> = rig.send_with(command(ask, &checkpoint)).iter().map(|m| m.head.clone()).collect();
            let after = rig.session.stage();
            let at = format!("{ask:?} in {stage:?}: {said:?}, then {after:?}");
            match verdict {
                Verdict::Pass => assert!(said.is_empty() && after == stage, "{at}"),
                Verdict::Decline => {
                    let message = format!("{}: no run is open", format!("{ask:?}").to_lowercase());
                    assert!(matches!(&said[..], [Event::Declined { message: m, .. }] if *m == message) && after == stage, "{at}");
                }
                Verdict::Do => {
                    assert!(!said.iter().any(|e| matches!(e, Event::Declined { .. } | Event::LoadFailed { .. })), "{at}");
                    is_done(ask, stage, &mut rig, &said, &at);
                }
            }
        }
    }
}

fn is_done(ask: Ask, before: Stage, rig: &mut Rig, said: &[Event], at: &str) {
    let after = rig.session.stage();
    let plays_on = matches!(before, Stage::Playing | Stage::Scoring);
    match ask {
        Ask::Open | Ask::Load => {
            assert!(matches!(said, [Event::Opened { progress, .. }] if progress.step == 0) && after == Stage::Paused, "{at}");
        }
        Ask::Play => {
            let now = if before == Stage::Scoring { before } else { Stage::Playing };
            assert!(matches!(said, [Event::Played { .. }]) && after == now, "{at}");
        }
        Ask::Pause => {
            let now = if before == Stage::Finished { before } else { Stage::Paused };
            assert!(matches!(said, [Event::Paused { .. }] | [Event::Progressed { .. }, Event::Paused { .. }]) && after == now, "{at}");
        }
        Ask::Step => {
            let now = if before == Stage::Scoring { before } else { Stage::Playing };
            assert!(matches!(said, [Event::Played { .. }]) && after == now, "{at}");
            rig.until(|e| matches!(e, Event::Paused { .. }));
            assert_eq!(rig.session.stage(), Stage::Paused, "{at}");
        }
        Ask::Tune => {
            assert!(matches!(said, [Event::Amended { .. }]) && after == before, "{at}");
            rig.send(Command::Pause { run: RUN });
            assert!(matches!(rig.last(), Event::Paused { progress, .. } if progress.rate == 0.125), "{at}");
        }
        Ask::Amend => {
            assert!(said.is_empty() && after == before, "{at}");
            let amended = rig.until(|e| matches!(e, Event::Amended { .. }));
            assert!(matches!(amended, Event::Amended { spec, .. } if spec.train.treatment.l2 == 0.5), "{at}");
        }
        Ask::Seek => {
            assert!(said.is_empty() && after == before, "{at}");
            rig.until(|e| matches!(e, Event::Found { over: true, .. }));
            assert!(plays_on || rig.session.stage() == before, "{at}");
        }
        Ask::Race => {
            rig.until(|e| matches!(e, Event::Raced { over: true, .. }));
            assert_eq!(rig.session.stage(), if plays_on { Stage::Paused } else { before }, "{at}");
        }
        Ask::SetPace | Ask::Ack => assert!(said.is_empty() && after == before, "{at}"),
        Ask::Watch | Ask::Show => {
            assert!(said.is_empty() && after == before, "{at}");
            let framed = rig.until(|e| matches!(e, Event::Framed { .. }));
            let views = usize::from(ask == Ask::Watch);
            assert!(matches!(framed, Event::Framed { views: v, .. } if v.len() == views), "{at}");
        }
        Ask::Probe => {
            assert!(said.is_empty() && after == before, "{at}");
            rig.until(|e| matches!(e, Event::Probed { .. }));
        }
        Ask::Dissect => {
            assert!(said.is_empty() && after == before, "{at}");
            let told = rig.until(|e| matches!(e, Event::Dissected { .. }));
            assert!(matches!(told, Event::Dissected { parts, .. } if !parts.is_empty()), "{at}");
        }
        Ask::Evaluate => {
            assert!(said.is_empty() && after == before, "{at}");
            rig.until(|e| matches!(e, Event::Evaluated { score, .. } if score.set == EvalSet::Test));
            assert!(plays_on || rig.session.stage() == before, "{at}");
        }
        Ask::Preview => assert!(matches!(said, [Event::Previewed { images, .. }] if images.len() == 4) && after == before, "{at}"),
        Ask::Save => assert!(matches!(said, [Event::Saved { ask: 1, .. }]) && after == before, "{at}"),
        Ask::Time => assert!(matches!(said, [Event::Looked { step: None, .. }]) && after == before, "{at}"),
        Ask::Trace => {
            assert!(matches!(said.last(), Some(Event::Traced { .. })), "{at}");
            assert_eq!(after, if plays_on { Stage::Paused } else { before }, "{at}");
        }
        Ask::Close => assert!(said.is_empty() && after == Stage::Idle, "{at}"),
    }
}
