//! Parsers of files meet arbitrary and damaged bytes: always an error, never a panic.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use data::idx::{self, IdxError};
use data::pack::{self, PackError};
use data::{CLASSES, Digits, PIXELS, packs};
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Pictures with strokes of ink on paper, and some that are all noise.
fn digits() -> impl Strategy<Value = Digits> {
    let pixel = prop_oneof![6 => Just(0u8), 2 => Just(255u8), 1 => any::<u8>()];
    (0usize..4).prop_flat_map(move |count| {
        let pixels = prop::collection::vec(pixel.clone(), count * PIXELS);
        let labels = prop::collection::vec(0..CLASSES as u8, count);
        (pixels, labels).prop_map(|(pixels, labels)| Digits { pixels, labels })
    })
}

/// Bytes that begin as the real thing does, so that parsers get past the first check.
fn headed(head: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(move |tail| [head.clone(), tail].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn idx_round_trips(digits in digits()) {
        let (images, labels) = (idx::encode_images(&digits), idx::encode_labels(&digits));
        prop_assert_eq!(&idx::parse_digits(&images, &labels).unwrap(), &digits);
        prop_assert_eq!(&idx::parse_digits(&gzip(&images), &gzip(&labels)).unwrap(), &digits);
    }

    #[test]
    fn a_cut_idx_file_is_an_error(digits in digits(), at: prop::sample::Index) {
        for whole in [idx::encode_images(&digits), gzip(&idx::encode_images(&digits))] {
            idx::parse_images(&whole[..at.index(whole.len())]).unwrap_err();
        }
        let whole = idx::encode_labels(&digits);
        idx::parse_labels(&whole[..at.index(whole.len())]).unwrap_err();
    }

    #[test]
    fn idx_parsers_survive_anything(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        headed(vec![0, 0, 8, 3]),
        headed(vec![0, 0, 8, 1]),
        headed(vec![0x1f, 0x8b, 8, 0]),
    ]) {
        if let Ok(pixels) = idx::parse_images(&bytes) {
            prop_assert_eq!(pixels.len() % PIXELS, 0);
        }
        if let Ok(labels) = idx::parse_labels(&bytes) {
            prop_assert!(labels.iter().all(|&l| usize::from(l) < CLASSES));
        }
    }

    #[test]
    fn packs_round_trip(digits in digits()) {
        prop_assert_eq!(&pack::decode(&pack::encode(&digits)).unwrap(), &digits);
    }

    #[test]
    fn a_changed_byte_is_noticed(digits in digits(), at: prop::sample::Index, mask in 1u8..) {
        let mut bytes = pack::encode(&digits);
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        let error = pack::decode(&bytes).unwrap_err();
        // Magic, version and length are looked at first; all else is the checksum's.
        let by_checksum = matches!(error, PackError::Checksum { .. });
        prop_assert_eq!(by_checksum, (8..16).contains(&at) || at >= 20, "byte {}: {}", at, error);
    }

    #[test]
    fn a_cut_or_longer_pack_is_noticed(digits in digits(), at: prop::sample::Index, more in 1usize..9) {
        let mut bytes = pack::encode(&digits);
        let cut = pack::decode(&bytes[..at.index(bytes.len())]).unwrap_err();
        prop_assert!(matches!(cut, PackError::Short { .. }), "{}", cut);
        bytes.extend(vec![0; more]);
        let longer = pack::decode(&bytes).unwrap_err();
        prop_assert!(matches!(longer, PackError::Long { .. }), "{}", longer);
    }

    #[test]
    fn pack_parser_survives_anything(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        headed(b"KSPK\x01\0\0\0".to_vec()),
    ]) {
        prop_assert!(pack::decode(&bytes).is_err());
        prop_assert!(packs()[0].open(&bytes).is_err());
    }

    /// With a right checksum, so that what lies behind it is reached.
    #[test]
    fn a_forged_pack_is_refused_or_whole(
        count in prop_oneof![0u32..4, any::<u32>()],
        ink in prop_oneof![0u32..4000, any::<u32>()],
        body in prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 0..2000),
    ) {
        match pack::decode(&forged(count, ink, &body)) {
            Ok(digits) => {
                prop_assert_eq!(digits.len(), count as usize);
                prop_assert_eq!(digits.pixels.iter().filter(|&&p| p != 0).count(), ink as usize);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// A pack whose checksum is right, whatever its header says.
fn forged(count: u32, ink: u32, body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    let body = encoder.finish().unwrap();
    let mut bytes = b"KSPK".to_vec();
    for word in [1, count, ink, body.len() as u32] {
        bytes.extend(word.to_le_bytes());
    }
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    crc.update(&body);
    bytes.extend(crc.sum().to_le_bytes());
    [bytes, body].concat()
}

#[test]
fn forged_packs_are_refused_by_name() {
    let blank = vec![0; 1 + PIXELS / 8];
    let with = |at: usize, value: u8| {
        let mut body = blank.clone();
        body[at] = value;
        body
    };
    assert_eq!(pack::decode(&forged(1, 0, &blank)).unwrap(), Digits::blank(1));
    assert_eq!(pack::decode(&forged(70_001, 0, &blank)).unwrap_err(), PackError::Count(70_001));
    assert_eq!(pack::decode(&forged(70_000, 0, &blank)).unwrap_err(), PackError::Size { wanted_bytes: 70_000 * 99, found_bytes: 99 });
    assert_eq!(pack::decode(&forged(1, 2, &with(5, 1))).unwrap_err(), PackError::Ink { count: 1, ink: 2, found: 1 });
    assert_eq!(pack::decode(&forged(1, 1, &with(5, 1))).unwrap_err(), PackError::Size { wanted_bytes: 100, found_bytes: 99 });
    assert_eq!(
        pack::decode(&forged(1, 0, &[blank.clone(), vec![7; 3]].concat())).unwrap_err(),
        PackError::Size { wanted_bytes: 99, found_bytes: 100 }
    );
    assert_eq!(pack::decode(&forged(1, 1, &[with(5, 1), vec![0]].concat())).unwrap_err(), PackError::Paper(0));
    assert_eq!(pack::decode(&forged(1, 0, &with(0, 10))).unwrap_err(), PackError::Label { index: 0, label: 10 });
}

#[test]
fn foreign_files_are_named() {
    let page = pack::decode(b"<!DOCTYPE html><title>404</title>").unwrap_err();
    assert_eq!(page.to_string(), "not a pack of digits: starts with \"<!DO\", wanted \"KSPK\"");

    let digits = Digits::blank(2);
    let (images, labels) = (idx::encode_images(&digits), idx::encode_labels(&digits));
    assert_eq!(idx::parse_images(&labels).unwrap_err(), IdxError::Dimensions { wanted: 3, found: 1 });
    assert_eq!(idx::parse_labels(&images).unwrap_err(), IdxError::Dimensions { wanted: 1, found: 3 });
    assert_eq!(idx::parse_digits(&images, &idx::encode_labels(&Digits::blank(3))).unwrap_err(), IdxError::Pairing { images: 2, labels: 3 });
    assert_eq!(idx::parse_images(&[0, 0, 13, 3]).unwrap_err(), IdxError::ElementType(13));
    assert_eq!(idx::parse_labels(&[0, 0, 8, 1, 0, 0, 0, 1, 10]).unwrap_err(), IdxError::Label { index: 0, label: 10 });
    let mut narrow = images.clone();
    narrow[15] = 14;
    narrow.truncate(16 + 2 * 28 * 14);
    assert_eq!(idx::parse_images(&narrow).unwrap_err(), IdxError::PictureSize { rows: 28, cols: 14 });
}

#[test]
fn a_gzip_bomb_stops_early() {
    let bomb = gzip(&vec![0; 80 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(idx::parse_images(&bomb).unwrap_err(), IdxError::TooLarge);
}
