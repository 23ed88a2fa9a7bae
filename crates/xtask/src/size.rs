//! What the page weighs on the wire.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Largest size of each program's wasm, brotli 11: what a browser loads before it shows the Lab, or a lesson, and what
/// it loads beside that to train, which is one of two workers. A name that begins with another stands before it.
const BUDGETS: [(&str, usize); 4] = [("page", 700_000), ("learn", 700_000), ("worker-relaxed", 630_000), ("worker", 630_000)];
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;
const BUFFER_BYTES: usize = 1 << 16;

/// Weighs the wasm and the scripts in `dist`; an error if a program is not there or over its budget.
pub fn check(dist: &Path) -> Result<()> {
    let mut programs = [0; BUDGETS.len()];
    for entry in fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default();
        if kind != "wasm" && kind != "js" && kind != "css" {
            continue;
        }
        let bytes = fs::read(&path)?;
        let packed_bytes = brotli_size(&bytes)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        println!("{:>9} bytes, {packed_bytes:>8} by brotli: {name}", bytes.len());
        if let Some(program) = BUDGETS.iter().position(|(program, _)| kind == "wasm" && name.starts_with(program)) {
            programs[program] += packed_bytes;
        }
    }
    for ((program, budget), bytes) in BUDGETS.iter().zip(programs) {
        match bytes {
            0 => bail!("{} holds no wasm of the {program}", dist.display()),
            _ if bytes > *budget => bail!("the wasm of the {program} is {bytes} bytes by brotli, over its budget of {budget}"),
            _ => println!("{program}: {bytes} of at most {budget} bytes"),
        }
    }
    Ok(())
}

fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(bytes)?;
    Ok(writer.into_inner().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_over_budget_or_without_wasm_is_refused() {
        let folder = std::env::temp_dir().join(format!("kernelscope-size-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let wrong = |told: &str| assert!(check(&folder).unwrap_err().to_string().contains(told));
        wrong("no wasm of the page");
        let budget = BUDGETS[0].1;
        fs::write(folder.join("page-1234_bg.wasm"), vec![7; 2 * budget]).unwrap();
        wrong("no wasm of the learn");
        fs::write(folder.join("learn-1234_bg.wasm"), [7]).unwrap();
        wrong("no wasm of the worker-relaxed");
        fs::write(folder.join("worker-relaxed_bg.wasm"), [7]).unwrap();
        wrong("no wasm of the worker");
        fs::write(folder.join("worker_bg.wasm"), [7]).unwrap();
        check(&folder).unwrap();
        // What does not compress.
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        fs::write(folder.join("page-1234_bg.wasm"), noise.take(budget + 1000).collect::<Vec<_>>()).unwrap();
        wrong("over its budget");
        fs::remove_dir_all(folder).unwrap();
    }
}
