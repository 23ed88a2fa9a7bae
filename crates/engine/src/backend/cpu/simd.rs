//! Vectors of eight `f32` with the few verbs that the kernels use.
//!
//! A vector has eight lanes on every machine: two 128-bit registers in WebAssembly and on plain x86-64,
//! one 256-bit register where the processor has AVX2 and fused multiply-add, an array elsewhere. Sums are
//! taken in the same order everywhere. What differs is [`Vector::add_product`], which AVX2 rounds once, relaxed SIMD
//! where the processor can, and all others twice ([`fused`]): machines of one arithmetic give the same bits, the two
//! differ by rounding.

#![allow(unsafe_code)] // Vector loads without bounds checks, and calls of CPU-specific code.

/// Lanes of a vector.
pub const LANES: usize = 8;

/// Eight numbers at once.
pub trait Vector: Copy {
    /// Vectors that one tile of [`super::product::spread`] holds side by side.
    const ACROSS: usize;
    /// The register that [`super::product::correlate`] works in: its tile of four rows by two columns
    /// then keeps eight sums, which is what WebAssembly engines hold without spilling.
    type Part: Part;

    fn splat(value: f32) -> Self;

    /// # Safety
    /// Eight numbers must be readable at `from`; any alignment.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    /// Eight numbers must be writable at `to`; any alignment.
    unsafe fn store(self, to: *mut f32);

    /// `self + a · b`, rounded twice, or once where [`fused`].
    fn add_product(self, a: Self, b: Self) -> Self;

    fn add(self, other: Self) -> Self;

    /// Zero where `output` is zero or less, else `self`.
    fn through(self, output: Self) -> Self;

    /// Of two vectors in a row, the numbers at even and those at odd places.
    fn split(self, next: Self) -> (Self, Self);

    /// What [`Vector::split`] took apart.
    fn join(self, odd: Self) -> (Self, Self);

    /// Lane by lane the pair with the larger first number; of equals `a`.
    fn larger(a: (Self, Self), b: (Self, Self)) -> (Self, Self);

    /// Zero where `a` and `b` differ, else `self`.
    fn where_equal(self, a: Self, b: Self) -> Self;

    /// Rows to columns: number `i` of vector `j` becomes number `j` of vector `i`.
    fn transpose(rows: [Self; LANES]) -> [Self; LANES];
}

/// Some lanes of a vector: all eight or four.
pub trait Part: Copy {
    const WIDTH: usize;

    fn zero() -> Self;

    fn splat(value: f32) -> Self;

    /// # Safety
    /// [`Part::WIDTH`] numbers must be readable at `from`; any alignment.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    /// [`Part::WIDTH`] numbers must be writable at `to`; any alignment.
    unsafe fn store(self, to: *mut f32);

    /// As [`Vector::add_product`].
    fn add_product(self, a: Self, b: Self) -> Self;
}

/// A vector of eight lanes is a part of itself.
#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
macro_rules! whole {
    ($vector:ty) => {
        impl $crate::backend::cpu::simd::Part for $vector {
            const WIDTH: usize = $crate::backend::cpu::simd::LANES;

            #[inline(always)]
            fn zero() -> Self {
                <Self as Vector>::splat(0.0)
            }

            #[inline(always)]
            fn splat(value: f32) -> Self {
                <Self as Vector>::splat(value)
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the contract is the same.
                unsafe { <Self as Vector>::load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the contract is the same.
                unsafe { <Self as Vector>::store(self, to) }
            }

            #[inline(always)]
            fn add_product(self, a: Self, b: Self) -> Self {
                Vector::add_product(self, a, b)
            }
        }
    };
}

/// Rows of two registers each to columns, by four transpositions of four by four.
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
macro_rules! transpose_halves {
    ($rows:expr, $four:path, $vector:path) => {{
        let r = $rows;
        let (a, b) = ($four([r[0].0, r[1].0, r[2].0, r[3].0]), $four([r[4].0, r[5].0, r[6].0, r[7].0]));
        let (c, d) = ($four([r[0].1, r[1].1, r[2].1, r[3].1]), $four([r[4].1, r[5].1, r[6].1, r[7].1]));
        [
            $vector(a[0], b[0]),
            $vector(a[1], b[1]),
            $vector(a[2], b[2]),
            $vector(a[3], b[3]),
            $vector(c[0], d[0]),
            $vector(c[1], d[1]),
            $vector(c[2], d[2]),
            $vector(c[3], d[3]),
        ]
    }};
}

/// Work that is written once for any vector.
pub trait Kernel {
    fn run<V: Vector>(self);
}

/// Runs `kernel` with the widest vector that the machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if fused() {
            #[target_feature(enable = "avx2,fma")]
            unsafe fn with_avx2<K: Kernel>(kernel: K) {
                kernel.run::<x86::Avx>();
            }
            // SAFETY: the processor has AVX2 and fused multiply-add.
            unsafe { with_avx2(kernel) }
        } else {
            kernel.run::<x86::Sse>();
        }
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128", feature = "relaxed"))]
    {
        #[target_feature(enable = "relaxed-simd")]
        fn relaxed<K: Kernel>(kernel: K) {
            kernel.run::<wasm::Simd128>();
        }
        relaxed(kernel);
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(feature = "relaxed")))]
    kernel.run::<wasm::Simd128>();
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
    kernel.run::<scalar::Scalar>();
}

/// Whether a product and the sum it is added to are rounded once, not twice.
#[inline]
pub fn fused() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128", feature = "relaxed"))]
    {
        wasm::rounds_once()
    }
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128", feature = "relaxed"))))]
    false
}

/// Name of the vector that [`dispatch`] picks here.
pub fn vector_name() -> &'static str {
    if cfg!(all(target_arch = "wasm32", target_feature = "simd128")) {
        return if cfg!(feature = "relaxed") { "wasm relaxed simd" } else { "wasm simd128" };
    }
    #[cfg(target_arch = "x86_64")]
    {
        if fused() { "AVX2" } else { "SSE2" }
    }
    #[cfg(not(target_arch = "x86_64"))]
    "scalar"
}

/// Asks for the cache line at `place`, which will soon be read or written. It need not be a legal address.
#[inline(always)]
pub fn expect(place: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint without effect on what the program sees; SSE belongs to x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Sum of a slice in eight interleaved parts.
pub fn sum(values: &[f32]) -> f32 {
    let mut parts = [0.0f32; LANES];
    let blocks = values.chunks_exact(LANES);
    let rest = blocks.remainder();
    for block in blocks {
        for (part, v) in parts.iter_mut().zip(block) {
            *part += v;
        }
    }
    for (part, v) in parts.iter_mut().zip(rest) {
        *part += v;
    }
    sum_lanes(parts)
}

/// `((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7))`.
pub fn sum_lanes(l: [f32; LANES]) -> f32 {
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

#[cfg(any(test, not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))))]
mod scalar;

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

#[cfg(test)]
mod tests {
    use super::*;

    struct Probe<'a>(&'a [f32], &'a mut [f32]);

    impl Kernel for Probe<'_> {
        fn run<V: Vector>(self) {
            let (rows, out) = (self.0, self.1);
            // SAFETY: there are 64 numbers in the source and 152 places in the result.
            unsafe {
                let v: [V; LANES] = std::array::from_fn(|i| V::load(rows[i * LANES..].as_ptr()));
                v[0].add_product(v[1], V::splat(3.3)).store(out.as_mut_ptr());
                for at in (0..LANES).step_by(V::Part::WIDTH) {
                    let v = V::Part::load(rows[at..].as_ptr());
                    V::Part::zero().add_product(v, v).add_product(v, v).store(out[LANES + at..].as_mut_ptr());
                }
                v[2].add(v[3]).store(out[2 * LANES..].as_mut_ptr());
                v[4].through(v[5]).store(out[3 * LANES..].as_mut_ptr());
                for (i, row) in V::transpose(v).into_iter().enumerate() {
                    row.store(out[(4 + i) * LANES..].as_mut_ptr());
                }
                let (even, odd) = v[0].split(v[1]);
                let (first, second) = even.join(v[6]);
                let (most, mark) = V::larger((v[6], v[1]), (v[7], v[2]));
                for (i, v) in [even, odd, first, second, most, mark, v[3].where_equal(v[6], most)].into_iter().enumerate() {
                    v.store(out[(12 + i) * LANES..].as_mut_ptr());
                }
            }
        }
    }

    /// Positive and negative ones, a zero of each sign.
    fn rows() -> Vec<f32> {
        let mut rows: Vec<f32> = (0..64).map(|i| (0.1 + 1.7f32.powi(i % 13)) * if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        (rows[5 * LANES], rows[5 * LANES + 1]) = (0.0, -0.0);
        rows
    }

    #[test]
    fn every_vector_gives_the_bits_of_the_plain_one() {
        let (rows, mut here, mut plain) = (rows(), [0.0; 152], [0.0; 152]);
        Probe(&rows, &mut plain).run::<scalar::Scalar<false>>();
        assert_eq!(plain[4 * LANES + 1], rows[LANES]);
        assert_eq!(plain[3 * LANES..][..2], [0.0; 2]);
        assert_eq!(plain[12 * LANES..][..2], [rows[0], rows[2]]);
        assert_eq!(plain[14 * LANES..][..2], [rows[0], rows[6 * LANES]]);
        #[cfg(target_arch = "x86_64")]
        {
            Probe(&rows, &mut here).run::<x86::Sse>();
            assert_eq!(here, plain);
        }
        if fused() {
            Probe(&rows, &mut plain).run::<scalar::Scalar<true>>();
        }
        dispatch(Probe(&rows, &mut here));
        assert_eq!(here, plain);
    }
}
