//! Chromium and the ChromeDriver of the same major version.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{announce, apt};
use crate::shell::{Shell, answer};

const CHROMIUM_NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// Where Chrome lies without being on PATH.
const CHROMIUM_PLACES: [&str; 4] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
];

#[derive(Clone, Debug)]
pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

impl Browser {
    /// Tells a command where both are: `CHROMIUM` and `CHROMEDRIVER`.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("CHROMIUM", &self.chromium).env("CHROMEDRIVER", &self.chromedriver)
    }
}

pub fn ensure(shell: &Shell) -> Result<Browser> {
    if find(shell).is_none() && apt::may_install(shell) {
        announce("chromium and chromium-driver by apt-get", "about 1 min, 300 MB");
        apt::install(shell, &["chromium", "chromium-driver"]).with_context(commands)?;
    }
    let browser = find(shell).with_context(commands)?;
    let versions = (major(shell, &browser.chromium), major(shell, &browser.chromedriver));
    if let (Some(chromium), Some(driver)) = versions
        && chromium != driver
    {
        bail!(
            "{} has major version {chromium}, but {} has {driver}: they must be the same. Set CHROMEDRIVER to one that fits",
            browser.chromium.display(),
            browser.chromedriver.display()
        );
    }
    Ok(browser)
}

fn find(shell: &Shell) -> Option<Browser> {
    let named = |name| env::var_os(name).map(PathBuf::from).filter(|p| p.is_file());
    let installed = || CHROMIUM_PLACES.iter().map(PathBuf::from).find(|p| p.is_file());
    let chromium = named("CHROMIUM").or_else(|| CHROMIUM_NAMES.iter().find_map(|n| shell.find(n))).or_else(installed)?;
    let chromedriver = named("CHROMEDRIVER").or_else(|| shell.find("chromedriver"))?;
    Some(Browser { chromium, chromedriver })
}

/// 156 from `Chromium 156.0.8078.79 built on Debian`. Windows' Chrome says nothing.
fn major(shell: &Shell, program: &Path) -> Option<u32> {
    if cfg!(windows) {
        return None;
    }
    first_number(&answer(&mut shell.command(program.to_str()?, &["--version"]))?)
}

fn first_number(text: &str) -> Option<u32> {
    text.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}

/// What to type where nothing may be installed.
fn commands() -> String {
    let how = if cfg!(target_os = "macos") {
        "brew install --cask google-chrome chromedriver"
    } else if cfg!(windows) {
        "winget install Google.Chrome Chromium.ChromeDriver"
    } else {
        "Debian, Ubuntu: sudo apt-get install chromium chromium-driver\n  Fedora:         sudo dnf install chromium chromedriver\n  Arch:           sudo pacman -S chromium"
    };
    format!(
        "tests run in a browser, and Chromium or its ChromeDriver is missing. Install both:\n  {how}\nor set CHROMIUM and CHROMEDRIVER to where they are"
    )
}

#[cfg(test)]
mod tests {
    use super::first_number;

    #[test]
    fn major_versions_are_read() {
        assert_eq!(first_number("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)"), Some(156));
        assert_eq!(first_number("ChromeDriver 156.0.8078.79 (0a1b)"), Some(156));
        assert_eq!(first_number("Google Chrome for Testing 99.0.1"), Some(99));
        assert_eq!(first_number("no version"), None);
    }
}
