//! The Rust files of the project: all formatted, none longer than one reads in one go.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

const LIMIT: usize = 400;

/// Every file as rustfmt writes it. File by file, for `cargo fmt` does not follow modules that a macro declares.
pub fn check_format(root: &Path) -> Result<()> {
    shell::run_quietly(Command::new("rustfmt").args(["--edition", "2024", "--check"]).args(all(root)?).current_dir(root))
}

/// An error that names every longer `.rs` file under the source folders of `root`.
pub fn check_length(root: &Path) -> Result<()> {
    let files = all(root)?;
    let mut long = Vec::new();
    for file in &files {
        let count = fs::read_to_string(file)?.lines().count();
        if count > LIMIT {
            long.push(format!("{} ({count})", file.strip_prefix(root).unwrap_or(file).display()));
        }
    }
    if !long.is_empty() {
        long.sort();
        bail!("files over {LIMIT} lines: {}", long.join(", "));
    }
    println!("{} files, none over {LIMIT} lines", files.len());
    Ok(())
}

fn all(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["crates", "web", "tests"] {
        collect(&root.join(folder), &mut files)?;
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
