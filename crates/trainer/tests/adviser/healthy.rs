//! Runs that are well: the adviser keeps silent from the first step to the last.

use engine::Augment;
use protocol::{RunSpec, TrainSpec};

use crate::runs::{Told, by, run};

fn silent(spec: RunSpec, train: usize, steps: u32) -> Told {
    let mut told = Told::open(spec, train);
    told.play(steps);
    assert!(told.ever.is_empty(), "{:#?}", told.first);
    assert!(told.readings.len() > 3);
    told
}

#[test]
fn the_run_that_the_page_opens_with() {
    let told = silent(RunSpec::default(), 8_000, 375);
    assert!(told.loss < 0.5, "{}", told.loss);
}

#[test]
fn no_convolution_at_all() {
    silent(run("n4", by("momentum", 0.02)), 6_000, 450);
    silent(run("n4", by("sgd", 0.1)), 4_000, 300);
    silent(run("n4", by("adamw", 1e-3)), 4_000, 250);
}

#[test]
fn batch_norm_over_enough_images() {
    silent(run("n3", TrainSpec { batch: 16, ..by("adam", 2e-3) }), 2_000, 60);
}

#[test]
fn functions_that_flatten_out() {
    silent(run("lenet5", by("adam", 2e-3)), 4_000, 250);
}

#[test]
fn moderate_augmentation() {
    let augment = Augment { shift: 2.0, rotate: 10.0, ..Augment::default() };
    silent(run("n1", TrainSpec { augment, ..by("adam", 2e-3) }), 4_000, 200);
}
