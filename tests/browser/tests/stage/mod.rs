//! What the tests stand on: a host for the built page, a browser, and what is asked of the page.

mod browser;
mod driver;
mod site;

pub use browser::{Browser, Setting, TEST_LIMIT, drive, drive_with};
pub use site::Fault;

/// Says what was measured, also where the runner keeps to itself what a passing test prints.
pub fn report(line: &str) {
    use std::io::Write as _;
    // Nobody listening is no failure.
    let _ = writeln!(std::io::stdout().lock(), "    {line}");
}
