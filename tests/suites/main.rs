//! What spans crates. Every suite walks a list (operators, optimizers, presets, golden files), and
//! every test runs natively and, in a worker of a headless browser, as wasm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

mod augment;
mod augmented;
mod batch;
mod card;
mod differences;
mod digits;
mod extremes;
mod faults;
mod fuzz;
mod gather;
mod golden;
mod gradient;
mod init;
mod losses;
mod network;
mod numbers;
mod parity;
mod problem;
mod registry;
#[cfg(not(target_arch = "wasm32"))]
mod reserved;
mod schedule;
#[cfg(not(target_arch = "wasm32"))]
mod shaders;
mod shards;
mod traffic;
mod training;
mod update;
mod way;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
