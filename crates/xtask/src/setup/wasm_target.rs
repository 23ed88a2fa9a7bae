//! The standard library for wasm.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::announce;
use crate::shell::{Shell, answer, run};

const TARGET: &str = "wasm32-unknown-unknown";

pub fn ensure(shell: &Shell) -> Result<()> {
    if is_there(shell) {
        return Ok(());
    }
    announce(&format!("Rust's standard library for {TARGET}"), "about 20 s");
    run(&mut shell.command("rustup", &["target", "add", TARGET]))
        .with_context(|| format!("the target {TARGET} is missing. With rustup (https://rustup.rs): `rustup target add {TARGET}`"))
}

fn is_there(shell: &Shell) -> bool {
    let folder = answer(&mut shell.command("rustc", &["--print", "target-libdir", "--target", TARGET]));
    folder.is_some_and(|f| has_std(Path::new(&f)))
}

fn has_std(folder: &Path) -> bool {
    let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    fs::read_dir(folder).is_ok_and(|mut files| files.any(|f| f.is_ok_and(|f| f.file_name().to_str().is_some_and(is_std))))
}
