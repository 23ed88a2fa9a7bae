//! A ZIP archive of files as they are (APPNOTE 6.3, method 0): pictures are compressed already.

/// A file that grows by [`Zip::push`] and ends with [`Zip::finish`].
#[derive(Clone, Debug, Default)]
pub struct Zip {
    bytes: Vec<u8>,
    /// The directory at the end.
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// Adds a file; names are plain ASCII.
    pub fn push(&mut self, name: &str, content: &[u8]) {
        let offset = self.bytes.len() as u32;
        let mut facts = Vec::new();
        // Version 1.0, no flags, stored, midnight of 1 January 1980: the same pictures give the same file.
        for word in [10u16, 0, 0, 0, 0x21] {
            facts.extend(word.to_le_bytes());
        }
        for word in [checksum(content), content.len() as u32, content.len() as u32] {
            facts.extend(word.to_le_bytes());
        }
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend(0u16.to_le_bytes());
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&facts);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);
        self.directory.extend(b"PK\x01\x02\x0a\x00");
        self.directory.extend(&facts);
        // No comment, first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
    }

    pub fn finish(mut self) -> Vec<u8> {
        let (start, size) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
        for word in [self.count, self.count] {
            self.bytes.extend(word.to_le_bytes());
        }
        for word in [size, start] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

/// CRC-32 (ISO 3309), four bits at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let table: [u32; 16] = std::array::from_fn(|i| (0..4).fold(i as u32, |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 }));
    let by_four = |c: u32| c >> 4 ^ table[(c & 15) as usize];
    !bytes.iter().fold(!0u32, |c, byte| by_four(by_four(c ^ u32::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn files_stand_where_the_directory_says() {
        let mut zip = Zip::default();
        zip.push("a.txt", b"one");
        zip.push("b/c.txt", b"three");
        let bytes = zip.finish();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let end = bytes.len() - 22;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        let (size, start) = (word(end + 12), word(end + 16));
        assert_eq!(start + size, end);
        let second = start + 46 + 5;
        assert_eq!(&bytes[second..second + 4], b"PK\x01\x02");
        assert_eq!(&bytes[second + 46..second + 53], b"b/c.txt");
        let local = word(second + 42);
        assert_eq!((&bytes[local..local + 4], &bytes[local + 30 + 7..local + 30 + 12]), (&b"PK\x03\x04"[..], &b"three"[..]));
    }
}
