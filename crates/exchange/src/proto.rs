//! Protocol buffers, as much of them as a file of ONNX takes.
//!
//! A message is a row of fields; a field is its number and its kind, then a whole number of variable length or a
//! length and so many bytes. (<https://protobuf.dev/programming-guides/encoding/>)

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    fn key(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    /// A whole number; negative ones take ten bytes.
    pub fn int(mut self, field: u32, n: i64) -> Self {
        self.key(field, 0);
        self.varint(n.cast_unsigned());
        self
    }

    pub fn float(mut self, field: u32, x: f32) -> Self {
        self.key(field, 5);
        self.bytes.extend(x.to_le_bytes());
        self
    }

    pub fn blob(mut self, field: u32, bytes: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.bytes.extend(bytes);
        self
    }

    pub fn text(self, field: u32, text: &str) -> Self {
        self.blob(field, text.as_bytes())
    }

    pub fn message(self, field: u32, message: &Self) -> Self {
        self.blob(field, &message.bytes)
    }

    /// Several whole numbers, packed.
    pub fn ints(self, field: u32, numbers: &[i64]) -> Self {
        let mut packed = Self::new();
        numbers.iter().for_each(|n| packed.varint(n.cast_unsigned()));
        self.message(field, &packed)
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    /// The examples of the specification of the encoding.
    #[test]
    fn bytes_are_those_of_the_specification() {
        assert_eq!(Message::new().int(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::new().text(2, "testing").into_bytes(), [0x12, 7, b't', b'e', b's', b't', b'i', b'n', b'g']);
        let inner = Message::new().int(1, 150);
        assert_eq!(Message::new().message(3, &inner).into_bytes(), [0x1a, 3, 0x08, 0x96, 0x01]);
        assert_eq!(Message::new().ints(6, &[3, 270, 86_942]).into_bytes(), [0x32, 6, 3, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
        assert_eq!(Message::new().int(1, -2).into_bytes(), [8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        assert_eq!(Message::new().float(2, 1.0).into_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
    }
}
