//! Sessions on this machine's graphics card, or on what plays one. Without any the tests are skipped,
//! loudly; where `REQUIRE_GPU` is 1 that is a failure.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)] // A test may panic.

mod rig;
mod settings;

use engine::{
    Augment, LossSpec, NodeId, ScheduleSpec, Tensor, Treatment,
    backend::gpu::{CardError, launch::Storage, reader::block_on},
    schedule::{Cosine, CurveSpec},
};
use protocol::{Backend, Command, EvalSet, Event, Message, Wish};
use rig::{RUN, Rig, card, clock, spec};
use trainer::survey::survey;

#[test]
fn a_run_on_the_card_is_the_run_on_the_cpu() {
    let Some(card) = card() else { return };
    let (mut here, mut there) = (Rig::open(&spec(), None), Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32))));
    here.finish();
    there.finish();
    let (want, got) = (here.points(), there.points());
    assert_eq!(want.last().unwrap().step, 60);
    assert_eq!(got.iter().map(|p| p.step).collect::<Vec<_>>(), want.iter().map(|p| p.step).collect::<Vec<_>>());
    // Rounding is carried on from step to step: the first epoch agrees closely, the end in what was learnt.
    for (got, want) in got.iter().zip(&want).take_while(|(p, _)| p.step <= 20) {
        assert!((got.loss - want.loss).abs() <= 2e-3 * want.loss, "{got:?}, on the CPU {want:?}");
    }
    for set in [EvalSet::Validation, EvalSet::Test] {
        let (got, want) = (there.accuracy(set), here.accuracy(set));
        assert!(want > 0.6 && (got - want).abs() <= 0.06, "{set:?}: {got}, on the CPU {want}");
    }
}

#[test]
fn what_is_watched_and_saved_on_the_card_is_what_the_cpu_sees() {
    let Some(card) = card() else { return };
    let mut there = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32)));
    there.send(Command::Step { run: RUN, count: 5 }.into());
    there.until(|e| matches!(e, Event::Paused { .. }));
    let file = there.save();

    let mut here = Rig::open(&spec(), None);
    here.send(Message { head: Command::Load { run: RUN }, bulk: Vec::new(), file });
    let tensors: Vec<Tensor> = (0..spec().model.layers.len()).map(|i| Tensor::Output(NodeId(i))).collect();
    let image: Vec<f32> = (0..784).map(|i| (i % 29) as f32 / 28.0).collect();
    let [got, want] = [&mut there, &mut here].map(|rig| {
        rig.events.clear();
        rig.send(Command::Watch { run: RUN, tensors: tensors.clone() }.into());
        rig.send(Message { head: Command::Show { run: RUN }, bulk: image.clone(), file: Vec::new() });
        rig.until(|e| matches!(e, Event::Framed { step: 5, .. }))
    });
    assert_eq!(got.bulk.len(), want.bulk.len());
    let size = want.bulk.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.bulk.iter().zip(&want.bulk).enumerate() {
        assert!((g - w).abs() <= 1e-5 * size, "number {i}: {g}, on the CPU {w}");
    }
}

#[test]
fn a_lost_card_ends_in_a_message_and_a_run_that_goes_on() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), None);
    rig.send(Command::Play { run: RUN }.into());
    rig.until(|e| matches!(e, Event::Progressed { .. }));
    rig.give(&card, Backend::Gpu, Storage::F32);
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Gpu, .. }));
    let Event::Moved { progress: there, .. } = moved.head else { panic!("{moved:?}") };
    rig.until(|e| matches!(e, Event::Progressed { progress, .. } if progress.step > there.step + 3));
    rig.events.clear();
    card.destroy();
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    let Event::Moved { progress, message, .. } = moved.head else { panic!("{moved:?}") };
    assert!(message.contains("lost") && message.contains(&format!("step {}", progress.step)), "{message}");
    rig.until(|e| matches!(e, Event::Finished { progress, .. } if progress.step == 60));
    assert!(!rig.events.iter().any(|m| matches!(m.head, Event::Faulted { .. })));
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_card_lost_while_nothing_runs_is_told_at_once() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 3 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let told = card.troubled();
    card.destroy();
    // Who hosts the session waits for this, and then has it take a turn.
    assert!(matches!(block_on(told), CardError::Lost(_)));
    let moved = rig.until(|e| matches!(e, Event::Moved { backend: Backend::Cpu, .. }));
    let Event::Moved { progress, message, .. } = moved.head else { panic!("{moved:?}") };
    assert!(message.contains("lost") && progress.step <= 3, "{message} at {}", progress.step);
    rig.send(Command::Play { run: RUN }.into());
    rig.until(|e| matches!(e, Event::Finished { progress, .. } if progress.step == 60));
}

#[test]
fn a_twin_does_not_part() {
    let Some(card) = card() else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");
}

#[test]
fn a_twin_does_not_part_over_moved_images() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    spec.train.augment = Augment { shift: 3.0, rotate: 20.0, scale: 0.2, ..Augment::default() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");
}

/// Everything that can be done to an image, mixed images with shares of two classes included.
#[test]
fn a_twin_does_not_part_over_augmented_images() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    let all =
        Augment { shift: 2.0, rotate: 10.0, elastic: 2.0, perspective: 0.2, blur: 0.5, contrast: 0.3, noise: 0.1, ..Augment::default() };
    let mixed = Augment { erase: 0.5, cutout: 6.0, mixup: 0.4, cutmix: 1.0, rand_count: 2.0, ..all };
    for augment in [all, mixed] {
        spec.train.augment = augment;
        let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
        rig.send(Command::Step { run: RUN, count: 6 }.into());
        rig.until(|e| matches!(e, Event::Paused { .. }));
        let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
        assert!(parted.is_empty(), "{parted:?}");
    }
    // On the card alone it learns.
    spec.train.augment = Augment { shift: 1.0, mixup: 0.2, ..Augment::default() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Gpu, Storage::F32)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.5);
}

/// Penalties, clipping, accumulation, a frozen layer, sharpness-aware minimisation and a schedule, on both.
#[test]
fn a_twin_does_not_part_over_what_stands_around_the_optimizer() {
    let Some(card) = card() else { return };
    let mut spec = spec();
    let rates = [(NodeId(0), 0.0)].into();
    spec.train.treatment = Treatment { l2: 1e-3, clip_norm: 1.0, sam: 0.02, accumulate: 2, rates, ..Treatment::default() };
    spec.train.schedule = ScheduleSpec { warmup_steps: 4, ..CurveSpec::from(Cosine::default()).into() };
    let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
    rig.send(Command::Step { run: RUN, count: 12 }.into());
    rig.until(|e| matches!(e, Event::Paused { .. }));
    let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
    assert!(parted.is_empty(), "{parted:?}");

    // On the card alone it learns, many steps to a submission.
    (spec.train.treatment.accumulate, spec.train.schedule) = (1, ScheduleSpec::default());
    let mut rig = Rig::open(&spec, Some((&card, Backend::Gpu, Storage::F32)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_twin_does_not_part_with_any_loss() {
    let Some(card) = card() else { return };
    for loss in LossSpec::all() {
        let mut spec = spec();
        spec.train.loss = loss.clone();
        // Adam makes a whole step of a gradient that is nothing but rounding, as where the signs of an L1 loss cancel.
        spec.train.optimizer = engine::optim::Sgd::default().into();
        let mut rig = Rig::open(&spec, Some((&card, Backend::Twin, Storage::F32)));
        rig.send(Command::Step { run: RUN, count: 3 }.into());
        rig.until(|e| matches!(e, Event::Paused { .. }));
        let parted: Vec<_> = rig.events.iter().filter(|m| matches!(m.head, Event::Parted { .. })).collect();
        assert!(parted.is_empty(), "{loss:?}: {parted:?}");
    }
}

#[test]
fn half_precision_learns_too() {
    let Some(card) = card().filter(|c| c.info.half) else { return };
    let mut rig = Rig::open(&spec(), Some((&card, Backend::Gpu, Storage::F16)));
    rig.finish();
    assert!(rig.accuracy(EvalSet::Test) > 0.6);
}

#[test]
fn a_survey_forces_chooses_and_says_why() {
    if card().is_none() {
        return;
    }
    let clock = clock();
    let asked = |wish| block_on(survey(wish, &spec(), &clock));
    let cpu = asked(Wish::Cpu);
    assert!(cpu.report.adapter.is_none() && cpu.maker.is_none() && cpu.report.chosen == Backend::Cpu);
    for (wish, backend) in [(Wish::Gpu, Backend::Gpu), (Wish::Twin, Backend::Twin)] {
        let found = asked(wish);
        assert_eq!(found.report.chosen, backend);
        assert!(found.maker.is_some());
        let checks = &found.report.checks;
        let names: Vec<_> = checks.iter().map(|c| c.name.as_str()).collect();
        for wanted in ["Convolution", "Max pooling", "Dense"] {
            assert!(names.contains(&wanted), "{wanted} in {names:?}");
        }
        // Nothing is compiled that this network does not use.
        assert!(!names.contains(&"Layer norm"), "{names:?}");
        assert!(checks.iter().all(|c| c.passed), "{checks:?}");
    }
    let auto = asked(Wish::Auto);
    let adapter = auto.report.adapter.unwrap();
    if adapter.software {
        assert_eq!(auto.report.chosen, Backend::Cpu);
        assert!(auto.report.reason.contains("software"), "{}", auto.report.reason);
    } else {
        let timing = auto.report.timing.unwrap();
        assert_eq!(auto.report.chosen == Backend::Gpu, timing.gpu_step_ms < timing.cpu_step_ms, "{timing:?}");
    }
}
