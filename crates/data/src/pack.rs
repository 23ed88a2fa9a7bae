//! Digits in few bytes.
//!
//! Four fifths of a digit's pixels are paper, and those in the middle of a stroke are nearly all
//! full ink; only the edges are grey. So a pack holds one bit for each pixel (ink or paper), and
//! the grey values of the inked pixels sorted by how many of their eight neighbours are inked.
//! Deflate then needs 129 bytes for a digit instead of 161.
//!
//! ```text
//! offset  header, little endian
//!  0      "KSPK"
//!  4      u32 version
//!  8      u32 count        number of digits
//! 12      u32 ink          number of pixels that are not 0, in all digits
//! 16      u32 body_bytes
//! 20      u32 crc32        of bytes 0..20 and the body
//! 24      body, deflated:  count labels, count · 98 bytes of ink bits (row by row, lowest bit
//!                          first), ink grey values (by inked neighbours, 0 to 8, then in order)
//! ```

use std::io::{Read, Write};

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::digits::{CLASSES, Digits, PIXELS, SIDE};

const MAGIC: [u8; 4] = *b"KSPK";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 24;
const BITS_BYTES: usize = PIXELS / 8;
/// All of MNIST fits into one pack; nothing larger is one.
const MAX_COUNT: u32 = 70_000;
/// Number of counts of inked neighbours: 0 to 8.
const GROUPS: usize = 9;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("file is cut off: {found_bytes} bytes, wanted {wanted_bytes}")]
    Short { wanted_bytes: usize, found_bytes: usize },
    #[error("file has {found_bytes} bytes, {wanted_bytes} belong to it")]
    Long { wanted_bytes: usize, found_bytes: usize },
    #[error("not a pack of digits: starts with \"{}\", wanted \"KSPK\"", .0.escape_ascii())]
    Magic([u8; 4]),
    #[error("pack has version {0}, this program reads version {VERSION}")]
    Version(u32),
    #[error("file is damaged: its checksum is {found:08x}, its header says {wanted:08x}")]
    Checksum { wanted: u32, found: u32 },
    #[error("pack announces {0} digits, at most {MAX_COUNT} can be in one")]
    Count(u32),
    #[error("pack announces {ink} inked pixels in {count} digits, its ink bits are {found}")]
    Ink { count: u32, ink: u32, found: u64 },
    #[error("pack cannot be inflated: {0}")]
    Deflate(String),
    #[error("pack inflates to {found}, wanted {wanted_bytes} bytes", found = if *.found_bytes > *.wanted_bytes { "more".to_owned() } else { format!("{found_bytes} bytes") })]
    Size { wanted_bytes: usize, found_bytes: usize },
    #[error("digit {index} has label {label}, wanted 0 to 9")]
    Label { index: usize, label: u8 },
    #[error("inked pixel {0} has grey value 0")]
    Paper(usize),
    #[error("not {file}, whose checksum is {wanted:08x}, but {} with {found:08x}", .really.unwrap_or("another pack"))]
    OtherPack {
        file: &'static str,
        wanted: u32,
        found: u32,
        /// The file of the manifest that has this checksum.
        really: Option<&'static str>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub count: u32,
    pub ink: u32,
    pub body_bytes: u32,
    pub crc32: u32,
}

/// The header of a pack, its body unread.
pub fn header(bytes: &[u8]) -> Result<Header, PackError> {
    let short = PackError::Short { wanted_bytes: HEADER_BYTES, found_bytes: bytes.len() };
    // The magic first: for a foreign file its first bytes say more than its length.
    let magic = *bytes.first_chunk::<4>().ok_or(short.clone())?;
    if magic != MAGIC {
        return Err(PackError::Magic(magic));
    }
    let (words, _) = bytes.first_chunk::<HEADER_BYTES>().ok_or(short)?.as_chunks::<4>();
    let word = |i: usize| u32::from_le_bytes(words[i]);
    if word(1) != VERSION {
        return Err(PackError::Version(word(1)));
    }
    Ok(Header { count: word(2), ink: word(3), body_bytes: word(4), crc32: word(5) })
}

/// The pack of `digits`.
///
/// # Panics
/// If there are more than 70,000, or not as many labels as pictures.
pub fn encode(digits: &Digits) -> Vec<u8> {
    let count = digits.len();
    assert!(count <= MAX_COUNT as usize, "{count} digits are too many for a pack");
    assert_eq!(digits.pixels.len(), count * PIXELS, "labels and pictures");
    let mut bits = vec![0; count * BITS_BYTES];
    for (i, _) in digits.pixels.iter().enumerate().filter(|&(_, &p)| p != 0) {
        bits[i / 8] |= 1 << (i % 8);
    }
    let mut groups: [Vec<u8>; GROUPS] = Default::default();
    for (digit, bits) in bits.as_chunks::<BITS_BYTES>().0.iter().enumerate() {
        for_each_inked(bits, |pixel, group| groups[group].push(digits.pixels[digit * PIXELS + pixel]));
    }
    let body = [digits.labels.as_slice(), &bits, &groups.concat()].concat();

    let mut bytes = vec![0; HEADER_BYTES];
    let mut encoder = DeflateEncoder::new(&mut bytes, Compression::best());
    let deflated = encoder.write_all(&body).and_then(|()| encoder.try_finish());
    drop(encoder);
    debug_assert!(deflated.is_ok(), "writing to memory does not fail");
    let body_bytes = bytes.len() - HEADER_BYTES;
    let ink: usize = groups.iter().map(Vec::len).sum();
    let words = [VERSION, count as u32, ink as u32, body_bytes as u32];
    bytes[..4].copy_from_slice(&MAGIC);
    for (i, word) in words.iter().enumerate() {
        bytes[4 + 4 * i..8 + 4 * i].copy_from_slice(&word.to_le_bytes());
    }
    let crc32 = checksum(&bytes).to_le_bytes();
    bytes[20..HEADER_BYTES].copy_from_slice(&crc32);
    bytes
}

/// The digits of a pack. Nothing is allocated before the checksum is right.
pub fn decode(bytes: &[u8]) -> Result<Digits, PackError> {
    let header = header(bytes)?;
    let found_bytes = bytes.len();
    let wanted_bytes = HEADER_BYTES.saturating_add(header.body_bytes as usize);
    if found_bytes < wanted_bytes {
        return Err(PackError::Short { wanted_bytes, found_bytes });
    }
    if found_bytes > wanted_bytes {
        return Err(PackError::Long { wanted_bytes, found_bytes });
    }
    let found = checksum(bytes);
    if found != header.crc32 {
        return Err(PackError::Checksum { wanted: header.crc32, found });
    }
    if header.count > MAX_COUNT {
        return Err(PackError::Count(header.count));
    }
    let count = header.count as usize;
    let body = inflate(&bytes[HEADER_BYTES..], count * (1 + BITS_BYTES), header)?;
    let (labels, body) = body.split_at(count);
    let (bits, values) = body.split_at(count * BITS_BYTES);
    if let Some(index) = labels.iter().position(|&l| usize::from(l) >= CLASSES) {
        return Err(PackError::Label { index, label: labels[index] });
    }
    Ok(Digits { pixels: ungroup(bits, values)?, labels: labels.to_vec() })
}

/// CRC-32 of a pack without the four bytes of its own checksum.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&bytes[..HEADER_BYTES - 4]);
    crc.update(&bytes[HEADER_BYTES..]);
    crc.sum()
}

/// The inflated body: `fixed_bytes` of labels and ink bits, and as many values as bits are set.
fn inflate(deflated: &[u8], fixed_bytes: usize, header: Header) -> Result<Vec<u8>, PackError> {
    let failed = |e: std::io::Error| PackError::Deflate(e.to_string());
    let mut decoder = DeflateDecoder::new(deflated);
    // `take` and a growing vector: what is allocated follows the bytes that really come.
    let mut body = Vec::new();
    decoder.by_ref().take(fixed_bytes as u64).read_to_end(&mut body).map_err(failed)?;
    if body.len() < fixed_bytes {
        return Err(PackError::Size { wanted_bytes: fixed_bytes, found_bytes: body.len() });
    }
    let bits = &body[header.count as usize..];
    let found: u64 = bits.iter().map(|b| u64::from(b.count_ones())).sum();
    if found != u64::from(header.ink) {
        return Err(PackError::Ink { count: header.count, ink: header.ink, found });
    }
    let wanted_bytes = fixed_bytes + header.ink as usize;
    decoder.take(u64::from(header.ink) + 1).read_to_end(&mut body).map_err(failed)?;
    if body.len() != wanted_bytes {
        return Err(PackError::Size { wanted_bytes, found_bytes: body.len() });
    }
    Ok(body)
}

/// Puts the grouped grey values back to where the ink bits are.
fn ungroup(bits: &[u8], values: &[u8]) -> Result<Vec<u8>, PackError> {
    let digits = bits.as_chunks::<BITS_BYTES>().0;
    if let Some(i) = values.iter().position(|&v| v == 0) {
        return Err(PackError::Paper(i));
    }
    let mut lengths = [0; GROUPS];
    for bits in digits {
        for_each_inked(bits, |_, group| lengths[group] += 1);
    }
    let mut next = [0; GROUPS];
    for group in 1..GROUPS {
        next[group] = next[group - 1] + lengths[group - 1];
    }
    let mut pixels = vec![0; digits.len() * PIXELS];
    for (bits, picture) in digits.iter().zip(pixels.as_chunks_mut::<PIXELS>().0) {
        for_each_inked(bits, |pixel, group| {
            picture[pixel] = values[next[group]];
            next[group] += 1;
        });
    }
    Ok(pixels)
}

/// Calls `visit(pixel, inked neighbours)` for each inked pixel of a picture, row by row.
fn for_each_inked(bits: &[u8; BITS_BYTES], mut visit: impl FnMut(usize, usize)) {
    // Rows as words with one bit of paper at both ends, and a row of paper above and below.
    let mut rows = [0u32; SIDE + 2];
    for row in 0..SIDE {
        // A row's 28 bits start at a multiple of 4 and so lie in 4 bytes.
        let (byte, shift) = (row * SIDE / 8, row * SIDE % 8);
        let mut word = 0;
        for (i, &b) in bits[byte..byte + 4].iter().enumerate() {
            word |= u32::from(b) << (8 * i);
        }
        rows[row + 1] = (word >> shift & ((1 << SIDE) - 1)) << 1;
    }
    for row in 0..SIDE {
        let (above, here, below) = (rows[row], rows[row + 1], rows[row + 2]);
        let mut left = here;
        while left != 0 {
            let col = left.trailing_zeros();
            left &= left - 1;
            let around = |r: u32| (r >> (col - 1) & 0b111).count_ones();
            let inked = around(above) + around(here) + around(below) - 1;
            visit(row * SIDE + col as usize - 1, inked as usize);
        }
    }
}
