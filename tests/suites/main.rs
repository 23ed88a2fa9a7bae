//! What spans crates. Every suite walks a list (operators, optimizers, presets, golden files), and
//! every test runs natively and, in a worker of a headless browser, as wasm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

mod fuzz;
mod golden;
mod gradient;
mod numbers;
mod problem;
mod registry;
mod training;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
