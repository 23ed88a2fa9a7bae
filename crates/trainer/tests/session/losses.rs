//! Cards that are lost, that refuse, or that answer nonsense: the run goes on, and says so.

use protocol::{Backend, Command, EvalSet, Event, Hyper, Message, Save};
use trainer::{Rest, Stage, machine::Parting};

use crate::{
    cards::{card, finish, kept, maker, numbers, on_card, plain, save, slow},
    faults::{steep, wild},
    late::Behaviour,
    rig::{RUN, Rig, STEPS, digit, small},
};

fn moved(rig: &Rig) -> Vec<(Backend, u32, String)> {
    let moves = rig.events.iter().filter_map(|m| match &m.head {
        Event::Moved { backend, progress, message, .. } => Some((*backend, progress.step, message.clone())),
        _ => None,
    });
    moves.collect()
}

/// Lost at every piece of work of a run that is played, watched, scored and saved all the while.
#[test]
fn a_lost_card_costs_time_and_no_more() {
    let (expected, last) = plain();
    let mut steps = Vec::new();
    for lost_at in 1..40 {
        let card = card(Behaviour { lost_at: Some(lost_at), ..slow() });
        let mut rig = on_card(small(), &card);
        rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(0), file: vec![] });
        rig.send(Command::Play { run: RUN });
        rig.turn();
        rig.send(Command::Save { run: RUN, ask: 1, what: Save::Checkpoint });
        rig.send(Command::Evaluate { run: RUN, set: EvalSet::Test });
        rig.until(|e| matches!(e, Event::Finished { .. }));
        rig.rest();
        for (backend, step, message) in moved(&rig) {
            assert_eq!(backend, Backend::Cpu);
            assert!(message.starts_with("the card was pulled out: the run continues on the CPU with the weights of step "), "{message}");
            assert!(message.contains(&format!("step {step}")));
            steps.push((step, message.contains("lost")));
        }
        let said = |wanted: &dyn Fn(&Event) -> bool| rig.events.iter().any(|m| wanted(&m.head));
        assert!(said(&|e| matches!(e, Event::Saved { ask: 1, .. })), "{lost_at}: no file");
        assert!(said(&|e| matches!(e, Event::Evaluated { score, .. } if score.set == EvalSet::Test && score.step < 2 * STEPS)));
        assert!(said(&|e| matches!(e, Event::Framed { step, .. } if *step == 2 * STEPS)), "{lost_at}: frames have stopped");
        assert!(!said(&|e| matches!(e, Event::Paused { .. } | Event::Faulted { .. })), "it plays on");
        assert_eq!(kept(&rig).curve, expected.curve, "{lost_at}");
        let end = save(&mut rig, Save::Checkpoint);
        assert!(numbers(&end) == last, "{lost_at}");
    }
    assert!(steps.len() > 20 && steps.iter().any(|s| s.0 > 0) && steps.iter().any(|s| s.1), "{steps:?}");
}

#[test]
fn what_stands_still_is_not_lost_with_its_card() {
    let (expected, last) = plain();
    for stop in [13, 2 * STEPS] {
        let card = card(slow());
        let mut rig = on_card(small(), &card);
        if stop < 2 * STEPS {
            rig.step(stop);
            rig.rest();
        } else {
            finish(&mut rig);
        }
        let stage = rig.session.stage();
        card.borrow_mut().lost = true;
        assert_eq!(rig.turn(), Rest::UntilCalled);
        assert_eq!(
            moved(&rig),
            [(Backend::Cpu, stop, format!("the card was pulled out: the run continues on the CPU with the weights of step {stop}"))]
        );
        assert_eq!(rig.session.stage(), stage);
        finish(&mut rig);
        assert_eq!(kept(&rig), expected);
        let end = save(&mut rig, Save::Checkpoint);
        assert!(numbers(&end) == last);
    }
}

#[test]
fn a_pause_during_which_the_card_is_lost_ends() {
    let card = card(Behaviour { hold_puts: u32::MAX, hold_polls: u32::MAX, ..slow() });
    let mut rig = on_card(small(), &card);
    rig.send(Command::Play { run: RUN });
    rig.turn();
    rig.send(Command::Pause { run: RUN });
    rig.turn();
    assert_eq!(rig.session.stage(), Stage::Playing);
    card.borrow_mut().lost = true;
    rig.until(|e| matches!(e, Event::Paused { progress, .. } if progress.step == 0));
    assert_eq!((rig.session.stage(), moved(&rig).len()), (Stage::Paused, 1));
    // A count of steps is kept across the loss.
    rig.session.set_maker(maker(&card));
    rig.send(Command::Step { run: RUN, count: 9 });
    rig.turn();
    card.borrow_mut().lost = true;
    rig.until(|e| matches!(e, Event::Paused { progress, .. } if progress.step == 9));
    finish(&mut rig);
    assert_eq!(kept(&rig), plain().0);
}

#[test]
fn a_card_that_cannot_take_the_run_leaves_it_on_the_cpu() {
    let card = card(Behaviour { refusal: Some("the card has too little memory"), ..slow() });
    let mut rig = on_card(small(), &card);
    let [.., opened, moved] = &rig.events[..] else { panic!() };
    assert!(matches!(&opened.head, Event::Opened { summary, .. } if summary.backend == Backend::Cpu));
    let said = "the card has too little memory: the run continues on the CPU";
    assert!(matches!(&moved.head, Event::Moved { backend: Backend::Cpu, message, .. } if message == said), "{moved:?}");
    rig.step(5);
    // Not lost for good: the next run may fit.
    card.borrow_mut().refusal = None;
    rig.send(Command::Open { run: RUN, spec: small() });
    assert!(matches!(rig.last(), Event::Opened { summary, .. } if summary.backend == Backend::Gpu));
    // A card that refuses an open run.
    rig.session.set_maker(None);
    rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    card.borrow_mut().refusal = Some("a limit is too small");
    rig.session.set_maker(maker(&card));
    let Event::Moved { message, .. } = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. })) else { panic!() };
    assert_eq!(message, "a limit is too small: the run continues on the CPU from step 0");
    finish(&mut rig);
    let last = plain().1;
    let end = save(&mut rig, Save::Checkpoint);
    assert!(numbers(&end) == last);
}

#[test]
fn a_card_that_is_gone_is_asked_no_more() {
    for for_good in [false, true] {
        let card = card(Behaviour { lost_at: Some(2), for_good, ..slow() });
        let mut rig = on_card(small(), &card);
        rig.send(Command::Play { run: RUN });
        rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
        rig.send(Command::Open { run: RUN, spec: small() });
        let wanted = if for_good { Backend::Cpu } else { Backend::Gpu };
        assert!(matches!(rig.last(), Event::Opened { summary, .. } if summary.backend == wanted), "{:?}", rig.last());
    }
}

#[test]
fn an_answer_to_no_question_ends_in_the_cpu_too() {
    let card = card(slow());
    let mut rig = on_card(small(), &card);
    rig.send(Command::Play { run: RUN });
    rig.turn();
    card.borrow_mut().confused = true;
    rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    finish(&mut rig);
    assert_eq!(kept(&rig), plain().0);
}

#[test]
fn lost_numbers_are_put_back_whatever_is_under_way() {
    for (first, steps_at_once) in [(5, 1), (30, 4), (30, 100)] {
        let card = card(Behaviour { steps_at_once, ..slow() });
        let mut rig = on_card(steep(), &card);
        rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(0), file: vec![] });
        rig.step(first);
        rig.rest();
        rig.send(wild(100.0));
        rig.send(Command::Play { run: RUN });
        rig.turn();
        rig.send(Command::Save { run: RUN, ask: 9, what: Save::Checkpoint });
        let Event::Faulted { message, .. } = rig.until(|e| matches!(e, Event::Faulted { .. })) else { panic!() };
        rig.rest();
        let paused = rig.events.iter().rev().find(|m| matches!(m.head, Event::Paused { .. })).unwrap();
        let Event::Paused { progress, .. } = paused.head else { panic!() };
        assert!(message.contains(&format!("the weights of step {} are back in place", progress.step)), "{message}");
        assert!(progress.step <= first && progress.loss.is_finite());
        assert_eq!(rig.session.stage(), Stage::Paused);

        // The card goes on from just those weights.
        assert!(moved(&rig).is_empty());
        let mut plain = Rig::open(steep());
        if progress.step > 0 {
            plain.step(progress.step);
        }
        rig.send(Command::Tune { run: RUN, hyper: Hyper { rate: 0.02 } });
        for rig in [&mut plain, &mut rig] {
            rig.step(10);
        }
        let (got, wanted) = (save(&mut rig, Save::Weights), save(&mut plain, Save::Weights));
        assert!(numbers(&got) == numbers(&wanted), "after step {}", progress.step);
        let file = rig.events.iter().find(|m| matches!(m.head, Event::Saved { ask: 9, .. }));
        let declined = rig.events.iter().any(|m| matches!(&m.head, Event::Declined { message, .. } if message.starts_with("save: ")));
        assert!(file.is_some() || declined, "a file was asked for");
        if let Some(file) = file {
            assert!(matches!(Rig::few().load(&file.file), Event::Opened { .. }));
        }
    }
}

#[test]
fn a_twin_that_parts_says_where_and_goes_on() {
    let card = card(slow());
    let mut rig = on_card(small(), &card);
    rig.send(Command::Play { run: RUN });
    rig.turn();
    let parting = Parting { step: 3, tensor: "0.weight".to_owned(), position: 4, cpu: 0.5, gpu: f32::NAN, message: "no number".to_owned() };
    card.borrow_mut().parting = Some(parting);
    let parted = rig.until(|e| matches!(e, Event::Parted { .. }));
    assert!(matches!(&parted, Event::Parted { step: 3, position: 4, cpu: 0.5, gpu: 0.0, .. }), "{parted:?}");
    finish(&mut rig);
    assert_eq!(kept(&rig), plain().0);
}
