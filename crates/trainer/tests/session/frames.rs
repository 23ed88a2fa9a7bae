//! At most one frame is on its way, and none where nothing has changed.

use engine::{NodeId, Tensor};
use protocol::{Command, Event, FrameId, Message};

use crate::rig::{RUN, Rig, digit, small};

fn frames(rig: &Rig) -> usize {
    rig.events.iter().filter(|m| matches!(m.head, Event::Framed { .. })).count()
}

#[test]
fn nobody_looking_costs_nothing() {
    let mut rig = Rig::open(small());
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    assert_eq!(frames(&rig), 0);
}

#[test]
fn a_page_that_does_not_answer_gets_no_more() {
    let mut rig = Rig::open(small());
    rig.acknowledges = false;
    rig.send(Command::Watch { run: RUN, tensors: vec![Tensor::Output(NodeId(0))] });
    rig.rest();
    assert_eq!(frames(&rig), 1);
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    assert_eq!(frames(&rig), 1);
    rig.send(Command::Ack { run: RUN, frame: FrameId(77) });
    rig.rest();
    assert_eq!(frames(&rig), 1, "that was another frame");
    rig.send(Command::Ack { run: RUN, frame: FrameId(0) });
    rig.rest();
    assert!(matches!(rig.last(), Event::Framed { step: 50, frame: FrameId(1), .. }), "the newest is sent: {:?}", rig.last());
}

#[test]
fn frames_come_at_most_thirty_times_a_second() {
    let mut rig = Rig::open(small());
    rig.send(Command::Watch { run: RUN, tensors: vec![] });
    let (started, before) = (rig.now_ms, frames(&rig));
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    rig.rest();
    let most = (rig.now_ms - started) / 1_000.0 * 30.0 + 1.0;
    let got = (frames(&rig) - before) as f64;
    assert!(got <= most && got >= most / 2.0, "{got} of {most}");
}

#[test]
fn a_paused_run_answers_a_drawing_and_a_step() {
    let mut rig = Rig::open(small());
    let mut show = |i: usize| {
        rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(i), file: vec![] });
        rig.rest();
        let Event::Framed { probabilities, .. } = rig.last().clone() else { panic!() };
        probabilities
    };
    let (one, two) = (show(1), show(2));
    assert_ne!(one, two);
    assert_eq!(show(1), one);
    let before = frames(&rig);
    rig.rest();
    assert_eq!(frames(&rig), before);
    rig.step(1);
    rig.rest();
    assert_eq!(frames(&rig), before + 1);
    assert!(matches!(rig.last(), Event::Framed { step: 1, .. }));
}
