//! An animated GIF, written picture by picture (GIF89a, CompuServe 1990; LZW after Welch 1984).
//!
//! Each picture has colours of its own, 256 at most: exact where it has no more, else the most frequent ones of
//! a coarser grid, and the nearest of those for the rest.

use std::collections::HashMap;

const COLOURS: usize = 256;
/// Codes have at most 12 bits.
const CODES: u16 = 4_096;
/// Slots for pairs of code and byte: twice as many as there are codes, so that a free one is near.
const SLOTS: usize = 8_192;

/// A file that grows by [`Gif::push`] and ends with [`Gif::finish`].
#[derive(Clone, Debug)]
pub struct Gif {
    width: u16,
    height: u16,
    bytes: Vec<u8>,
}

impl Gif {
    /// Repeats for ever.
    pub fn new(width: u16, height: u16) -> Self {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        // No common colours; background and aspect are not used.
        bytes.extend([0x70, 0, 0]);
        bytes.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00");
        Self { width, height, bytes }
    }

    /// Adds a picture, four bytes a pixel, rows from the top, that stays for so many hundredths of a second. One that is
    /// too short is filled up with its first colour.
    pub fn push(&mut self, rgba: &[u8], hundredths: u16) {
        let (palette, mut pixels) = indexed(rgba);
        pixels.resize(usize::from(self.width) * usize::from(self.height), 0);
        self.bytes.extend([0x21, 0xf9, 4, 0]);
        self.bytes.extend(hundredths.to_le_bytes());
        self.bytes.extend([0, 0, 0x2c, 0, 0, 0, 0]);
        self.bytes.extend(self.width.to_le_bytes());
        self.bytes.extend(self.height.to_le_bytes());
        // Colours of its own, 2⁸ of them.
        self.bytes.push(0x87);
        for i in 0..COLOURS {
            self.bytes.extend(palette.get(i).copied().unwrap_or_default());
        }
        self.bytes.push(8);
        let codes = compressed(&pixels);
        for block in codes.chunks(255) {
            self.bytes.push(block.len() as u8);
            self.bytes.extend(block);
        }
        self.bytes.push(0);
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0x3b);
        self.bytes
    }
}

/// Colours of a picture, and for each pixel the number of its colour.
fn indexed(rgba: &[u8]) -> (Vec<[u8; 3]>, Vec<u8>) {
    let (pixels, _) = rgba.as_chunks::<4>();
    let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
    // Pictures are full of runs.
    for run in pixels.chunk_by(|a, b| a == b) {
        let [r, g, b, _] = run[0];
        *counts.entry([r, g, b]).or_default() += run.len() as u32;
    }
    let mut all: Vec<([u8; 3], u32)> = counts.into_iter().collect();
    // By number, and where that is equal by colour: the same picture gives the same file.
    engine::order::sort_by(&mut all, |a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let palette: Vec<[u8; 3]> = if all.len() <= COLOURS { all.iter().map(|c| c.0).collect() } else { coarse(&all) };
    let mut numbers: HashMap<[u8; 3], u8> = palette.iter().enumerate().map(|(i, c)| (*c, i as u8)).collect();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        let [r, g, b, _] = run[0];
        let number = *numbers.entry([r, g, b]).or_insert_with(|| nearest(&palette, [r, g, b]));
        indices.resize(indices.len() + run.len(), number);
    }
    (palette, indices)
}

/// Median cut (Heckbert 1982): the group of colours that spreads widest is halved, until there are enough groups; each
/// is told by its mean.
fn coarse(all: &[([u8; 3], u32)]) -> Vec<[u8; 3]> {
    let mut groups = vec![all.to_vec()];
    while groups.len() < COLOURS {
        let spread = |group: &Vec<([u8; 3], u32)>| widest(group).1;
        let Some(at) = (0..groups.len()).max_by_key(|i| (spread(&groups[*i]), usize::MAX - i)) else { break };
        let channel = widest(&groups[at]).0;
        let group = &mut groups[at];
        engine::order::sort_by_key(group, |(colour, _)| (colour[channel], *colour));
        let total: u64 = group.iter().map(|c| u64::from(c.1)).sum();
        let mut below = 0;
        let half = group.iter().position(|c| {
            below += u64::from(c.1);
            2 * below >= total
        });
        let cut = (half.unwrap_or(0) + 1).min(group.len() - 1);
        if cut == 0 {
            break;
        }
        let rest = group.split_off(cut);
        groups.push(rest);
    }
    groups.iter().map(|group| mean(group)).collect()
}

/// The channel in which colours spread most, and how far.
fn widest(group: &[([u8; 3], u32)]) -> (usize, u8) {
    let range = |channel: usize| {
        let values = || group.iter().map(|c| c.0[channel]);
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    let ranges = [range(0), range(1), range(2)];
    let channel = (0..3).max_by_key(|i| (ranges[*i], 3 - i)).unwrap_or(0);
    (channel, ranges[channel])
}

fn mean(group: &[([u8; 3], u32)]) -> [u8; 3] {
    let total: u64 = group.iter().map(|c| u64::from(c.1)).sum();
    [0, 1, 2].map(|i| (group.iter().map(|c| u64::from(c.0[i]) * u64::from(c.1)).sum::<u64>() / total.max(1)) as u8)
}

fn nearest(palette: &[[u8; 3]], colour: [u8; 3]) -> u8 {
    let distance = |other: &[u8; 3]| other.iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>();
    let best = palette.iter().enumerate().min_by_key(|(_, other)| distance(other));
    best.map_or(0, |(i, _)| i as u8)
}

/// LZW with codes of 9 to 12 bits, least significant bits first.
fn compressed(pixels: &[u8]) -> Vec<u8> {
    const CLEAR: u16 = 256;
    const END: u16 = 257;
    let mut out = Bits::default();
    let (mut next, mut bits) = (END + 1, 9);
    // Pair of code and byte, plus one, to its own code.
    let (mut keys, mut codes) = (vec![0u32; SLOTS], vec![0u16; SLOTS]);
    out.put(CLEAR, bits);
    let mut pixels = pixels.iter();
    let Some(first) = pixels.next() else {
        out.put(END, bits);
        return out.bytes();
    };
    let mut prefix = u16::from(*first);
    for pixel in pixels {
        let key = (u32::from(prefix) << 8 | u32::from(*pixel)) + 1;
        let mut slot = (key.wrapping_mul(2_654_435_761) >> 19) as usize % SLOTS;
        while keys[slot] != 0 && keys[slot] != key {
            slot = (slot + 1) % SLOTS;
        }
        if keys[slot] == key {
            prefix = codes[slot];
            continue;
        }
        out.put(prefix, bits);
        if next < CODES {
            (keys[slot], codes[slot]) = (key, next);
            // The reader learns a code one step later.
            if next == 1 << bits {
                bits += 1;
            }
            next += 1;
        } else {
            out.put(CLEAR, bits);
            keys.fill(0);
            (next, bits) = (END + 1, 9);
        }
        prefix = u16::from(*pixel);
    }
    out.put(prefix, bits);
    // The reader has learnt one more.
    if next < CODES && next == 1 << bits {
        bits += 1;
    }
    out.put(END, bits);
    out.bytes()
}

#[derive(Default)]
struct Bits {
    done: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, code: u16, bits: u32) {
        self.held |= u32::from(code) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.done.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn bytes(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.done.push(self.held as u8);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Welch's reader, from the format's description.
    fn expanded(bytes: &[u8]) -> Vec<u8> {
        let (mut out, mut table): (Vec<u8>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
        let fresh = || (0..=257u16).map(|c| if c < 256 { vec![c as u8] } else { vec![] }).collect::<Vec<_>>();
        let (mut at, mut bits) = (0usize, 9usize);
        let mut before: Option<Vec<u8>> = None;
        loop {
            let code = (0..bits).fold(0usize, |c, i| c | usize::from(bytes[(at + i) / 8] >> ((at + i) % 8) & 1) << i);
            at += bits;
            match code {
                256 => (table, bits, before) = (fresh(), 9, None),
                257 => return out,
                _ => {
                    let entry = match (&before, table.get(code)) {
                        (_, Some(entry)) => entry.clone(),
                        (Some(last), None) => [&last[..], &last[..1]].concat(),
                        (None, None) => panic!("code {code}"),
                    };
                    if let Some(last) = before.filter(|_| table.len() < 4_096) {
                        table.push([&last[..], &entry[..1]].concat());
                        if table.len() == 1 << bits && bits < 12 {
                            bits += 1;
                        }
                    }
                    out.extend(&entry);
                    before = Some(entry);
                }
            }
        }
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let noise = |n: usize| (0..n).map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
        for pixels in [vec![7], vec![0; 100_000], noise(300), noise(200_000), (0..70_000).map(|i| (i / 97 % 251) as u8).collect()] {
            assert!(expanded(&compressed(&pixels)) == pixels, "{} pixels", pixels.len());
        }
    }

    #[test]
    fn few_colours_are_exact_and_many_are_near() {
        let few: Vec<u8> = (0..256u32).flat_map(|i| [i as u8, 255 - i as u8, 9, 255]).collect();
        let (palette, pixels) = indexed(&few);
        assert!(few.chunks(4).zip(&pixels).all(|(p, i)| p[..3] == palette[usize::from(*i)]));
        let many: Vec<u8> = (0..4_096u32).flat_map(|i| [(i % 64 * 4) as u8, (i / 64 * 4) as u8, 128, 255]).collect();
        let (palette, pixels) = indexed(&many);
        assert_eq!(palette.len(), 256);
        let worst = many.chunks(4).zip(&pixels).map(|(p, i)| p.iter().zip(palette[usize::from(*i)]).map(|(a, b)| a.abs_diff(b)).max());
        assert!(worst.max().flatten().is_some_and(|w| w <= 16));
    }

    #[test]
    fn the_file_has_its_parts() {
        let mut gif = Gif::new(2, 1);
        gif.push(&[255, 0, 0, 255, 0, 0, 255, 255], 12);
        gif.push(&[255, 0, 0, 255], 12);
        let bytes = gif.finish();
        assert_eq!((&bytes[..10], bytes.last()), (&b"GIF89a\x02\x00\x01\x00"[..], Some(&0x3b)));
        assert_eq!(bytes.windows(3).filter(|w| *w == [0x21, 0xf9, 4]).count(), 2);
    }
}
