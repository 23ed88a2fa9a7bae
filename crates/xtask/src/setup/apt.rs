//! Packages of Debian and Ubuntu, where they may be installed.

use anyhow::Result;

use crate::shell::{Shell, answer, run};

/// Whether there is an apt-get, and this is root.
pub fn may_install(shell: &Shell) -> bool {
    shell.find("apt-get").is_some() && answer(&mut shell.command("id", &["-u"])).as_deref() == Some("0")
}

pub fn install(shell: &Shell, packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| run(shell.command("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}
