//! The IDX files in which MNIST was published.
//!
//! All numbers are big endian: two zero bytes, the element type (8 is an unsigned byte), the number
//! of dimensions, one `u32` per dimension, then the elements, last dimension fastest. A file packed
//! by gzip is unpacked on the way.

use std::borrow::Cow;
use std::io::Read;

use crate::digits::{CLASSES, Digits, PIXELS, SIDE};

const UNSIGNED_BYTE: u8 = 8;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// No MNIST file is larger than 47,040,016 bytes. Holds back a gzip file that unpacks to terabytes.
const UNPACKED_LIMIT_BYTES: u64 = 64 << 20;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdxError {
    #[error("gzip data is damaged: {0}")]
    Gzip(String),
    #[error("gzip data unpacks to more than {UNPACKED_LIMIT_BYTES} bytes")]
    TooLarge,
    #[error("header needs {wanted_bytes} bytes, file has {found_bytes}")]
    Header { wanted_bytes: usize, found_bytes: usize },
    #[error("not an IDX file: starts with bytes {0:02x?}, wanted [00, 00]")]
    Magic([u8; 2]),
    #[error("element type is {0:#04x}, wanted 0x08 (unsigned byte)")]
    ElementType(u8),
    #[error("file has {found} dimensions, wanted {wanted}: {}", kind_of(*.found))]
    Dimensions { wanted: usize, found: usize },
    #[error("pictures are {rows} × {cols}, wanted {SIDE} × {SIDE}")]
    PictureSize { rows: u32, cols: u32 },
    #[error("header announces {announced_bytes} bytes of elements, file has {found_bytes}")]
    Size { announced_bytes: u64, found_bytes: u64 },
    #[error("label {index} is {label}, wanted 0 to 9")]
    Label { index: usize, label: u8 },
    #[error("{images} pictures, but {labels} labels")]
    Pairing { images: usize, labels: usize },
}

fn kind_of(dimensions: usize) -> &'static str {
    match dimensions {
        1 => "it may hold labels",
        3 => "it may hold pictures",
        _ => "neither labels nor pictures",
    }
}

/// Pixels of all pictures in an image file, `count · 784`, row by row.
pub fn parse_images(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let bytes = unpack(bytes)?;
    let (extents, elements) = parse::<3>(&bytes)?;
    let [_, rows, cols] = extents;
    if (rows as usize, cols as usize) != (SIDE, SIDE) {
        return Err(IdxError::PictureSize { rows, cols });
    }
    Ok(elements.to_vec())
}

/// Classes in a label file.
pub fn parse_labels(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let bytes = unpack(bytes)?;
    let (_, labels) = parse::<1>(&bytes)?;
    match labels.iter().position(|&l| usize::from(l) >= CLASSES) {
        Some(index) => Err(IdxError::Label { index, label: labels[index] }),
        None => Ok(labels.to_vec()),
    }
}

/// An image file and its label file together.
pub fn parse_digits(images: &[u8], labels: &[u8]) -> Result<Digits, IdxError> {
    let pixels = parse_images(images)?;
    let labels = parse_labels(labels)?;
    if pixels.len() != labels.len() * PIXELS {
        return Err(IdxError::Pairing { images: pixels.len() / PIXELS, labels: labels.len() });
    }
    Ok(Digits { pixels, labels })
}

/// The image file of `digits`.
pub fn encode_images(digits: &Digits) -> Vec<u8> {
    encode([digits.len(), SIDE, SIDE], &digits.pixels)
}

/// The label file of `digits`.
pub fn encode_labels(digits: &Digits) -> Vec<u8> {
    encode([digits.len()], &digits.labels)
}

fn encode<const RANK: usize>(extents: [usize; RANK], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, UNSIGNED_BYTE, RANK as u8];
    for extent in extents {
        bytes.extend((extent as u32).to_be_bytes());
    }
    bytes.extend(elements);
    bytes
}

fn unpack(bytes: &[u8]) -> Result<Cow<'_, [u8]>, IdxError> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(UNPACKED_LIMIT_BYTES + 1)
        .read_to_end(&mut unpacked)
        .map_err(|e| IdxError::Gzip(e.to_string()))?;
    if unpacked.len() as u64 > UNPACKED_LIMIT_BYTES {
        return Err(IdxError::TooLarge);
    }
    Ok(Cow::Owned(unpacked))
}

/// Extents and elements of an IDX file with `RANK` dimensions.
fn parse<const RANK: usize>(bytes: &[u8]) -> Result<([u32; RANK], &[u8]), IdxError> {
    let short = |wanted_bytes| IdxError::Header { wanted_bytes, found_bytes: bytes.len() };
    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(short(4))?;
    let &[zero_0, zero_1, element_type, found] = magic;
    if [zero_0, zero_1] != [0, 0] {
        return Err(IdxError::Magic([zero_0, zero_1]));
    }
    if element_type != UNSIGNED_BYTE {
        return Err(IdxError::ElementType(element_type));
    }
    if usize::from(found) != RANK {
        return Err(IdxError::Dimensions { wanted: RANK, found: usize::from(found) });
    }
    let header_bytes = 4 + 4 * RANK;
    if bytes.len() < header_bytes {
        return Err(short(header_bytes));
    }
    let (extent_bytes, elements) = rest.split_at(4 * RANK);
    let mut extents = [0; RANK];
    for (extent, bytes) in extents.iter_mut().zip(extent_bytes.as_chunks::<4>().0) {
        *extent = u32::from_be_bytes(*bytes);
    }
    // Three full u32 extents overflow u64.
    let announced_bytes = extents.iter().fold(1u64, |n, &e| n.saturating_mul(u64::from(e)));
    if announced_bytes != elements.len() as u64 {
        return Err(IdxError::Size { announced_bytes, found_bytes: elements.len() as u64 });
    }
    Ok((extents, elements))
}
