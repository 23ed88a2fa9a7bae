//! `cargo xtask`: everything that is done with this repository, set-up included.

mod bench;
mod check;
mod data;
mod links;
mod page;
mod report;
mod setup;
mod shell;
mod size;
mod sources;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use shell::Shell;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  serve [--port PORT]     build the page and serve it on http://127.0.0.1:8080/ (or the next free port)
  build                   build the page into dist/, for any static host, under any path
  test [PART ...]         run all tests, or only the parts named: native, wasm, browser;
                          with REQUIRE_GPU=1 in the environment, tests that find no graphics card fail
  check                   formatting, clippy, docs, licences, size of the page, length of files
  data                    make assets/mnist again from the published files
  bench [ARGS ...]        measure this machine: arguments of `kernelscope bench`

Every command installs what it lacks, into ~/.cache/kernelscope where it can, and says so first.
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            error.chain().skip(1).for_each(|cause| eprintln!("  because {cause}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else {
        eprint!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    let mut shell = Shell::new()?;
    let rest = rest.iter().map(String::as_str).collect::<Vec<_>>();
    match command.as_str() {
        "serve" => page::serve(&mut shell, port(&rest)?)?,
        "build" => {
            none("build", &rest)?;
            let built = page::build(&mut shell)?;
            println!("\nBuilt {}: copy it to any static host.", built.display());
        }
        "test" => return test::run(&mut shell, &test::Part::named(&rest)?),
        "check" => {
            none("check", &rest)?;
            return check::run(&mut shell);
        }
        "data" => {
            none("data", &rest)?;
            data::run(&shell)?;
        }
        "bench" => bench::run(&shell, &rest)?,
        "help" | "--help" | "-h" => print!("{HELP}"),
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn none(command: &str, rest: &[&str]) -> Result<()> {
    if rest.is_empty() { Ok(()) } else { bail!("`cargo xtask {command}` takes no arguments, found `{}`", rest.join(" ")) }
}

fn port(rest: &[&str]) -> Result<Option<u16>> {
    let value = match rest {
        [] => return Ok(None),
        ["--port", value] => value,
        [joined] if joined.starts_with("--port=") => &joined["--port=".len()..],
        _ => bail!("`cargo xtask serve` takes `--port PORT`, found `{}`", rest.join(" ")),
    };
    match value.parse() {
        Ok(port) if port != 0 => Ok(Some(port)),
        _ => bail!("a port is a number from 1 to 65535, found `{value}`"),
    }
}
