//! Numbers of a tensor in a file, as `f32`.

use half::{bf16, f16};
use safetensors::Dtype;

/// Puts the numbers in `bytes` into `numbers`; false, and nothing done, if they are not of a floating type.
pub fn read(dtype: Dtype, bytes: &[u8], numbers: &mut [f32]) -> bool {
    match dtype {
        Dtype::F32 => put(numbers, bytes, f32::from_le_bytes),
        Dtype::F64 => put(numbers, bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::F16 => put(numbers, bytes, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => put(numbers, bytes, |b| bf16::from_le_bytes(b).to_f32()),
        _ => return false,
    }
    true
}

fn put<const N: usize>(numbers: &mut [f32], bytes: &[u8], number: impl Fn([u8; N]) -> f32) {
    let (pieces, _) = bytes.as_chunks::<N>();
    for (x, piece) in numbers.iter_mut().zip(pieces) {
        *x = number(*piece);
    }
}

#[cfg(test)]
mod tests {
    use super::put;
    use half::{bf16, f16};

    #[test]
    fn halves_are_read() {
        let read = |bits: u16| {
            let mut number = [9.0];
            put(&mut number, &bits.to_le_bytes(), |b| f16::from_le_bytes(b).to_f32());
            number[0]
        };
        let cases = [(0x0000, 0.0), (0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x0001, 5.960_464_5e-8), (0x3555, 0.333_251_95)];
        for (bits, value) in cases {
            assert_eq!(read(bits), value, "{bits:#06x}");
        }
        assert!(read(0x7e00).is_nan());
        assert_eq!(read(0xfc00), f32::NEG_INFINITY);
        let mut number = [9.0];
        put(&mut number, &0xc0a0_u16.to_le_bytes(), |b| bf16::from_le_bytes(b).to_f32());
        assert_eq!(number, [-5.0]);
    }
}
