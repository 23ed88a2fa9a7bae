//! Written by `cargo xtask data`; do not edit.

use crate::manifest::{PackFile, Set};

pub(crate) const PACKS: &[PackFile] = &[
    PackFile { file: "train-0.pack", set: Set::Train, first: 0, count: 2000, size_bytes: 263943, crc32: 0x8382eb73 },
    PackFile { file: "train-1.pack", set: Set::Train, first: 2000, count: 8000, size_bytes: 1040802, crc32: 0x5bf095c0 },
    PackFile { file: "train-2.pack", set: Set::Train, first: 10000, count: 8000, size_bytes: 1034758, crc32: 0xcd1aa543 },
    PackFile { file: "train-3.pack", set: Set::Train, first: 18000, count: 8000, size_bytes: 1028644, crc32: 0x945808f1 },
    PackFile { file: "train-4.pack", set: Set::Train, first: 26000, count: 8000, size_bytes: 1034838, crc32: 0x652efce7 },
    PackFile { file: "train-5.pack", set: Set::Train, first: 34000, count: 8000, size_bytes: 1041322, crc32: 0x10f765d6 },
    PackFile { file: "train-6.pack", set: Set::Train, first: 42000, count: 8000, size_bytes: 1046080, crc32: 0xca4db7ee },
    PackFile { file: "validation.pack", set: Set::Validation, first: 0, count: 10000, size_bytes: 1305516, crc32: 0x43e1c9b1 },
    PackFile { file: "test.pack", set: Set::Test, first: 0, count: 10000, size_bytes: 1289824, crc32: 0xf69a3556 },
];
