//! All that is checked without running the product.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::report::Report;
use crate::setup::{self, Optimizer};
use crate::shell::{self, Shell};
use crate::test::WASM_PACKAGES;
use crate::{links, page, size, sources};

/// All that knows a browser.
pub const WEB: &str = "web";
/// What only a browser runs, and is therefore looked at for wasm alone.
const WASM_ONLY: [&str; 5] = [WEB, "page", "learn", "worker", "worker-relaxed"];
/// The page and what it is made of.
const PAGE_PACKAGES: [&str; 10] = [WEB, "page", "learn", "worker", "engine", "data", "trainer", "protocol", "figures", "metrics"];

pub fn run(shell: &mut Shell) -> Result<ExitCode> {
    setup::for_wasm_clippy(shell)?;
    let mut report = Report::default();
    report.part("Formatting", || sources::check_format(&shell.root));
    report.part("Length of files", || sources::check_length(&shell.root));
    report.part("Clippy, native", || {
        let mut command = shell.cargo(&["clippy", "--workspace"]);
        command.args(WASM_ONLY.iter().flat_map(|p| ["--exclude", p]));
        shell::run(command.args(["--all-targets", "--", "-D", "warnings"]))
    });
    report.part("Clippy, wasm", || {
        let clippy = |packages: &[&str], targets: &[&str]| {
            let mut command = shell.cargo(&["clippy", "--target", "wasm32-unknown-unknown"]);
            command.args(packages.iter().flat_map(|p| ["--package", p]));
            shell::run(command.args(targets).args(["--", "-D", "warnings"]))
        };
        clippy(&PAGE_PACKAGES, &[])?;
        clippy(&["engine"], &["--features", "relaxed"])?;
        clippy(&WASM_PACKAGES, &["--all-targets"])
    });
    report.part("Documentation", || {
        let doc = |arguments: &[&str]| shell::run(shell.cargo(&["doc", "--no-deps"]).args(arguments).env("RUSTDOCFLAGS", "-D warnings"));
        let others: Vec<&str> = ["--workspace"].into_iter().chain(WASM_ONLY.iter().flat_map(|p| ["--exclude", p])).collect();
        doc(&others)?;
        doc(&["--package", WEB, "--document-private-items", "--target", "wasm32-unknown-unknown"])
    });
    report.part("Licences and sources", || {
        setup::for_licences(shell)?;
        shell::run(&mut shell.cargo(&["deny", "check", "licenses", "bans", "sources"]))
    });
    report.part("What the page links", || links::check(shell));
    report.part("Size of the page", || {
        if setup::for_page(shell)? == Optimizer::Missing {
            bail!("the page can only be weighed as it will be served, and wasm-opt is missing");
        }
        let dist = page::build(shell)?;
        size::check(&dist)
    });
    Ok(report.close("check"))
}
