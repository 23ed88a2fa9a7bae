//! No source file grows beyond what one reads in one go.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

const LIMIT: usize = 400;

/// An error that names every longer `.rs` file under the source folders of `root`.
pub fn check(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["crates", "web", "tests"] {
        collect(&root.join(folder), &mut files)?;
    }
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
