//! Every test: native, in wasm, and of the built page in a browser.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::page;
use crate::report::Report;
use crate::setup::{self, Browser};
use crate::shell::{self, Shell};

/// Packages whose tests also run as wasm in headless Chromium. Each has a `webdriver.json` in its
/// folder, which tells Chromium to be headless.
pub const WASM_PACKAGES: [&str; 1] = ["tests"];
/// The end-to-end tests. They drive what lies in the folder named by `KERNELSCOPE_DIST`.
const BROWSER_PACKAGE: &str = "browser-tests";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Native,
    Wasm,
    Browser,
}

impl Part {
    const ALL: [(&str, Self); 3] = [("native", Self::Native), ("wasm", Self::Wasm), ("browser", Self::Browser)];

    /// The parts of these names; all of them if none is named.
    pub fn named(names: &[&str]) -> Result<Vec<Self>> {
        if names.is_empty() {
            return Ok(Self::ALL.map(|(_, part)| part).to_vec());
        }
        let part = |name: &&str| match Self::ALL.iter().find(|(n, _)| n == name) {
            Some(&(_, part)) => Ok(part),
            None => bail!("tests are `native`, `wasm` and `browser`, found `{name}`"),
        };
        names.iter().map(part).collect()
    }
}

pub fn run(shell: &mut Shell, parts: &[Part]) -> Result<ExitCode> {
    // All set-up first: what is missing should be known before an hour of tests has run.
    if parts.contains(&Part::Native)
        && let Err(missing) = setup::for_gpu_tests(shell)
    {
        if gpu_required() {
            return Err(missing);
        }
        println!("Notice: {missing:#}.\n        Tests that need it will say that they do nothing; REQUIRE_GPU=1 makes that a failure.");
    }
    let wasm = parts.contains(&Part::Wasm).then(|| setup::for_wasm_tests(shell)).transpose()?;
    let browser = parts.contains(&Part::Browser).then(|| setup::for_browser_tests(shell)).transpose()?;
    let mut axe = None;
    if parts.contains(&Part::Browser) {
        setup::for_page(shell)?;
        match setup::for_accessibility(shell) {
            Ok(script) => axe = Some(script),
            Err(missing) => println!("Notice: {missing:#}.\n        The test of accessibility will say that it does nothing."),
        }
    }
    let mut report = Report::default();
    if parts.contains(&Part::Native) {
        report.part("Native tests", || native(shell));
    }
    if let Some(browser) = wasm {
        report.part("Tests as wasm in Chromium", || in_wasm(shell, &browser));
    }
    if let Some(browser) = browser {
        report.part("The built page in Chromium", || in_browser(shell, &browser, axe));
    }
    Ok(report.close("test"))
}

/// Whether a test without a graphics card, if only one in software, has failed. The tests read the
/// same variable: at run time natively, and as it was at compile time in wasm.
fn gpu_required() -> bool {
    env::var_os("REQUIRE_GPU").is_some_and(|value| !value.is_empty() && value != "0")
}

fn native(shell: &Shell) -> Result<()> {
    let runtime = runtime_folder(shell)?;
    let test = |arguments: &[&str]| {
        let mut command = shell.cargo(arguments);
        command.envs(runtime.iter().map(|folder| ("XDG_RUNTIME_DIR", folder)));
        shell::run(&mut command)
    };
    if shell.find("cargo-nextest").is_none() {
        return test(&["test"]);
    }
    test(&["nextest", "run"])?;
    // Which nextest leaves out.
    test(&["test", "--doc"])
}

/// A folder for XDG_RUNTIME_DIR where that is missing: Vulkan drivers for Linux complain in every
/// test that has none.
fn runtime_folder(shell: &Shell) -> Result<Option<PathBuf>> {
    if !cfg!(target_os = "linux") || env::var_os("XDG_RUNTIME_DIR").is_some_and(|value| !value.is_empty()) {
        return Ok(None);
    }
    let folder = shell.root.join("target").join("runtime");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Some(folder))
}

fn in_wasm(shell: &Shell, browser: &Browser) -> Result<()> {
    // Both sets of kernels that the page has: see `link/program.rs` there. A card computes the same beside either,
    // and that shards agree with these is seen by the tests of the page.
    let relaxed = ["--features", "relaxed", "--", "--skip", "card", "--skip", "shards"];
    for (package, more) in WASM_PACKAGES.iter().flat_map(|package| [(package, &[][..]), (package, &relaxed[..])]) {
        let mut command = shell.cargo(&["test", "--target", "wasm32-unknown-unknown", "--package", package]);
        command.args(more);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
        // Seconds for all tests of one program; the runner's own 20 are too few for training, and for a card in software.
        command.env("WASM_BINDGEN_TEST_TIMEOUT", "1800");
        shell::run(browser.tell(&mut command))?;
    }
    Ok(())
}

/// Failed tests of the page that get a second try, at most: more are no accident.
const SECOND_TRIES: usize = 3;

/// A browser, a driver and a page on a machine that does other things too: a test of theirs that fails is run once more, alone.
/// What fails twice has failed; what has not is named, for it shows a race, of the test or of the page.
fn in_browser(shell: &mut Shell, browser: &Browser, axe: Option<PathBuf>) -> Result<()> {
    let dist = page::build(shell)?;
    // One at a time: each trains, and two would share the processor.
    let test = |chosen: &[String]| {
        let mut command = shell.cargo(&["test", "--package", BROWSER_PACKAGE, "--", "--test-threads", "1"]);
        command.args(chosen.iter().take(1).map(|_| "--exact")).args(chosen);
        command.env("KERNELSCOPE_DIST", &dist).envs(axe.iter().map(|script| ("AXE_CORE", script)));
        shell::run_and_keep(browser.tell(&mut command))
    };
    let (said, passed) = test(&[])?;
    if passed {
        return Ok(());
    }
    let failed = failures(&said);
    match failed.len() {
        0 => bail!("the tests did not run to their end"),
        1..=SECOND_TRIES => {}
        many => bail!("{many} tests failed"),
    }
    println!("\n=== Once more: {}", failed.join(", "));
    if !test(&failed)?.1 {
        bail!("failed twice, or one of them: {}", failed.join(", "));
    }
    println!("\nNOTICE: failed, and passed when run again: {}", failed.join(", "));
    Ok(())
}

/// The names under the last heading `failures:` of what a test program prints.
fn failures(said: &str) -> Vec<String> {
    let Some((_, names)) = said.rsplit_once("\nfailures:\n") else { return Vec::new() };
    names.lines().map_while(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, failures};

    #[test]
    fn failures_are_found_by_name() {
        let said = "running 3 tests\n\nfailures:\n\n---- a::b stdout ----\n    oh\n\nfailures:\n    a::b\n    c\n\ntest result: FAILED.";
        assert_eq!(failures(said), ["a::b", "c"]);
        assert!(failures("error: could not compile").is_empty());
    }

    #[test]
    fn parts_are_named() {
        assert_eq!(Part::named(&[]).unwrap(), [Part::Native, Part::Wasm, Part::Browser]);
        assert_eq!(Part::named(&["wasm"]).unwrap(), [Part::Wasm]);
        assert!(Part::named(&["gpu"]).unwrap_err().to_string().contains("`gpu`"));
    }
}
