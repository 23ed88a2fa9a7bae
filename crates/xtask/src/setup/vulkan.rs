//! A Vulkan driver, on which the GPU tests run natively: that of a card, or Mesa's, which computes
//! on the processor. macOS and Windows have something of the kind themselves (Metal, WARP).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{announce, apt};
use crate::shell::{Shell, answer};

/// What programs ask for drivers.
const LOADER: &str = "libvulkan.so.1";
const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

pub fn ensure(shell: &Shell) -> Result<()> {
    if !cfg!(target_os = "linux") || is_there(shell) {
        return Ok(());
    }
    if apt::may_install(shell) {
        announce(&format!("{} by apt-get", PACKAGES.join(" and ")), "about 1 min, 200 MB");
        apt::install(shell, &PACKAGES).context(COMMANDS)?;
    }
    if is_there(shell) { Ok(()) } else { bail!(COMMANDS) }
}

/// What to type where nothing may be installed.
const COMMANDS: &str = "GPU tests need a Vulkan driver (Mesa's does without a card), and there is none. Install it:
  Debian, Ubuntu: sudo apt-get install libvulkan1 mesa-vulkan-drivers
  Fedora:         sudo dnf install vulkan-loader mesa-vulkan-drivers
  Arch:           sudo pacman -S vulkan-icd-loader vulkan-swrast
or set VK_DRIVER_FILES to the manifest of one";

fn is_there(shell: &Shell) -> bool {
    // On Debian it is not on everybody's PATH.
    let listed = answer(&mut shell.command("/sbin/ldconfig", &["-p"])).unwrap_or_default();
    let libraries = Libraries { listed, folders: library_folders(&|name| env::var_os(name)) };
    libraries.have(LOADER) && manifests(&|name| env::var_os(name)).iter().any(|m| libraries.have_driver(m))
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The folders and files of a variable like PATH.
fn listed(variables: Variables, name: &str) -> Vec<PathBuf> {
    variables(name).map(|list| env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect()).unwrap_or_default()
}

fn library_folders(variables: Variables) -> Vec<PathBuf> {
    let mut folders = listed(variables, "LD_LIBRARY_PATH");
    folders.extend(["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
    folders
}

/// The manifests of drivers, from all the places where the Vulkan loader looks for them.
fn manifests(variables: Variables) -> Vec<PathBuf> {
    // Each of these two replaces all other places; the second is the older name.
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find(|name| variables(name).is_some());
    let mut places = match named {
        Some(name) => listed(variables, name),
        None => standard_folders(variables),
    };
    places.extend(listed(variables, "VK_ADD_DRIVER_FILES"));
    let inside = |place: PathBuf| match fs::read_dir(&place) {
        Ok(files) => files.filter_map(|f| Some(f.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "json")).collect(),
        Err(_) => vec![place],
    };
    places.into_iter().flat_map(inside).filter(|p| p.is_file()).collect()
}

fn standard_folders(variables: Variables) -> Vec<PathBuf> {
    let or = |name, usual: &str| match listed(variables, name) {
        none if none.is_empty() => usual.split(':').map(PathBuf::from).collect(),
        some => some,
    };
    let home = |folder: &str| listed(variables, "HOME").into_iter().map(move |h| h.join(folder)).collect::<Vec<_>>();
    let bases = [
        home(".config"),
        listed(variables, "XDG_CONFIG_HOME"),
        or("XDG_CONFIG_DIRS", "/etc/xdg"),
        vec![PathBuf::from("/etc")],
        home(".local/share"),
        listed(variables, "XDG_DATA_HOME"),
        or("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
        // Where NixOS keeps them.
        vec![PathBuf::from("/run/opengl-driver/share")],
    ];
    bases.into_iter().flatten().map(|base| base.join("vulkan/icd.d")).collect()
}

/// The shared libraries of this machine.
#[derive(Debug)]
struct Libraries {
    /// What `ldconfig -p` says.
    listed: String,
    folders: Vec<PathBuf>,
}

impl Libraries {
    fn have(&self, name: &str) -> bool {
        self.listed.split_whitespace().any(|word| word == name) || self.folders.iter().any(|f| f.join(name).is_file())
    }

    /// Whether the driver is there of which the manifest speaks: containers sometimes hold the one without the other.
    fn have_driver(&self, manifest: &Path) -> bool {
        let Ok(text) = fs::read_to_string(manifest) else { return false };
        match library(&text) {
            Some(path) if path.contains('/') => manifest.with_file_name(path).is_file(),
            Some(name) => self.have(name),
            None => false,
        }
    }
}

/// The `library_path` of a manifest.
fn library(manifest: &str) -> Option<&str> {
    let (_, rest) = manifest.split_once("\"library_path\"")?;
    rest.split('"').nth(1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_found_where_the_loader_looks() {
        let root = env::temp_dir().join(format!("kernelscope-vulkan-{}", std::process::id()));
        let folder = root.join("share/vulkan/icd.d");
        fs::create_dir_all(&folder).unwrap();
        fs::write(root.join("driver.so"), "").unwrap();
        let write = |name: &str, library: &str| {
            let text = format!("{{\n  \"ICD\": {{ \"api_version\": \"1.3\", \"library_path\": \"{library}\" }}\n}}");
            fs::write(folder.join(name), text).unwrap();
        };
        write("absolute.json", root.join("driver.so").to_str().unwrap());
        write("relative.json", "../../../driver.so");
        write("bare.json", "driver.so");
        write("elsewhere.json", "lib_that_is_listed.so");
        write("gone.json", "/nowhere/driver.so");
        fs::write(folder.join("notes.txt"), "no manifest").unwrap();

        let found = manifests(&|name| (name == "XDG_DATA_DIRS").then(|| root.join("share").into()));
        let ours: Vec<&PathBuf> = found.iter().filter(|p| p.starts_with(&root)).collect();
        assert_eq!(ours.len(), 5, "{found:?}");
        let libraries = Libraries { listed: "\tlib_that_is_listed.so (libc6) => /x/y.so".to_owned(), folders: vec![root.clone()] };
        let mut without: Vec<_> = ours.iter().filter(|m| !libraries.have_driver(m)).collect();
        assert_eq!(without.pop().unwrap().file_name().unwrap(), "gone.json");
        assert!(without.is_empty(), "{without:?}");

        // Files named outright replace the folders.
        let one = folder.join("bare.json");
        assert_eq!(manifests(&|name| (name == "VK_DRIVER_FILES").then(|| one.clone().into())), std::slice::from_ref(&one));
        assert_eq!(manifests(&|name| (name == "VK_ICD_FILENAMES").then(|| root.join("nothing.json").into())), [] as [PathBuf; 0]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn manifests_without_a_library_are_none() {
        assert_eq!(library("{}"), None);
        assert_eq!(library(r#"{"ICD":{"library_path":"libvulkan_lvp.so"}}"#), Some("libvulkan_lvp.so"));
    }
}
