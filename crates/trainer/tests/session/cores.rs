//! Runs on several cores: the same curve, scores and numbers; answers that come late; cores that are lost.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use engine::shards::{Hand, Loan, Lost, Shard, Task};
use protocol::{Command, EvalSet, Event, RunSpec, Save, Score};
use trainer::{
    Network, Rest, Stage,
    checkpoint::{self, Position},
    machine::{Hire, Threads},
};

use crate::{
    cards::numbers,
    rig::{RUN, Rig, small},
};

/// How the shards of a test behave.
#[derive(Debug, Default)]
struct Behaviour {
    /// Looks for an answer before it is there.
    polls: u32,
    /// Tasks after which one dies.
    dies_after: Option<u32>,
    tasks: u32,
}

type Shared = Rc<RefCell<Behaviour>>;

#[derive(Debug)]
struct LateShards(usize, Shared);

impl Hire for LateShards {
    fn shards(&self, network: &Network) -> Vec<Box<dyn Shard>> {
        let late = |_| LateShard { hand: Hand::new(&network.job, None), answers: VecDeque::new(), polls: 0, behaviour: Rc::clone(&self.1) };
        (0..self.0).map(|i| Box::new(late(i)) as Box<dyn Shard>).collect()
    }
}

#[derive(Debug)]
struct LateShard {
    hand: Hand,
    answers: VecDeque<Task>,
    polls: u32,
    behaviour: Shared,
}

impl Shard for LateShard {
    fn is_ready(&self) -> bool {
        true
    }

    fn put(&mut self, mut task: Task, loan: &Loan<'_>) {
        task.take_along(loan);
        self.hand.work(&mut task);
        self.answers.push_back(task);
        assert_eq!(self.answers.len(), 1, "a shard has one task at a time");
        self.polls = 0;
        self.behaviour.borrow_mut().tasks += 1;
    }

    fn take(&mut self) -> Option<Result<Task, Lost>> {
        let behaviour = self.behaviour.borrow();
        if behaviour.dies_after.is_some_and(|most| behaviour.tasks > most) {
            return Some(Err(Lost("it was switched off".to_owned())));
        }
        self.polls += 1;
        if self.polls <= behaviour.polls { None } else { self.answers.pop_front().map(Ok) }
    }
}

fn rig(spec: RunSpec, hire: impl Hire + 'static) -> Rig {
    let mut rig = Rig::few();
    rig.session.set_hire(Box::new(hire));
    rig.send(Command::Open { run: RUN, spec });
    assert!(matches!(rig.last(), Event::Opened { .. }), "{:?}", rig.last());
    rig
}

/// The numbers of the checkpoint at the end, what it says of the run, curve and all, and the scores. (The entries of
/// its header come in any order.)
fn end(rig: &mut Rig) -> (Vec<u8>, Position, Vec<Score>) {
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    rig.send(Command::Save { run: RUN, ask: 1, what: Save::Checkpoint });
    let file = rig.events.iter().rev().find(|m| matches!(m.head, Event::Saved { .. })).unwrap().file.clone();
    let score = |m: &protocol::Message<Event>| if let Event::Evaluated { score, .. } = &m.head { Some(score.clone()) } else { None };
    let position = checkpoint::read(&file).unwrap().checkpoint().unwrap().1.clone();
    (numbers(&file), position, rig.events.iter().filter_map(score).collect())
}

/// With a batch norm and dropout, in several leaves, the last of them smaller.
fn spec() -> RunSpec {
    let mut spec = small();
    spec.train.batch = 50;
    spec
}

#[test]
fn a_run_ends_in_the_same_bytes_on_any_number_of_cores() {
    let wanted = end(&mut rig(spec(), Threads { cores: 1 }));
    for cores in [2, 3, 8] {
        let mut rig = rig(spec(), Threads { cores });
        assert!(matches!(rig.last(), Event::Opened { summary, .. } if summary.cores > 1), "{:?}", rig.last());
        assert!(end(&mut rig) == wanted, "{cores} cores");
    }
    for polls in [0, 1, 5] {
        let behaviour = Shared::new(RefCell::new(Behaviour { polls, ..Behaviour::default() }));
        let mut rig = rig(spec(), LateShards(2, Rc::clone(&behaviour)));
        assert!(end(&mut rig) == wanted, "answers after {polls} looks");
        assert!(behaviour.borrow().tasks > 50, "they had nothing to do");
    }
}

#[test]
fn a_lost_core_is_told_and_changes_nothing() {
    let wanted = end(&mut rig(spec(), Threads { cores: 1 }));
    for dies_after in [1, 2, 5, 31] {
        let behaviour = Behaviour { polls: 1, dies_after: Some(dies_after), ..Behaviour::default() };
        let mut rig = rig(spec(), LateShards(2, Shared::new(RefCell::new(behaviour))));
        assert!(end(&mut rig) == wanted, "dead after {dies_after} tasks");
        let told = |m: &protocol::Message<Event>| match &m.head {
            Event::Moved { cores, message, .. } => Some((*cores, message.clone())),
            _ => None,
        };
        let told: Vec<_> = rig.events.iter().filter_map(told).collect();
        assert!(
            told.iter().any(|(cores, words)| *cores == 1 && words.contains("it was switched off") && words.contains("one core")),
            "{told:?}"
        );
    }
}

#[test]
fn a_pause_ends_the_step_under_way() {
    let behaviour = Shared::new(RefCell::new(Behaviour { polls: 1_000_000, ..Behaviour::default() }));
    let mut rig = rig(spec(), LateShards(1, Rc::clone(&behaviour)));
    rig.send(Command::Play { run: RUN });
    let rest = rig.turn();
    assert!(matches!(rest, Rest::UntilWoken(_)), "{rest:?}");
    rig.send(Command::Pause { run: RUN });
    assert_eq!(rig.session.stage(), Stage::Playing, "a step is under way");
    behaviour.borrow_mut().polls = 0;
    let paused = rig.until(|e| matches!(e, Event::Paused { .. }));
    assert!(matches!(paused, Event::Paused { progress, .. } if progress.step == 1), "{paused:?}");
    assert_eq!(rig.turn(), Rest::UntilCalled);
    // Another run begins while a shard still works at this one.
    behaviour.borrow_mut().polls = 1_000_000;
    rig.send(Command::Play { run: RUN });
    rig.turn();
    rig.send(Command::Open { run: RUN, spec: small() });
    behaviour.borrow_mut().polls = 0;
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    rig.until(|e| matches!(e, Event::Evaluated { .. }));
}
