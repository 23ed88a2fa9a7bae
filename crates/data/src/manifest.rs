//! Which packs there are, what is in them, and how to know each.

use crate::digits::Digits;
use crate::pack::{self, PackError};
use crate::packs::PACKS;

pub const TRAIN_TOTAL: usize = 50_000;
pub const VALIDATION_TOTAL: usize = 10_000;
pub const TEST_TOTAL: usize = 10_000;

/// What digits are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// The first 50,000 of MNIST's training digits.
    Train,
    /// The last 10,000 of MNIST's training digits: they choose, but never train.
    Validation,
    /// MNIST's test digits: looked at once, at the end.
    Test,
}

impl Set {
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Number of digits in the whole set.
    pub const fn total(self) -> usize {
        match self {
            Self::Train => TRAIN_TOTAL,
            Self::Validation => VALIDATION_TOTAL,
            Self::Test => TEST_TOTAL,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// One file of `assets/mnist`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackFile {
    /// File name, without folder.
    pub file: &'static str,
    pub set: Set,
    /// Position of its first digit in the set.
    pub first: u32,
    /// Number of digits.
    pub count: u32,
    pub size_bytes: u32,
    /// The checksum in the file's header, which covers the rest of the file.
    pub crc32: u32,
}

impl PackFile {
    /// The digits in `bytes`, if these are the bytes of this file and no other.
    pub fn open(&self, bytes: &[u8]) -> Result<Digits, PackError> {
        let header = pack::header(bytes)?;
        let digits = pack::decode(bytes)?;
        if header.crc32 != self.crc32 {
            return Err(PackError::OtherPack {
                file: self.file,
                wanted: self.crc32,
                found: header.crc32,
                really: packs().iter().find(|p| p.crc32 == header.crc32).map(|p| p.file),
            });
        }
        Ok(digits)
    }
}

/// One of the four files of which MNIST consists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdxFile {
    pub file: &'static str,
    /// Of the file as it is after gunzip.
    pub sha256: &'static str,
}

/// The published files: the packs hold exactly their digits, which a test shows.
pub const TRAIN_IMAGES: IdxFile =
    IdxFile { file: "train-images-idx3-ubyte", sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" };
pub const TRAIN_LABELS: IdxFile =
    IdxFile { file: "train-labels-idx1-ubyte", sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" };
pub const TEST_IMAGES: IdxFile =
    IdxFile { file: "t10k-images-idx3-ubyte", sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" };
pub const TEST_LABELS: IdxFile =
    IdxFile { file: "t10k-labels-idx1-ubyte", sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" };

/// All packs in the order in which to fetch them: the training packs in order, a small one first,
/// then validation, then test.
pub fn packs() -> &'static [PackFile] {
    PACKS
}
