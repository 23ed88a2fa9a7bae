//! No allocation in the training loop: every buffer is made before step 0. In a browser that
//! matters most, since the memory of a wasm module never shrinks.
//!
//! Alone in its binary, since it brings an allocator of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
};

use engine::{
    Cpu, Graph, LossSpec, Mode, OptimizerSpec, Plan, PlanOptions, Run, StepInputs,
    plan::Watch,
    presets::PRESETS,
    rng::{Stream, uniform},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The system's allocator, counting how often each thread asks it for memory, and how much it holds.
struct Counting;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
    /// What was taken less what was given back; below zero where another thread's memory ends here.
    static HELD_BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count_one() {
    // Gone where the thread is ending: nobody asks then.
    let _ = REQUESTS.try_with(|r| r.set(r.get() + 1));
}

fn hold(bytes: isize) {
    let _ = HELD_BYTES.try_with(|held| held.set(held.get() + bytes));
}

#[allow(unsafe_code, reason = "an allocator can only be written so; each method hands its arguments on unchanged")]
// SAFETY: every method forwards to `System`, which keeps the contract; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        hold(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        hold(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        hold(size as isize - layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        hold(-(layout.size() as isize));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Requests for memory that this thread made while `work` ran.
fn requests(work: impl FnOnce()) -> usize {
    let before = REQUESTS.get();
    work();
    REQUESTS.get() - before
}

/// What `make` makes, and how many bytes that holds.
fn held_bytes<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD_BYTES.get();
    let made = make();
    (made, (HELD_BYTES.get() - before).try_into().expect("what is made holds something"))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_plan_takes_the_memory_that_it_says() {
    let (kept, bytes) = held_bytes(|| vec![1_u8; 100]);
    assert_eq!((kept.len(), bytes), (100, 100), "the counter does not count");
    for preset in PRESETS {
        let graph = Arc::new(Graph::check_classifier(&preset.model(), 10).unwrap());
        let (numbers, kept) = held_bytes(|| (graph.initial_params(1), graph.initial_state()));
        for (mode, batch) in [(Mode::Train, 1), (Mode::Train, 33), (Mode::Eval, 1), (Mode::Eval, 50)] {
            for watch in [Watch::Nothing, Watch::Everything] {
                let what = format!("{}, {mode:?}, {batch} images, watching {watch:?}", preset.slug);
                let options = PlanOptions { batch, mode, watch };
                let (plan, planned) = held_bytes(|| Plan::compile_for_cpu(&graph, &options).unwrap());
                let tables: usize = plan.steps.iter().map(|step| 4 * step.table.capacity()).sum();
                // What else a plan holds is lists of steps, in which nothing grows with the batch.
                assert!((tables..tables + 64 * 1024).contains(&planned), "{what}: a plan of {planned} bytes has tables of {tables}");
                let says = plan.regions.size_bytes();
                let (run, buffers) = held_bytes(|| Run::new(plan));
                assert_eq!(kept + tables + buffers, says, "{what}: what the plan takes, and what it says");
                let mut run = run;
                let asked = requests(|| run.labels.extend((0..batch).map(|i| (i % 10) as u8)));
                assert_eq!(asked, 0, "{what}: room for the classes");
            }
        }
        drop(numbers);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn training_and_evaluating_allocate_nothing() {
    assert!(requests(|| drop(std::hint::black_box(vec![1_u8; 100]))) > 0, "the counter does not count");
    for preset in PRESETS {
        let graph = Arc::new(Graph::check_classifier(&preset.model(), 10).unwrap());
        // All losses once, so that the test stays short.
        for (turn, optimizer) in OptimizerSpec::all().into_iter().enumerate() {
            let losses = if turn == 0 { LossSpec::all() } else { vec![LossSpec::default()] };
            for watch in [Watch::Nothing, Watch::Everything] {
                let mut cpu = Cpu::new(&graph, optimizer, 1);
                let [mut training, mut evaluation] = [(Mode::Train, 4), (Mode::Eval, 2)].map(|(mode, batch)| {
                    Run::new(Plan::compile_for_cpu(&graph, &PlanOptions { batch, mode, watch: watch.clone() }).unwrap())
                });
                let mut result = Default::default();
                let asked = requests(|| {
                    for step in 0..2 {
                        let now = StepInputs { rate: 1e-3, step, seed: 1 };
                        for run in [&mut training, &mut evaluation] {
                            run.images.iter_mut().enumerate().for_each(|(i, v)| *v = uniform(step, Stream::SHUFFLE, i as u32));
                            run.labels.clear();
                            run.labels.extend((0..run.plan.batch).map(|i| i as u8));
                        }
                        cpu.forward(&mut training, &now);
                        for loss in &losses {
                            cpu.backward(&mut training, loss, 4, &now);
                        }
                        cpu.update(&now);
                        cpu.forward(&mut evaluation, &now);
                        for loss in &losses {
                            result = cpu.evaluate(&evaluation, loss);
                        }
                    }
                });
                assert_eq!(asked, 0, "{}, {}, {watch:?}: requests for memory in two steps", preset.slug, optimizer.rule().name());
                assert_eq!(result.count, 2);
            }
        }
    }
}
