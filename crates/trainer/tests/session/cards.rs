//! Runs on a machine that answers later: the same numbers as on the CPU, whatever happens meanwhile.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use engine::{NodeId, Tensor};
use protocol::{Backend, Command, EvalSet, Event, Message, Pace, Progress, Save, Score};
use trainer::{Rest, Stage, machine::MakeMachine};

use crate::{
    late::{Behaviour, LateMaker, Shared},
    rig::{RUN, Rig, STEPS, digit, small},
};

pub fn card(behaviour: Behaviour) -> Shared {
    Rc::new(RefCell::new(Behaviour { steps_at_once: behaviour.steps_at_once.max(1), ..behaviour }))
}

pub fn maker(card: &Shared) -> Option<Box<dyn MakeMachine>> {
    Some(Box::new(LateMaker(Rc::clone(card))))
}

/// A card that keeps its answers for a while and makes four steps at once.
pub fn slow() -> Behaviour {
    Behaviour { hold_puts: 3, hold_polls: 5, steps_at_once: 4, ..Behaviour::default() }
}

/// A run of `spec` on a card.
pub fn on_card(spec: protocol::RunSpec, card: &Shared) -> Rig {
    let mut rig = Rig::few();
    rig.session.set_maker(maker(card));
    rig.send(Command::Open { run: RUN, spec });
    rig
}

/// Curve and scores as a page keeps them, which drops what is void.
#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    pub curve: Vec<(u32, u64, u64)>,
    pub scores: Vec<Score>,
}

pub fn kept(rig: &Rig) -> Kept {
    let mut kept = Kept::default();
    for message in &rig.events {
        match &message.head {
            Event::Opened { history, .. } | Event::Progressed { history, .. } => {
                kept.curve.extend(history.iter().map(|p: &Progress| (p.step, p.loss.to_bits(), p.accuracy.to_bits())));
            }
            // Those that the end of an epoch calls for; others are asked for in between.
            Event::Evaluated { score, .. } => kept.scores.extend((score.step % STEPS == 0).then(|| score.clone())),
            Event::Moved { progress, .. } => {
                kept.curve.retain(|p| p.0 <= progress.step);
                kept.scores.retain(|s| s.step <= progress.step);
            }
            _ => {}
        }
    }
    // The ends of epochs may have been scored more than once, alike.
    kept.scores.sort_by_key(|s| (s.step, s.set == EvalSet::Test));
    kept.scores.dedup();
    kept
}

/// The bytes after the header: weights, statistics, and in a checkpoint the optimizer's.
pub fn numbers(file: &[u8]) -> Vec<u8> {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    file[8 + header..].to_vec()
}

/// A file of a run that may be on a card.
pub fn save(rig: &mut Rig, what: Save) -> Vec<u8> {
    let seen = rig.events.len();
    rig.send(Command::Save { run: RUN, ask: 77, what });
    if !rig.events[seen..].iter().any(|m| matches!(m.head, Event::Saved { ask: 77, .. })) {
        rig.until(|e| matches!(e, Event::Saved { ask: 77, .. }));
    }
    rig.events.iter().rev().find(|m| matches!(m.head, Event::Saved { ask: 77, .. })).unwrap().file.clone()
}

pub fn finish(rig: &mut Rig) {
    if rig.session.stage() != Stage::Finished {
        rig.send(Command::Play { run: RUN });
        rig.until(|e| matches!(e, Event::Finished { .. }));
    }
}

/// What a plain run of [`small`] on the CPU keeps, and its last numbers.
pub fn plain() -> (Kept, Vec<u8>) {
    let mut rig = Rig::open(small());
    finish(&mut rig);
    let file = rig.save(Save::Checkpoint);
    (kept(&rig), numbers(&file))
}

fn show(i: usize) -> Message<Command> {
    Message { head: Command::Show { run: RUN }, bulk: digit(i), file: vec![] }
}

const WATCHED: [Tensor; 3] = [Tensor::Input, Tensor::Output(NodeId(0)), Tensor::Output(NodeId(6))];
const SHOWN: [usize; 2] = [3, 5];

/// Numbers, to the bit.
type Bits = Vec<u32>;

/// The frames that the CPU gives after each step, of either image.
fn true_frames() -> HashMap<(u32, Bits), Bits> {
    let mut rig = Rig::open(small());
    rig.send(Command::Watch { run: RUN, tensors: WATCHED.to_vec() });
    for step in 0..=2 * STEPS {
        if step > 0 {
            rig.step(1);
        }
        for i in SHOWN {
            rig.send_with(show(i));
            rig.rest();
        }
    }
    frames(&rig).into_iter().collect()
}

/// Step, image and bulk of each frame.
fn frames(rig: &Rig) -> Vec<((u32, Bits), Bits)> {
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    rig.events
        .iter()
        .filter_map(|m| match &m.head {
            Event::Framed { step, views, .. } => Some(((*step, bits(&m.bulk[views[0].range.clone()])), bits(&m.bulk))),
            _ => None,
        })
        .collect()
}

/// Small numbers of no pattern.
pub struct Dice(pub u32);

impl Dice {
    pub fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % sides
    }
}

/// What a person may do, in any order; counts the evaluations and files that were asked for.
fn act(rig: &mut Rig, dice: &mut Dice, card: &Shared, moves: bool) -> u32 {
    match dice.below(if moves { 14 } else { 12 }) {
        0 | 1 => _ = rig.send(Command::Play { run: RUN }),
        2 => _ = rig.send(Command::Pause { run: RUN }),
        3 => _ = rig.send(Command::Step { run: RUN, count: dice.below(9) }),
        4 => _ = rig.send_with(show(SHOWN[dice.below(2) as usize])),
        5 => _ = rig.send(Command::Evaluate { run: RUN, set: [EvalSet::Validation, EvalSet::Test][dice.below(2) as usize] }),
        6 => {
            let what = [Save::Weights, Save::Checkpoint][dice.below(2) as usize];
            rig.send(Command::Save { run: RUN, ask: 1, what });
            return 1;
        }
        7 => {
            let pace = [Pace::Full, Pace::StepsPerSecond(300.0)][dice.below(2) as usize];
            rig.send(Command::SetPace { run: RUN, pace });
        }
        12 => rig.session.set_maker(None),
        13 => rig.session.set_maker(maker(card)),
        _ => {
            for _ in 0..dice.below(6) {
                rig.turn();
            }
        }
    }
    0
}

/// Any order of commands, any lateness, with and without a card that is lost on the way: curve,
/// scores, frames, files and the last numbers are those of the CPU, to the bit.
#[test]
fn no_interleaving_changes_a_number() {
    let (expected, last) = plain();
    let truth = true_frames();
    let (mut seen, mut lost) = (0, 0);
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let card = card(Behaviour {
            hold_puts: 1 + dice.below(3),
            hold_polls: dice.below(12),
            steps_at_once: 1 + dice.below(6),
            lost_at: (seed % 2 == 1).then(|| 1 + dice.below(40)),
            for_good: seed % 4 == 1,
            ..Behaviour::default()
        });
        let mut rig = on_card(small(), &card);
        assert!(matches!(rig.last(), Event::Opened { summary, .. } if summary.backend == Backend::Gpu && summary.half));
        rig.send(Command::Watch { run: RUN, tensors: WATCHED.to_vec() });
        rig.send_with(show(SHOWN[0]));
        let mut asked = 0;
        while rig.session.stage() != Stage::Finished {
            asked += act(&mut rig, &mut dice, &card, seed % 3 == 0);
            if dice.below(10) == 0 {
                rig.turn();
            }
        }
        rig.send(Command::SetPace { run: RUN, pace: Pace::Full });
        rig.rest();
        // A card that was lost only now may have taken the last steps with it.
        finish(&mut rig);
        rig.rest();

        // A run that was played on after its end goes further than the plain one.
        let kept = kept(&rig);
        let within = |step: u32| step <= 2 * STEPS;
        let curve: Vec<_> = kept.curve.iter().copied().filter(|p| within(p.0)).collect();
        assert_eq!(curve, expected.curve, "seed {seed}");
        for score in &expected.scores {
            assert!(kept.scores.contains(score), "seed {seed}: {score:?}");
        }
        for (at, bulk) in frames(&rig) {
            if within(at.0) {
                seen += 1;
                assert!(truth[&at] == bulk, "seed {seed}: another frame after step {}", at.0);
            }
        }
        let files: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Saved { .. })).map(|m| m.file.clone()).collect();
        assert_eq!(files.len(), asked as usize, "seed {seed}: a file was asked for and did not come");
        for file in files.iter().filter(|f| trainer::checkpoint::read(f).unwrap().checkpoint().is_some()).take(2) {
            let mut other = Rig::few();
            let Event::Opened { progress, .. } = other.load(file) else { panic!("{:?}", other.last()) };
            if progress.step < 2 * STEPS {
                finish(&mut other);
                let end = other.save(Save::Checkpoint);
                assert!(
                    numbers(&end) == last && self::kept(&other).curve == expected.curve,
                    "seed {seed}: a file of step {}",
                    progress.step
                );
            }
        }
        if kept.curve.last().unwrap().0 == 2 * STEPS {
            let end = save(&mut rig, Save::Checkpoint);
            assert!(numbers(&end) == last, "seed {seed}");
        }
        lost += rig.events.iter().filter(|m| matches!(&m.head, Event::Moved { message, .. } if message.contains("pulled out"))).count();
    }
    assert!(seen > 250 && lost > 15, "too little has happened: {seen} frames, {lost} losses");
}

#[test]
fn a_pause_ends_and_steps_are_counted() {
    for steps_at_once in [1, 4, 1_000] {
        let card = card(Behaviour { steps_at_once, ..slow() });
        let mut rig = on_card(small(), &card);
        rig.send(Command::Step { run: RUN, count: 7 });
        let paused = rig.until(|e| matches!(e, Event::Paused { .. }));
        assert!(matches!(paused, Event::Paused { progress, .. } if progress.step == 7), "{paused:?}");
        // While others are under way: so many more.
        rig.send(Command::Play { run: RUN });
        rig.turn();
        let before = card.borrow().puts;
        rig.send(Command::Step { run: RUN, count: 3 });
        rig.until(|e| matches!(e, Event::Paused { .. }));
        assert!(card.borrow().puts > before);

        rig.send(Command::Play { run: RUN });
        rig.turn();
        let said: Vec<_> = rig.send(Command::Pause { run: RUN }).iter().map(|m| m.head.clone()).collect();
        assert!(said.is_empty(), "steps are under way: {said:?}");
        let Event::Paused { progress, .. } = rig.until(|e| matches!(e, Event::Paused { .. })) else { panic!() };
        rig.rest();
        assert_eq!((rig.session.stage(), rig.turn()), (Stage::Paused, Rest::UntilCalled));
        assert!(matches!(rig.last(), Event::Paused { progress: p, .. } if p.step == progress.step));
        // A pause that is taken back is answered all the same.
        rig.send(Command::Play { run: RUN });
        rig.turn();
        let seen = rig.events.len();
        rig.send(Command::Pause { run: RUN });
        rig.send(Command::Play { run: RUN });
        let said: Vec<_> = rig.events[seen..].iter().map(|m| m.head.clone()).collect();
        assert!(matches!(said[..], [.., Event::Paused { .. }, Event::Played { .. }]), "{said:?}");
        rig.until(|e| matches!(e, Event::Finished { .. }));
        assert_eq!(kept(&rig), plain().0);
    }
}

#[test]
fn the_host_is_told_to_wait_for_the_card() {
    let card = card(Behaviour { hold_puts: u32::MAX, hold_polls: u32::MAX, ..slow() });
    let mut rig = on_card(small(), &card);
    assert_eq!(rig.turn(), Rest::UntilCalled);
    rig.send(Command::Play { run: RUN });
    let rest = rig.turn();
    assert!(matches!(rest, Rest::UntilWoken(ms) if ms > 0.0 && ms <= 4.0), "{rest:?}");
    assert_eq!(card.borrow().puts, 3, "as much as there is room for");
    rig.turn();
    assert_eq!(card.borrow().puts, 3);
    card.borrow_mut().hold_polls = 0;
    rig.until(|e| matches!(e, Event::Finished { .. }));
    let traffic = rig.events.iter().find_map(|m| match &m.head {
        Event::Progressed { traffic, .. } => *traffic,
        _ => None,
    });
    assert_eq!(traffic.unwrap().dispatches_per_step, 9.0);
}

#[test]
fn a_run_moves_at_a_boundary_and_back() {
    let (expected, last) = plain();
    let card = card(slow());
    let mut rig = Rig::open(small());
    rig.send(Command::Play { run: RUN });
    rig.turn();
    let places = [(Some(Backend::Gpu), "the graphics card"), (None, "the CPU"), (Some(Backend::Gpu), "the graphics card")];
    for (to, place) in places {
        rig.session.set_maker(to.and_then(|_| maker(&card)));
        let Event::Moved { backend, half, progress, message, .. } = rig.until(|e| matches!(e, Event::Moved { .. })) else { panic!() };
        assert_eq!((backend, half), (to.unwrap_or_default(), to.is_some()));
        assert_eq!(message, format!("the run continues on {place} from step {}", progress.step));
        assert!(matches!(rig.session.stage(), Stage::Playing | Stage::Scoring), "it plays on");
        rig.turn();
    }
    rig.until(|e| matches!(e, Event::Finished { .. }));
    assert_eq!(kept(&rig), expected);
    let end = save(&mut rig, Save::Checkpoint);
    assert!(numbers(&end) == last);
    // A run that stands still moves too, and stays finished.
    rig.session.set_maker(None);
    rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    assert_eq!((rig.session.stage(), rig.turn()), (Stage::Finished, Rest::UntilCalled));
    let (seen, cards) = (rig.events.len(), card.borrow().made);
    rig.session.set_maker(None);
    rig.rest();
    assert_eq!((rig.events.len(), card.borrow().made), (seen, cards), "it is there already");
}
