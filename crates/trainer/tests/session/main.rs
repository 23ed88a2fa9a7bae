//! Sessions on a few hundred real digits, through commands and events alone.

#![allow(clippy::unwrap_used)] // A test may panic.

mod arrival;
mod curve;
mod faults;
mod files;
mod frames;
mod loopback;
mod rig;
mod table;
