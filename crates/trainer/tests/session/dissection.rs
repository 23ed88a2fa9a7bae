//! A tile taken apart: its parts are of the same moment as the frame beside them.

use engine::{NodeId, ParamId, Tensor, ops::account::PartKind};
use protocol::{Command, Event, Message, Opened};

use crate::rig::{RUN, Rig, digit, small};

fn last(rig: &Rig, is: impl Fn(&Event) -> bool) -> &Message<Event> {
    rig.events.iter().rev().find(|m| is(&m.head)).unwrap()
}

#[test]
fn products_and_bias_make_what_the_layer_gives() {
    let mut rig = Rig::open(small());
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(3), file: vec![] });
    rig.send(Command::Watch { run: RUN, tensors: vec![Tensor::Output(NodeId(0)), Tensor::Param(ParamId(1))] });
    let opened = Opened { node: NodeId(0), channel: 1, field_of: Some([4, 5]) };
    rig.send(Command::Dissect { run: RUN, opened: Some(opened) });
    rig.step(3);
    rig.until(|e| matches!(e, Event::Framed { step: 3, .. }));
    let told = last(&rig, |e| matches!(e, Event::Dissected { .. }));
    let Event::Dissected { parts, opened: of, trouble, .. } = &told.head else { panic!() };
    assert_eq!((of.node, of.channel, trouble), (NodeId(0), 1, &None));
    let part = |kind| {
        let view = parts.iter().find(|p| p.kind == kind).unwrap_or_else(|| panic!("no {kind:?} in {parts:?}"));
        (view.dims, &told.bulk[view.range.clone()])
    };
    let (dims, sum) = part(PartKind::Sum);
    assert_eq!(part(PartKind::Products).1, sum, "one input channel: its share is the sum");
    let framed = last(&rig, |e| matches!(e, Event::Framed { .. }));
    let Event::Framed { views, step: 3, .. } = &framed.head else { panic!("{:?}", framed.head) };
    let plane = dims[1] * dims[2];
    let output = &framed.bulk[views[0].range.clone()][plane..2 * plane];
    let bias = framed.bulk[views[1].range.clone()][1];
    for (got, sum) in output.iter().zip(sum) {
        assert!((got - (sum + bias)).abs() < 1e-5, "{got} is not {sum} + {bias}");
    }
    assert!(output.iter().any(|v| *v != bias), "nothing was computed");
}

#[test]
fn a_field_is_measured_where_it_was_asked_for_and_lies_under_its_window() {
    let mut rig = Rig::open(small());
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(3), file: vec![] });
    rig.send(Command::Dissect { run: RUN, opened: Some(Opened { node: NodeId(0), channel: 0, field_of: Some([5, 6]) }) });
    rig.rest();
    let told = last(&rig, |e| matches!(e, Event::Dissected { .. }));
    let Event::Dissected { parts, .. } = &told.head else { panic!() };
    let field = parts.iter().find(|p| p.kind == PartKind::Field).unwrap();
    assert_eq!(field.dims, [1, 28, 28]);
    let seen: Vec<usize> = told.bulk[field.range.clone()].iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i).collect();
    assert!(!seen.is_empty());
    let window = window_of(&rig);
    for place in seen {
        assert!(window[0].contains(&(place / 28)) && window[1].contains(&(place % 28)), "{place} lies outside of {window:?}");
    }
}

/// Rows and columns of the first convolution's window at cell (5, 6).
fn window_of(rig: &Rig) -> [std::ops::Range<usize>; 2] {
    let Some(Event::Opened { spec, .. }) = rig.events.iter().map(|m| &m.head).find(|e| matches!(e, Event::Opened { .. })) else { panic!() };
    let graph = engine::Graph::check(&spec.model).unwrap();
    let reach = graph.nodes[0].reach;
    let at = |axis: usize, i: usize| {
        let start = reach.start[axis] + (i * reach.jump[axis]) as i64;
        start.max(0) as usize..(start + reach.size[axis] as i64) as usize
    };
    [at(0, 5), at(1, 6)]
}

#[test]
fn what_there_is_not_cannot_be_looked_into() {
    let mut rig = Rig::open(small());
    for opened in [
        Opened { node: NodeId(99), channel: 0, field_of: None },
        Opened { node: NodeId(0), channel: 999, field_of: None },
        Opened { node: NodeId(0), channel: 0, field_of: Some([28, 0]) },
    ] {
        rig.send(Command::Dissect { run: RUN, opened: Some(opened) });
        assert!(matches!(rig.last(), Event::Declined { message, .. } if message.starts_with("dissect: ")), "{:?}", rig.last());
    }
    rig.rest();
    assert!(!rig.events.iter().any(|m| matches!(m.head, Event::Dissected { .. })));
}
