//! What the page weighs on the wire.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Largest size of the page's wasm, brotli 11.
const BUDGET_BYTES: usize = 700_000;
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;
const BUFFER_BYTES: usize = 1 << 16;

/// Weighs the wasm and the scripts in `dist`; an error if the wasm is over its budget.
pub fn check(dist: &Path) -> Result<()> {
    let mut wasm_bytes = 0;
    for entry in fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default();
        if kind != "wasm" && kind != "js" && kind != "css" {
            continue;
        }
        let bytes = fs::read(&path)?;
        let packed_bytes = brotli_size(&bytes)?;
        println!("{:>9} bytes, {packed_bytes:>8} by brotli: {}", bytes.len(), path.file_name().unwrap_or_default().display());
        if kind == "wasm" {
            wasm_bytes += packed_bytes;
        }
    }
    match wasm_bytes {
        0 => bail!("{} holds no wasm", dist.display()),
        1..=BUDGET_BYTES => {
            println!("wasm: {wasm_bytes} of at most {BUDGET_BYTES} bytes");
            Ok(())
        }
        _ => bail!("the page's wasm is {wasm_bytes} bytes by brotli, over its budget of {BUDGET_BYTES}"),
    }
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
        assert!(check(&folder).unwrap_err().to_string().contains("no wasm"));
        fs::write(folder.join("page.wasm"), vec![7; 2 * BUDGET_BYTES]).unwrap();
        check(&folder).unwrap();
        // What does not compress.
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        fs::write(folder.join("page.wasm"), noise.take(BUDGET_BYTES + 1000).collect::<Vec<_>>()).unwrap();
        assert!(check(&folder).unwrap_err().to_string().contains("over its budget"));
        fs::remove_dir_all(folder).unwrap();
    }
}
