//! The packs in `assets/mnist` are MNIST, whole and in order.

use std::path::PathBuf;

use data::manifest::{IdxFile, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS};
use data::{Dataset, DatasetError, Digits, PackError, Set, TEST_TOTAL, TRAIN_TOTAL, VALIDATION_TOTAL, idx, packs};
use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/mnist")
}

fn assert_published(bytes: &[u8], published: IdxFile) {
    assert_eq!(format!("{:x}", Sha256::digest(bytes)), published.sha256, "{}", published.file);
}

#[test]
fn packs_reproduce_the_published_files() {
    let dataset = Dataset::read_dir(folder()).unwrap();
    let [train, validation, test] = Set::ALL.map(|s| dataset.set(s).unwrap());
    assert_eq!((train.len(), validation.len(), test.len()), (50_000, 10_000, 10_000));
    let train_file = Digits {
        pixels: [train.pixels.as_slice(), &validation.pixels].concat(),
        labels: [train.labels.as_slice(), &validation.labels].concat(),
    };
    assert_published(&idx::encode_images(&train_file), TRAIN_IMAGES);
    assert_published(&idx::encode_labels(&train_file), TRAIN_LABELS);
    assert_published(&idx::encode_images(test), TEST_IMAGES);
    assert_published(&idx::encode_labels(test), TEST_LABELS);
    // As published with the data: digits of each class among the 60,000 and the 10,000.
    assert_eq!(train_file.class_counts(), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    assert_eq!(test.class_counts(), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
}

#[test]
fn the_manifest_tells_the_truth_about_the_files() {
    let mut names: Vec<&str> = packs().iter().map(|p| p.file).collect();
    for pack in packs() {
        let bytes = std::fs::read(folder().join(pack.file)).unwrap();
        assert_eq!(bytes.len(), pack.size_bytes as usize, "{}", pack.file);
        assert_eq!(pack.open(&bytes).unwrap().len(), pack.count as usize, "{}", pack.file);
    }
    let size_bytes: u32 = packs().iter().map(|p| p.size_bytes).sum();
    assert!(size_bytes < 11_000_000, "{size_bytes} bytes to download");
    assert!(packs()[0].size_bytes < 300_000, "the first pack decides when training starts");

    let mut files: Vec<String> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    files.sort_unstable();
    assert_eq!(files, names, "files that no manifest names, or the other way round");
}

#[test]
fn packs_cover_each_set_once_and_in_the_order_of_fetching() {
    let sets: Vec<Set> = packs().iter().map(|p| p.set).collect();
    assert!(sets.is_sorted_by_key(|&s| s as usize), "{sets:?}");
    for (set, total) in [(Set::Train, TRAIN_TOTAL), (Set::Validation, VALIDATION_TOTAL), (Set::Test, TEST_TOTAL)] {
        let mut next = 0;
        for pack in packs().iter().filter(|p| p.set == set) {
            assert_eq!(pack.first, next, "{}", pack.file);
            next += pack.count;
        }
        assert_eq!(next as usize, total, "{}", set.name());
    }
}

#[test]
fn one_pack_under_the_name_of_another_is_refused_by_both_names() {
    let [a, b] = [&packs()[0], &packs()[1]];
    let bytes = std::fs::read(folder().join(b.file)).unwrap();
    let error = a.open(&bytes).unwrap_err();
    assert_eq!(error, PackError::OtherPack { file: a.file, wanted: a.crc32, found: b.crc32, really: Some(b.file) });
    let text = error.to_string();
    assert!(text.contains(a.file) && text.contains(b.file), "{text}");
}

#[test]
fn a_missing_folder_is_named() {
    let error = Dataset::read_dir("no/such/folder").unwrap_err();
    assert!(matches!(error, DatasetError::File { .. }));
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}
