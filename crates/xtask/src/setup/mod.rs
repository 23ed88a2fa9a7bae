//! What the commands need, and how to get it. Each `ensure` looks first, and installs only what
//! is missing.

mod apt;
mod browser;
mod cargo_tool;
mod npm;
mod vulkan;
mod wasm_target;

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell::Shell;

pub use browser::Browser;
pub use npm::Optimizer;

/// The wasm target, `wasm-bindgen` and Trunk, and `wasm-opt` if it can be had: what building the
/// page needs.
pub fn for_page(shell: &mut Shell) -> Result<Optimizer> {
    wasm_target::ensure(shell)?;
    cargo_tool::wasm_bindgen(shell)?.ensure(shell)?;
    cargo_tool::TRUNK.ensure(shell)?;
    npm::ensure_optimizer(shell)
}

/// A Vulkan driver, if only one in software.
pub fn for_gpu_tests(shell: &Shell) -> Result<()> {
    vulkan::ensure(shell)
}

/// The wasm target and the runner of wasm tests, and a browser for them.
pub fn for_wasm_tests(shell: &mut Shell) -> Result<Browser> {
    wasm_target::ensure(shell)?;
    cargo_tool::wasm_bindgen(shell)?.ensure(shell)?;
    browser::ensure(shell)
}

pub fn for_browser_tests(shell: &mut Shell) -> Result<Browser> {
    browser::ensure(shell)
}

/// The script that looks for what keeps people out of a page.
pub fn for_accessibility(shell: &Shell) -> Result<PathBuf> {
    npm::ensure_axe(shell)
}

pub fn for_wasm_clippy(shell: &Shell) -> Result<()> {
    wasm_target::ensure(shell)
}

pub fn for_licences(shell: &mut Shell) -> Result<()> {
    cargo_tool::CARGO_DENY.ensure(shell)
}

/// The folder of the four IDX files of MNIST.
pub fn for_data(shell: &Shell) -> Result<PathBuf> {
    npm::ensure_mnist(shell)
}

/// `~/.cache/kernelscope/NAME`, or under `$XDG_CACHE_HOME`.
fn cache(name: &str) -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || set("HOME").or_else(|| set("USERPROFILE")).map(|h| h.join(".cache"));
    let base = set("XDG_CACHE_HOME").or_else(home).context("neither XDG_CACHE_HOME nor HOME is set: no place for tools")?;
    Ok(base.join("kernelscope").join(name))
}

/// Says what is about to be installed.
fn announce(what: &str, how_long: &str) {
    println!("Set-up: {what} ({how_long})");
}
