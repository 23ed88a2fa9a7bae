//! What ran, how it ended, how long it took.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Parts of a command that all run, whatever becomes of the others.
#[derive(Debug, Default)]
pub struct Report {
    parts: Vec<(String, Duration, Option<String>)>,
}

impl Report {
    pub fn part(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        println!("\n=== {name}");
        let start = Instant::now();
        let failure = work().err().map(|e| format!("{e:#}"));
        if let Some(failure) = &failure {
            eprintln!("{name}: {failure}");
        }
        self.parts.push((name.to_owned(), start.elapsed(), failure));
    }

    /// Prints the closing summary.
    pub fn close(&self, command: &str) -> ExitCode {
        println!("\n=== Summary of `cargo xtask {command}`");
        for (name, took, failure) in &self.parts {
            let verdict = if failure.is_none() { "passed" } else { "FAILED" };
            println!("{verdict}  {name} ({})", human(*took));
            if let Some(failure) = failure {
                println!("        {}", failure.lines().next().unwrap_or_default());
            }
        }
        let failed = self.parts.iter().filter(|(_, _, f)| f.is_some()).count();
        if failed == 0 {
            println!("Everything passed.");
            ExitCode::SUCCESS
        } else {
            println!("{failed} of {} parts failed.", self.parts.len());
            ExitCode::FAILURE
        }
    }
}

pub fn human(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..=99 => format!("{s} s"),
        s => format!("{} min {} s", s / 60, s % 60),
    }
}
