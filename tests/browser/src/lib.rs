//! The built page in a real Chromium: a server of the built files, a driver of the browser, and
//! what the tests ask of the page.
//!
//! `KERNELSCOPE_DIST` names the folder that `cargo xtask build` has filled; `CHROMEDRIVER` and
//! `CHROMIUM` name programs that are not on the path.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

pub mod browser;
pub mod driver;
pub mod site;

pub use browser::{Browser, Setting, drive, drive_with};
pub use site::{Fault, Site};
