//! The page: built into `dist/`, or served while one works on it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::setup::{self, Optimizer};
use crate::shell::{Shell, run};

const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FIRST_PORT: u16 = 8080;
const PORTS_TRIED: u16 = 100;
/// The first build of a fresh clone takes minutes.
const TIMES_ASKED: u32 = 3600;

/// Builds the page for any static host and returns its folder, `dist/`.
pub fn build(shell: &mut Shell) -> Result<PathBuf> {
    let optimizer = setup::for_page(shell)?;
    println!("Building the page into dist/ (5 to 15 minutes on two cores the first time, fewer later)");
    // Relative addresses work at the root of a host and below.
    run(&mut trunk(shell, optimizer, &["build", "--public-url", "./"]))?;
    let dist = shell.root.join("dist");
    for needed in ["index.html", "assets/mnist"] {
        if !dist.join(needed).exists() {
            bail!("the build left no {} (see index.html and Trunk.toml)", dist.join(needed).display());
        }
    }
    Ok(dist)
}

/// Serves the page until stopped, and builds it again when a file changes.
pub fn serve(shell: &mut Shell, port: Option<u16>) -> Result<()> {
    let port = free_port(port)?;
    let optimizer = setup::for_page(shell)?;
    let address = format!("http://{HOST}:{port}/");
    println!("Building the page (5 to 15 minutes on two cores the first time); it will be at {address}");
    // Not dist/: what is served has a script in it that loads the page again after a build.
    let port_text = port.to_string();
    let arguments = ["serve", "--address", "127.0.0.1", "--port", &port_text, "--public-url", "/", "--dist", "target/served"];
    let mut command = trunk(shell, optimizer, &arguments);
    thread::spawn(move || {
        for _ in 0..TIMES_ASKED {
            if answers(port) {
                println!("\n  Kernelscope is at {address}   (Ctrl-C stops it)\n");
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
    });
    run(&mut command)
}

fn trunk(shell: &Shell, optimizer: Optimizer, arguments: &[&str]) -> Command {
    let mut command = shell.command("trunk", arguments);
    // To Trunk, "release" means no more than to run wasm-opt; the cargo profiles are set in index.html.
    command.args(["--release", if optimizer == Optimizer::WasmOpt { "true" } else { "false" }]);
    command.env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk 0.21 takes only `true` or `false` here, against the convention, and stops otherwise.
    if std::env::var_os("NO_COLOR").is_some() {
        command.env("NO_COLOR", "true");
    }
    command
}

/// `wanted`, which must be free, or the first free port from 8080 on.
fn free_port(wanted: Option<u16>) -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind((HOST, port)).is_ok();
    match wanted {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => bail!("port {port} is taken; name another with --port, or none to have a free one"),
        None => (FIRST_PORT..FIRST_PORT + PORTS_TRIED)
            .find(|&p| is_free(p))
            .with_context(|| format!("ports {FIRST_PORT} to {} are all taken; name one with --port", FIRST_PORT + PORTS_TRIED - 1)),
    }
}

/// Whether the page can be fetched.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((HOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET / HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over_or_refused() {
        let taken = TcpListener::bind((HOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(free_port(Some(port)).unwrap_err().to_string().contains(&port.to_string()));
        assert_ne!(free_port(None).unwrap(), port);
        assert!(!answers(port), "it is taken, but nobody answers");
    }
}
