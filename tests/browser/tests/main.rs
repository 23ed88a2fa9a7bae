//! The built page in a real Chromium.
//!
//! `KERNELSCOPE_DIST` names the folder that `cargo xtask build` has filled; `CHROMEDRIVER` and
//! `CHROMIUM` name programs that are not on the path. One test runs at a time, whatever the runner
//! asks for: what the page promises, it promises to a user who has the machine to himself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

mod stage;

mod accessible;
mod accuracy;
mod batches;
mod building;
mod card;
mod cores;
mod drawing;
mod keeping;
mod learn;
mod looks;
mod measure;
mod memory;
mod monitors;
mod opening;
mod own;
mod parts;
mod runs;
mod shapes;
mod time;
mod toolbox;
mod training;
mod trouble;
