//! Makes the packs of `assets/mnist` and their manifest from the four IDX files.
//!
//! `make_packs IDX_FOLDER PACK_FOLDER MANIFEST`: run by `cargo xtask data`. Files
//! whose checksum is not the published one are refused.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use data::manifest::{IdxFile, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS};
use data::{Digits, Set, TRAIN_TOTAL, VALIDATION_TOTAL, idx, pack};
use sha2::{Digest, Sha256};

/// Enough to start training within a second of the first byte.
const FIRST_PACK: usize = 2_000;
const TRAIN_PACK: usize = 8_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let [idx_folder, pack_folder, manifest] = <[String; 3]>::try_from(env::args().skip(1).collect::<Vec<_>>())
        .map_err(|given| format!("wanted IDX_FOLDER PACK_FOLDER MANIFEST, found {given:?}"))?;
    let idx_folder = Path::new(&idx_folder);
    let train = published(idx_folder, TRAIN_IMAGES, TRAIN_LABELS)?;
    let test = published(idx_folder, TEST_IMAGES, TEST_LABELS)?;

    fs::create_dir_all(&pack_folder)?;
    let mut entries = String::new();
    let mut add = |set: Set, digits: &Digits, first: usize, count: usize, file: String| -> Outcome<()> {
        let bytes = pack::encode(&digits.part(first, count));
        let crc32 = pack::header(&bytes)?.crc32;
        // Validation digits come last among the published training digits.
        let first = if set == Set::Validation { 0 } else { first };
        writeln!(
            entries,
            "    PackFile {{ file: \"{file}\", set: Set::{set:?}, first: {first}, count: {count}, size_bytes: {}, crc32: {crc32:#010x} }},",
            bytes.len()
        )?;
        println!("{file}: {count} digits, {} bytes, {} per digit", bytes.len(), bytes.len() / count);
        Ok(fs::write(Path::new(&pack_folder).join(file), bytes)?)
    };
    let (mut first, mut number) = (0, 0);
    while first < TRAIN_TOTAL {
        let count = if first == 0 { FIRST_PACK } else { TRAIN_PACK.min(TRAIN_TOTAL - first) };
        add(Set::Train, &train, first, count, format!("train-{number}.pack"))?;
        (first, number) = (first + count, number + 1);
    }
    add(Set::Validation, &train, TRAIN_TOTAL, VALIDATION_TOTAL, "validation.pack".to_owned())?;
    add(Set::Test, &test, 0, test.len(), "test.pack".to_owned())?;

    let lines = [
        "//! Written by `cargo xtask data`; do not edit.\n\n",
        "use crate::manifest::{PackFile, Set};\n\n",
        "pub(crate) const PACKS: &[PackFile] = &[\n",
        &entries,
        "];\n",
    ];
    Ok(fs::write(manifest, lines.concat())?)
}

fn published(folder: &Path, images: IdxFile, labels: IdxFile) -> Outcome<Digits> {
    Ok(idx::parse_digits(&checked(folder, images)?, &checked(folder, labels)?)?)
}

fn checked(folder: &Path, wanted: IdxFile) -> Outcome<Vec<u8>> {
    let path = folder.join(wanted.file);
    let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let found = format!("{:x}", Sha256::digest(&bytes));
    if found != wanted.sha256 {
        return Err(format!("{}: SHA-256 is {found}, published is {}", path.display(), wanted.sha256).into());
    }
    Ok(bytes)
}
