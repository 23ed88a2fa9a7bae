//! `kernelscope bench`, built for speed.

use anyhow::Result;

use crate::shell::{self, Shell};

pub fn run(shell: &Shell, arguments: &[&str]) -> Result<()> {
    // On standard error, so that standard output is the JSON alone.
    eprintln!("Building the terminal program, optimised (about 1 min the first time)");
    shell::run_quietly(shell.cargo(&["run", "--quiet", "--release", "--package", "cli", "--", "bench"]).args(arguments))
}
