//! Sessions on a few hundred real digits, through commands and events alone.

#![allow(clippy::unwrap_used)] // A test may panic.

mod amend;
mod arrival;
mod cards;
mod cores;
mod curve;
mod dissection;
mod ending;
mod faults;
mod files;
mod frames;
mod late;
mod loopback;
mod losses;
mod objectives;
mod preview;
mod probes;
mod race;
mod rig;
mod sources;
mod table;
mod time;
mod trace;
mod update;
