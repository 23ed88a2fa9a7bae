//! Makes `assets/mnist` and its manifest again, from the published files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::setup;
use crate::shell::{self, Shell};

const PACKS: &str = "assets/mnist";
const MANIFEST: &str = "crates/data/src/packs.rs";

pub fn run(shell: &Shell) -> Result<()> {
    let idx = setup::for_data(shell)?;
    println!("Checking the four files of MNIST and packing them (about 30 s the first time)");
    // Into a folder of its own first: a failure leaves the old packs as they are.
    let fresh = shell.root.join("target").join("mnist");
    empty(&fresh)?;
    let fresh_manifest = fresh.join("packs.rs");
    let mut command = shell.cargo(&["run", "--quiet", "--release", "--package", "data", "--example", "make_packs", "--"]);
    shell::run(command.args([&idx, &fresh, &fresh_manifest]))?;

    let packs = shell.root.join(PACKS);
    let manifest = shell.root.join(MANIFEST);
    let before = (read_all(&packs)?, fs::read(&manifest).unwrap_or_default());
    fs::rename(&fresh_manifest, &manifest).with_context(|| format!("cannot write {}", manifest.display()))?;
    empty(&packs)?;
    for (name, bytes) in read_all(&fresh)? {
        fs::write(packs.join(&name), bytes).with_context(|| format!("cannot write {PACKS}/{name}"))?;
    }
    let same = before == (read_all(&packs)?, fs::read(&manifest)?);
    println!("\n{PACKS} and {MANIFEST} are {}.", if same { "as they were" } else { "new" });
    Ok(())
}

/// Makes an empty folder of it.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Names and contents of the files in a folder, by name; nothing if there is no folder.
fn read_all(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            files.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
    }
    files.sort();
    Ok(files)
}
