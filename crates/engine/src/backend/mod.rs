//! Where a plan runs.

pub mod cpu;
pub mod gpu;
