//! Random numbers without state: a hash of (seed, stream, index).
//!
//! Only 32-bit integer operations, so that WGSL gives the same bits, and no order of evaluation:
//! number `index` of a stream is the same whoever asks first.

/// Names what the numbers are for, so that two uses of one seed never share a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(pub u32);

impl Stream {
    pub const INIT: Self = Self(0x1000_0000);
    pub const SHUFFLE: Self = Self(0x2000_0000);
    pub const DROPOUT: Self = Self(0x3000_0000);
    pub const AUGMENT: Self = Self(0x4000_0000);
    /// Which digits are trained on, and with which labels.
    pub const SELECTION: Self = Self(0x7000_0000);
    /// Shapes that are drawn instead of digits.
    pub const SHAPES: Self = Self(0x8000_0000);
    /// Which images of one's own train, and which score.
    pub const OWN_SPLIT: Self = Self(0x9000_0000);
    pub const FRACTIONAL_POOL: Self = Self(0xa000_0000);
    pub const STOCHASTIC_POOL: Self = Self(0xb000_0000);

    /// The stream of part `n` (a parameter, an epoch, a node) of this use.
    pub const fn part(self, n: u32) -> Self {
        Self(self.0.wrapping_add(n))
    }
}

/// Mixes the bits of `x` (the `triple32` permutation of Chris Wellons, "Prospecting for Hash
/// Functions", 2018; bias 0.020 bits).
pub const fn mix(mut x: u32) -> u32 {
    x ^= x >> 17;
    x = x.wrapping_mul(0xed5a_d4bb);
    x ^= x >> 11;
    x = x.wrapping_mul(0xac4c_1b51);
    x ^= x >> 15;
    x = x.wrapping_mul(0x3184_8bab);
    x ^ (x >> 14)
}

/// Number `index` of the stream.
pub const fn bits(seed: u32, stream: Stream, index: u32) -> u32 {
    mix(mix(mix(seed) ^ stream.0).wrapping_add(index.wrapping_mul(0x9e37_79b9)))
}

/// Uniform in [0, 1), in steps of 2⁻²⁴.
pub const fn uniform(seed: u32, stream: Stream, index: u32) -> f32 {
    (bits(seed, stream, index) >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Standard normal by the Box–Muller transform; uses numbers `2·index` and `2·index + 1`.
pub fn normal(seed: u32, stream: Stream, index: u32) -> f32 {
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - uniform(seed, stream, 2 * index)));
    radius * libm::cosf(std::f32::consts::TAU * uniform(seed, stream, 2 * index + 1))
}

/// A permutation of `0..len` by Fisher–Yates, in `order`.
pub fn shuffle(order: &mut [u32], seed: u32, stream: Stream) {
    for i in (1..order.len()).rev() {
        // Multiply-shift instead of remainder: the bias is below 2⁻³² · len.
        let j = (u64::from(bits(seed, stream, i as u32)) * (i as u64 + 1)) >> 32;
        order.swap(i, j as usize);
    }
}
