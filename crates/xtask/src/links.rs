//! What is linked into the page.

use anyhow::{Result, bail};

use crate::check::WEB;
use crate::shell::{Shell, answer};

/// A compiler of shaders and drivers of cards. A browser has its own behind WebGPU; that the page had
/// them, too, would more than double it, and any dependency can bring them by a feature of wgpu.
const BROWSERS_OWN: [&str; 4] = ["naga", "wgpu-core", "wgpu-hal", "glow"];

pub fn check(shell: &Shell) -> Result<()> {
    let target = "wasm32-unknown-unknown";
    let arguments = ["tree", "--package", WEB, "--target", target, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let Some(tree) = answer(&mut shell.cargo(&arguments)) else { bail!("`cargo {}` failed", arguments.join(" ")) };
    println!("{} packages", names(&tree).len());
    match unwanted(&tree).as_slice() {
        [] => Ok(()),
        [first, ..] => bail!(
            "the page links {first}, which every browser with WebGPU has itself. \
             `cargo tree --package {WEB} --target {target} --invert {first} --edges features` says who asks for it"
        ),
    }
}

/// Each package of a tree once: the first word of its lines.
fn names(tree: &str) -> Vec<&str> {
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn unwanted(tree: &str) -> Vec<&str> {
    names(tree).into_iter().filter(|name| BROWSERS_OWN.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{names, unwanted};

    #[test]
    fn what_a_browser_has_is_found() {
        let tree = "web v0.1.0 (/k/web)\nwgpu v30.0.1\nnaga-types v30.0.0\nwgpu v30.0.1 (*)\n";
        assert_eq!(names(tree), ["naga-types", "web", "wgpu"]);
        assert!(unwanted(tree).is_empty());
        assert_eq!(unwanted(&format!("{tree}naga v30.0.1\nwgpu-hal v30.0.1\n")), ["naga", "wgpu-hal"]);
    }
}
