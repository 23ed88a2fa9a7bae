//! Training allocates nothing from step to step.

#![allow(clippy::unwrap_used)] // A test may panic.
#![allow(unsafe_code)] // An allocator that counts can be written in no other way; it only passes on.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use data::Dataset;
use protocol::{Command, RunId, RunSpec};
use trainer::{Rest, Session, Stage, machine::Threads};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is that of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
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
