//! The graphics card, through WebGPU.
//!
//! ```text
//! Op::launches --> Launch (data) --prepare--> Prepared (pipeline, buffers)
//! Card (device) <-- Gpu (numbers of a network) <-- GpuRun (a plan, its buffers, its launches)
//! Gpu::train, score, look, read --> Commands --submit--> Reader --take--> bytes
//! ```
//!
//! Nothing here waits: work is submitted, and what it gave comes back through [`reader::Reader`], in order.

pub mod alone;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod card;
pub mod check;
mod commands;
pub mod digits;
pub mod gather;
pub mod launch;
pub mod line;
pub mod network;
mod pipeline;
pub mod profile;
pub mod reader;
pub mod run;
pub mod single;
mod updating;

pub use card::{Card, CardError, CardInfo};
pub use digits::DigitSet;
pub use line::{SLOTS, Traffic, Turn};
pub use network::{Gpu, results};
pub use run::GpuRun;
pub use single::{Single, SingleResult};
