//! Tools that are crates: on PATH in exactly the right version, or in the cache, or installed there.

use std::borrow::Cow;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::{announce, cache};
use crate::shell::{Shell, answer, run};

#[derive(Clone, Debug)]
pub struct CargoTool {
    /// Name of the crate.
    name: &'static str,
    version: Cow<'static, str>,
    /// Programs that it must bring, all of this version.
    programs: &'static [&'static str],
    /// Measured on two cores.
    compile_minutes: u32,
}

pub const TRUNK: CargoTool = CargoTool { name: "trunk", version: Cow::Borrowed("0.21.14"), programs: &["trunk"], compile_minutes: 5 };
pub const CARGO_DENY: CargoTool =
    CargoTool { name: "cargo-deny", version: Cow::Borrowed("0.20.2"), programs: &["cargo-deny"], compile_minutes: 3 };

/// The command line of wasm-bindgen, which works only in exactly the version of the library.
pub fn wasm_bindgen(shell: &Shell) -> Result<CargoTool> {
    let path = shell.root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?.to_owned();
    Ok(CargoTool {
        name: "wasm-bindgen-cli",
        version: version.into(),
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        compile_minutes: 3,
    })
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|l| l.trim() != name);
    lines.find_map(|l| l.trim().strip_prefix("version = \"")?.strip_suffix('"'))
}

impl CargoTool {
    pub fn ensure(&self, shell: &mut Shell) -> Result<()> {
        if self.works(shell) {
            return Ok(());
        }
        // The cache is named after the program, as one would look for it.
        let root = cache(&format!("{}-{}", self.name.trim_end_matches("-cli"), self.version))?;
        shell.add_tools(root.join("bin"));
        if self.works(shell) {
            return Ok(());
        }
        if shell.find("cargo-binstall").is_some() {
            announce(&format!("{} {} by cargo-binstall into {}", self.name, self.version, root.display()), "some seconds");
            if run(&mut self.binstall(shell, &root)).is_ok() && self.works(shell) {
                return Ok(());
            }
            println!("No prebuilt {} for this machine.", self.name);
        }
        self.compile(shell, &root).with_context(|| {
            let Self { name, version, .. } = self;
            format!("{name} {version} is missing. By hand: `cargo install {name} --version {version}`")
        })?;
        if self.works(shell) {
            return Ok(());
        }
        bail!("{} {} was installed into {}, but does not start", self.name, self.version, root.display())
    }

    /// Whether all its programs are found first on PATH in this version.
    fn works(&self, shell: &Shell) -> bool {
        let says = |program: &str| answer(&mut shell.command(program, &["--version"]));
        self.programs.iter().all(|p| says(p).is_some_and(|text| text.split_whitespace().any(|word| word == self.version)))
    }

    fn binstall(&self, shell: &Shell, root: &Path) -> Command {
        let package = format!("{}@{}", self.name, self.version);
        let mut command = shell.cargo(&["binstall", &package, "--no-confirm", "--disable-strategies", "compile"]);
        command.arg("--root").arg(root);
        command
    }

    /// Installs from source. The tools' own release profiles optimise for minutes what runs for
    /// seconds (Trunk's takes 42 minutes on two cores, this 5).
    fn compile(&self, shell: &Shell, root: &Path) -> Result<()> {
        let minutes = self.compile_minutes;
        announce(
            &format!("compiling {} {} into {}, once per machine", self.name, self.version, root.display()),
            &format!("about {minutes} min on two cores"),
        );
        let target = env::temp_dir().join(format!("kernelscope-{}-{}", self.name, self.version));
        let install = |locked: &[&str]| {
            let mut command = shell.cargo(&["install", self.name, "--version", &self.version, "--force"]);
            command.args(locked).arg("--root").arg(root);
            // Away from the repository's own cargo configuration.
            command.current_dir(env::temp_dir()).env("CARGO_TARGET_DIR", &target);
            command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
            command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_DEBUG", "false");
            command.env_remove("RUSTFLAGS");
            run(&mut command)
        };
        let outcome = install(&["--locked"]).or_else(|_| {
            println!("Not with the versions that {} names; again with those that fit.", self.name);
            install(&[])
        });
        // Some hundred megabytes that nothing else uses; that they stay if this fails does no harm.
        let _ = fs::remove_dir_all(target);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn versions_are_read_from_the_lock() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n\n[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm-bindgen-macro"), Some("1.0.0"));
        assert_eq!(locked_version(lock, "bindgen"), None);
    }
}
