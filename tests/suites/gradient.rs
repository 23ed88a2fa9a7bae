//! The naive loops against finite differences, and the fast kernels, on every way,
//! against the naive loops: every operator, every one of its cases.

use engine::{
    Mode,
    ops::{Activation, KINDS, Reference},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    numbers::{draw, normals},
    problem::{Problem, Tolerance, assert_close, assert_same, wide},
    way::{Way, every_way},
};

/// Every case of every operator, alone and with each activation that the layer absorbs.
pub fn every_case() -> Vec<(String, Problem)> {
    let mut all = Vec::new();
    for (index, kind) in KINDS.iter().enumerate() {
        for (number, case) in kind.cases().iter().enumerate() {
            let mut problem = Problem::of(case);
            draw(&mut problem, 100 * index as u32 + number as u32);
            let name = format!("{}, {}", kind.name, case.name);
            for activation in [Activation::Relu].into_iter().filter(|a| problem.op().kind().absorbs.contains(a)) {
                all.push((format!("{name}, {activation:?}"), fused(&problem, activation)));
            }
            all.push((name, problem));
        }
    }
    all
}

/// The same layer with `activation` applied to its output. No gradient flows into a number that
/// lies so near to zero that a small step or a rounding would carry it across the kink.
fn fused(problem: &Problem, activation: Activation) -> Problem {
    let before = problem.reference().output;
    let mut fused = problem.clone().with_activation(activation);
    for (d, value) in fused.d_output.iter_mut().zip(before) {
        if value.abs() < 1e-3 {
            *d = 0.0;
        }
    }
    fused
}

every_way! { worked_cases_come_out_as_by_hand, kernels_agree_with_the_naive_loops }

async fn worked_cases_come_out_as_by_hand(way: Way) {
    let by_hand = Tolerance { rtol: 1e-6, atol: 1e-6 };
    for kind in KINDS {
        for case in kind.cases() {
            let Some(worked) = &case.worked else { continue };
            let mut problem = Problem::of(&case);
            for (which, put, len) in [
                ("input", &worked.input, problem.input.len()),
                ("params", &worked.params, problem.params.len()),
                ("d_output", &worked.d_output, problem.d_output.len()),
            ] {
                assert_eq!(put.len(), len, "{}, {}: {which}", kind.name, case.name);
            }
            problem.input.clone_from(&worked.input);
            problem.params.clone_from(&worked.params);
            problem.d_output.clone_from(&worked.d_output);
            if !worked.state.is_empty() {
                problem.state.clone_from(&worked.state);
            }
            let mut ways = vec![("naive", problem.reference())];
            if !problem.is_identity() {
                ways.push(("fast", way.layer(&problem).await));
            }
            for (by, got) in ways {
                let what = format!("{}, {}, {by} {way:?}", kind.name, case.name);
                assert_close(&format!("{what}: output"), &got.output, &wide(&worked.output), by_hand);
                if case.mode == Mode::Train {
                    assert_close(&format!("{what}: d_input"), &got.d_input, &wide(&worked.d_input), by_hand);
                    assert_close(&format!("{what}: d_params"), &got.d_params, &wide(&worked.d_params), by_hand);
                }
            }
        }
    }
}

async fn kernels_agree_with_the_naive_loops(way: Way) {
    for (name, problem) in every_case() {
        let mut want = problem.reference();
        if problem.is_identity() {
            assert_eq!(want.output, wide(&problem.input), "{name}: said to be the identity");
            assert_eq!(want.d_input, wide(&problem.d_output), "{name}: said to be the identity");
            continue;
        }
        let got = way.layer(&problem).await;
        if problem.at.mode == Mode::Eval {
            // No plan goes backward in evaluation.
            want = Reference { d_input: Vec::new(), d_params: Vec::new(), ..want };
        }
        assert_same(&format!("{name}, {way:?}"), &got, &want, Tolerance::of_sum(problem.terms()));
        if problem.at.mode == Mode::Train {
            let alone = way.d_params_alone(&problem).await;
            assert_eq!(alone, got.d_params, "{name}, {way:?}: d_params must not depend on whether d_input is wanted");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn naive_gradients_agree_with_finite_differences() {
    for (name, problem) in every_case() {
        let at = problem.reference();
        let (input, params) = (wide(&problem.input), wide(&problem.params));
        check_differences(&format!("{name}: d_input"), &problem, &input, &at.d_input, |x| problem.reference_at(x, &params).output);
        check_differences(&format!("{name}: d_params"), &problem, &params, &at.d_params, |p| problem.reference_at(&input, p).output);
    }
}

/// Largest number of single coordinates that are tried; beyond it they are spread evenly.
const COORDINATES: usize = 48;

/// `gradient` of Σ d_output · output against central differences: along a few random directions,
/// which see every coordinate, and along coordinates, which say where an error is.
fn check_differences(what: &str, problem: &Problem, from: &[f64], gradient: &[f64], output: impl Fn(&[f64]) -> Vec<f64>) {
    assert_eq!(from.len(), gradient.len(), "{what}: length");
    if from.is_empty() {
        return;
    }
    let upstream = wide(&problem.d_output);
    // Nothing moves by more than the step, so nothing that is clear of its kink crosses it.
    let step = 1e-5;
    let slope = |direction: &[f64]| {
        let moved = |by: f64| -> Vec<f64> { from.iter().zip(direction).map(|(x, d)| x + by * d).collect() };
        let (ahead, behind) = (output(&moved(step)), output(&moved(-step)));
        let sum: f64 = upstream.iter().zip(ahead.iter().zip(behind)).map(|(g, (a, b))| g * (a - b)).sum();
        sum / (2.0 * step)
    };
    let directions = (0..3).map(|seed| {
        let mut direction = wide(&normals(from.len(), seed));
        direction.iter_mut().for_each(|d| *d = d.clamp(-1.0, 1.0));
        direction
    });
    let stride = from.len().div_ceil(COORDINATES);
    let coordinates = (0..from.len()).step_by(stride).map(|i| {
        let mut direction = vec![0.0; from.len()];
        direction[i] = 1.0;
        direction
    });
    for (number, direction) in directions.chain(coordinates).enumerate() {
        let want: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let got = slope(&direction);
        let size: f64 = gradient.iter().zip(&direction).map(|(g, d)| (g * d).abs()).sum();
        let place = match number.checked_sub(3) {
            None => format!("random direction {number}"),
            Some(n) => format!("coordinate {}", n * stride),
        };
        assert!((got - want).abs() <= 1e-6 * (1.0 + size), "{what}, {place}: differences give {got}, the gradient {want}");
    }
}
