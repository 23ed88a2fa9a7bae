//! The card against the CPU: every operator, every case, every pass, every way to store and to sum.

use std::rc::Rc;

use engine::{
    backend::gpu::{
        Card, Single,
        check::{self, Scope},
        launch::Storage,
    },
    ops::Reference,
};

use crate::{
    card::on_card,
    gradient::every_case,
    problem::{Problem, Tolerance, assert_close, assert_same, wide},
};

on_card! {
    every_operator_agrees_with_the_cpu => operators,
    the_check_at_start_passes => start,
}

async fn operators(card: Rc<Card>) {
    for (name, problem) in every_case() {
        if problem.is_identity() {
            continue;
        }
        for storage in [Storage::F32, Storage::F16] {
            for subgroups in [false, true] {
                if (storage == Storage::F16 && !card.info.half) || (subgroups && !card.info.subgroups) {
                    continue;
                }
                for wants_d_input in [true, false] {
                    one(&card, &name, &problem, storage, subgroups, wants_d_input).await;
                }
            }
        }
    }
}

async fn one(card: &Rc<Card>, name: &str, problem: &Problem, storage: Storage, subgroups: bool, wants_d_input: bool) {
    let mut problem = problem.clone();
    if storage == Storage::F16 {
        // Both sides choose (a maximum, a draw) among the same numbers.
        problem.input.iter_mut().for_each(|x| *x = half(*x));
    }
    let single = Single { storage, subgroups, ..problem.single(wants_d_input) };
    let what = format!("{name}, {storage:?}, subgroups {subgroups}, d_input {wants_d_input}");
    let got = single.run(card).await.unwrap_or_else(|e| panic!("{what}: {e}"));
    let want = single.run_on_cpu();
    let mut within = Tolerance::of_sum(problem.terms());
    if storage == Storage::F16 {
        // Eleven bits of each number that goes in or comes out, and sums of such.
        let half = 1.0 / 1024.0;
        within = Tolerance { rtol: 4.0 * half, atol: 4.0 * half * (problem.terms() as f64).sqrt() };
    }
    if storage == Storage::F32 {
        assert_close(&format!("{what}: saved"), &wide(&got.saved), &wide(&want.saved), within);
    }
    let result = |r: engine::backend::gpu::SingleResult| Reference {
        output: wide(&r.output),
        state: wide(&r.state),
        d_input: wide(&r.d_input),
        d_params: wide(&r.d_params),
    };
    assert_same(&what, &result(got), &result(want), within);
}

/// To eleven bits, as half precision holds them.
fn half(x: f32) -> f32 {
    f32::from_bits((x.to_bits() + 0xfff + (x.to_bits() >> 13 & 1)) & !0x1fff)
}

async fn start(card: Rc<Card>) {
    for found in check::run(&card, &Scope::everything()).await.unwrap() {
        assert!(found.passed, "{found:?} on {:?}", card.info);
    }
}
