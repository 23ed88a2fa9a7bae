//! Running other programs: in the repository's root, with the installed tools on their PATH.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

#[derive(Debug)]
pub struct Shell {
    pub root: PathBuf,
    /// Folders before those of PATH.
    tools: Vec<PathBuf>,
}

impl Shell {
    pub fn new() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("crates/xtask has no grandparent")?;
        if !root.join("Cargo.toml").is_file() {
            bail!("{} is not there any more: has the repository moved? `cargo clean -p xtask`, then again", root.display());
        }
        Ok(Self { root: root.to_owned(), tools: Vec::new() })
    }

    /// Puts a folder of tools before PATH.
    pub fn add_tools(&mut self, folder: PathBuf) {
        if !self.tools.contains(&folder) {
            self.tools.insert(0, folder);
        }
    }

    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.find(program).unwrap_or_else(|| program.into()));
        command.args(arguments).current_dir(&self.root).env("PATH", self.path());
        command
    }

    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("cargo", arguments);
        // Set for this very process by the `cargo run` that started it; would be wrong for others.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_BIN_NAME"] {
            command.env_remove(name);
        }
        command
    }

    /// The program that `name` starts.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let suffixes: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
        let folders: Vec<PathBuf> = env::split_paths(&self.path()).collect();
        folders.iter().flat_map(|folder| suffixes.iter().map(move |s| folder.join(format!("{name}{s}")))).find(|p| p.is_file())
    }

    fn path(&self) -> OsString {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = self.tools.iter().cloned().chain(env::split_paths(&inherited));
        env::join_paths(folders).unwrap_or(inherited)
    }
}

/// Runs a command in front of the user; an error unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    run_quietly(command)
}

/// Runs a command in front of the user; its standard output, and whether it succeeded.
pub fn run_and_keep(command: &mut Command) -> Result<(String, bool)> {
    println!("$ {}", line(command));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| not_started(command))?;
    let mut kept = String::new();
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        println!("{line}");
        kept.push_str(&line);
        kept.push('\n');
    }
    Ok((kept, child.wait()?.success()))
}

/// Like [`run`] without naming the command first: standard output is the command's alone.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| not_started(command))?;
    if status.success() { Ok(()) } else { bail!("`{}` failed ({status})", line(command)) }
}

/// What a command prints, both streams; an error only if it cannot be started.
pub fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| not_started(command))
}

/// Standard output of a command, if it succeeds.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = output(command).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let quoted = command.get_args().map(|a| {
        let a = a.to_string_lossy();
        if a.is_empty() || a.contains(' ') { format!("'{a}'") } else { a.into_owned() }
    });
    std::iter::once(program).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command) -> String {
    format!("`{}` cannot be started; is it installed and on PATH?", Path::new(command.get_program()).display())
}
