//! What the tests stand on: a host for the built page, a browser, and what is asked of the page.

mod browser;
mod driver;
mod site;

pub use browser::{Browser, Setting, drive, drive_with};
pub use site::Fault;
