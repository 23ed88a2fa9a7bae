//! Training allocates nothing from step to step, and holds as much memory after ten thousand steps as after a hundred.

#![allow(clippy::unwrap_used)] // A test may panic.
#![allow(unsafe_code)] // An allocator that counts can be written in no other way; it only passes on.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicIsize, AtomicUsize, Ordering},
    },
};

use data::Dataset;
use protocol::{Command, RunId, RunSpec};
use trainer::{Rest, Session, Stage, machine::Threads};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
/// Bytes that were taken and not yet given back.
static HELD: AtomicIsize = AtomicIsize::new(0);
/// The counts are of all threads: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise is that of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RUN: RunId = RunId(1);

/// Allocations in a turn of `count` steps, and its report: the clock stands still, so one report at most.
fn allocations(session: &mut Session, count: u32, now_ms: f64) -> usize {
    session.handle(Command::Step { run: RUN, count }.into(), now_ms);
    session.take_events();
    let before = COUNT.load(Ordering::Relaxed);
    let rest = session.turn(1.0, &mut || now_ms);
    let spent = COUNT.load(Ordering::Relaxed) - before;
    assert_eq!((rest, session.stage()), (Rest::UntilCalled, Stage::Paused));
    spent
}

#[test]
fn a_step_allocates_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
    let mut session = Session::new(Dataset::read_dir(path).unwrap());
    session.set_hire(Box::new(Threads { cores: 2 }));
    for (i, preset) in engine::presets::PRESETS.iter().enumerate() {
        let mut spec = RunSpec { model: preset.model(), ..RunSpec::default() };
        // In one leaf, and in several.
        spec.train.batch = if i % 2 == 0 { 16 } else { 40 };
        if i == 0 {
            spec.train.augment = engine::Augment {
                shift: 2.0,
                elastic: 2.0,
                perspective: 0.2,
                blur: 1.0,
                contrast: 0.2,
                noise: 0.1,
                erase: 0.5,
                mixup: 0.2,
                cutmix: 1.0,
                rand_count: 2.0,
                ..engine::Augment::default()
            };
        }
        // Every rule on the first network, the usual one on the others.
        let rules = if i == 0 { engine::OptimizerSpec::all() } else { vec![engine::OptimizerSpec::default()] };
        for (j, optimizer) in rules.into_iter().enumerate() {
            spec.train.optimizer = optimizer;
            // Every other one with all that may stand around it.
            spec.train.treatment = if j % 2 == 1 {
                let rates = [(engine::NodeId(0), 0.5)].into();
                engine::Treatment { l1: 1e-4, clip_value: 1.0, clip_norm: 1.0, sam: 0.01, accumulate: 2, rates, ..Default::default() }
            } else {
                engine::Treatment::default()
            };
            spec.train.schedule = engine::schedule::CurveSpec::all()[j].into();
            session.handle(Command::Open { run: RUN, spec: spec.clone() }.into(), 0.0);
            // The first step makes the epoch's order, and the first few size what goes between threads.
            let now_ms = 1e6 * (i * 20 + j) as f64;
            allocations(&mut session, 4, now_ms + 1.0);
            let (few, many) = (allocations(&mut session, 2, now_ms + 2.0), allocations(&mut session, 60, now_ms + 3.0));
            assert!(few > 0, "the counter counts the report");
            assert_eq!(few, many, "{} with {:?}", preset.slug, optimizer);
        }
    }
}

/// Bytes held when `count` more steps are done, and what was said on the way is read and gone.
fn held_after(session: &mut Session, count: u32, now_ms: &mut f64) -> isize {
    session.handle(Command::Step { run: RUN, count }.into(), *now_ms);
    for _ in 0..count {
        let rest = session.turn(10.0, &mut || {
            *now_ms += 0.1;
            *now_ms
        });
        drop(session.take_events());
        match rest {
            Rest::Now => {}
            Rest::After(ms) | Rest::UntilWoken(ms) => *now_ms += ms,
            Rest::UntilCalled => break,
        }
    }
    assert_eq!(session.stage(), Stage::Paused);
    HELD.load(Ordering::Relaxed)
}

/// A paused run of a network with every kind of number (weights, running statistics, dropout), four images a step.
fn opened(portion: trainer::Portion) -> Session {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
    let mut session = Session::with_portion(std::sync::Arc::new(Dataset::read_dir(path).unwrap()), portion);
    let layers = serde_json::json!([
        {"op": "conv2d", "out_ch": 4, "kernel": 5, "stride": 2},
        {"op": "batch_norm2d"},
        {"op": "relu"},
        {"op": "max_pool2d"},
        {"op": "flatten"},
        {"op": "dropout", "p": 0.1},
        {"op": "dense", "out": 10},
    ]);
    let mut spec = RunSpec::default();
    spec.model.layers = serde_json::from_value(layers).unwrap();
    (spec.train.batch, spec.train.epochs) = (4, 100);
    session.handle(Command::Open { run: RUN, spec }.into(), 0.0);
    session
}

#[test]
fn ten_thousand_steps_hold_no_more_memory_than_a_hundred() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Within one epoch.
    let mut session = opened(trainer::Portion::default());
    let mut now_ms = 1.0;
    let early = held_after(&mut session, 100, &mut now_ms);
    let late = held_after(&mut session, 9_900, &mut now_ms);
    assert_eq!(late, early, "bytes held after 10,000 steps, and after 100");
    drop(session);
    assert!(HELD.load(Ordering::Relaxed) < early / 2, "the counter does not count");
}

/// The score of each epoch is kept, since it is shown, and nothing else.
#[test]
fn an_epoch_adds_its_score_and_no_more() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut session = opened(trainer::Portion { train: 100, scored: 100 });
    let mut now_ms = 1.0;
    let early = held_after(&mut session, 100, &mut now_ms);
    let late = held_after(&mut session, 2_000, &mut now_ms);
    assert!(late - early < 80 * 2_048, "{} bytes for each of 80 epochs", (late - early) / 80);
}
