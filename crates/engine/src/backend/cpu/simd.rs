//! Vectors of eight `f32` with the few verbs that the kernels use.
//!
//! Multiply and add stay two roundings everywhere (no fused multiply-add), and a vector has eight
//! lanes on every machine: two 128-bit registers in WebAssembly and on plain x86-64, one 256-bit
//! register where the processor has AVX2, an array elsewhere. So every machine gives the same bits.

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

    /// `self + a · b`, rounded twice.
    fn add_product(self, a: Self, b: Self) -> Self;
}

/// Some lanes of a vector: all eight or four.
pub trait Part: Copy {
    const WIDTH: usize;

    fn zero() -> Self;

    /// # Safety
    /// [`Part::WIDTH`] numbers must be readable at `from`; any alignment.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    /// [`Part::WIDTH`] numbers must be writable at `to`; any alignment.
    unsafe fn store(self, to: *mut f32);

    /// `self + a · b`, rounded twice.
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

/// Work that is written once for any vector.
pub trait Kernel {
    fn run<V: Vector>(self);
}

/// Runs `kernel` with the widest vector that the machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") {
            #[target_feature(enable = "avx2")]
            unsafe fn with_avx2<K: Kernel>(kernel: K) {
                kernel.run::<x86::Avx>();
            }
            // SAFETY: the processor has AVX2.
            unsafe { with_avx2(kernel) }
        } else {
            kernel.run::<x86::Sse>();
        }
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    kernel.run::<wasm::Simd128>();
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
    kernel.run::<scalar::Scalar>();
}

/// Name of the vector that [`dispatch`] picks here.
pub fn vector_name() -> &'static str {
    if cfg!(all(target_arch = "wasm32", target_feature = "simd128")) {
        return "wasm simd128";
    }
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") { "AVX2" } else { "SSE2" }
    }
    #[cfg(not(target_arch = "x86_64"))]
    "scalar"
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

/// The portable vector: plain arrays. Tests hold the others against it.
#[cfg(any(test, not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))))]
mod scalar {
    use super::{LANES, Vector};

    #[derive(Clone, Copy)]
    pub struct Scalar([f32; LANES]);

    whole!(Scalar);

    impl Vector for Scalar {
        const ACROSS: usize = 1;
        type Part = Self;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            Self([value; LANES])
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by contract eight numbers are readable.
            Self(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by contract eight numbers are writable.
            unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(std::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Part, Vector};

    #[derive(Clone, Copy)]
    pub struct Avx(__m256);

    // SAFETY of every block below: `dispatch` uses this type only where the processor has AVX2.
    impl Vector for Avx {
        const ACROSS: usize = 2;
        type Part = Self;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            Self(unsafe { _mm256_set1_ps(value) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm256_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm256_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm256_add_ps(self.0, _mm256_mul_ps(a.0, b.0)) })
        }
    }

    whole!(Avx);

    #[derive(Clone, Copy)]
    pub struct Half(__m128);

    // SAFETY of every block below: SSE2 belongs to x86-64; pointers by contract.
    impl Part for Half {
        const WIDTH: usize = 4;

        #[inline(always)]
        fn zero() -> Self {
            Self(unsafe { _mm_setzero_ps() })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm_add_ps(self.0, _mm_mul_ps(a.0, b.0)) })
        }
    }

    #[derive(Clone, Copy)]
    pub struct Sse(__m128, __m128);

    // SAFETY of every block below: SSE2 belongs to x86-64.
    impl Vector for Sse {
        const ACROSS: usize = 1;
        type Part = Half;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            let v = unsafe { _mm_set1_ps(value) };
            Self(v, v)
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Self(_mm_loadu_ps(from), _mm_loadu_ps(from.add(4))) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm_storeu_ps(to, self.0);
                _mm_storeu_ps(to.add(4), self.1);
            }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            unsafe { Self(_mm_add_ps(self.0, _mm_mul_ps(a.0, b.0)), _mm_add_ps(self.1, _mm_mul_ps(a.1, b.1))) }
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use std::arch::wasm32::*;

    use super::{Part, Vector};

    /// Two registers: a tile of four rows then keeps eight sums, which is what engines hold
    /// without spilling (twelve run at half speed).
    #[derive(Clone, Copy)]
    pub struct Simd128(v128, v128);

    #[derive(Clone, Copy)]
    pub struct Half(v128);

    impl Part for Half {
        const WIDTH: usize = 4;

        #[inline(always)]
        fn zero() -> Self {
            Self(f32x4_splat(0.0))
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by contract four numbers are readable.
            Self(unsafe { v128_load(from.cast()) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by contract four numbers are writable.
            unsafe { v128_store(to.cast(), self.0) }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
        }
    }

    impl Vector for Simd128 {
        const ACROSS: usize = 1;
        type Part = Half;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            let v = f32x4_splat(value);
            Self(v, v)
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: by contract eight numbers are readable.
            unsafe { Self(v128_load(from.cast()), v128_load(from.add(4).cast())) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: by contract eight numbers are writable.
            unsafe {
                v128_store(to.cast(), self.0);
                v128_store(to.add(4).cast(), self.1);
            }
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)), f32x4_add(self.1, f32x4_mul(a.1, b.1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Probe<'a>(&'a [f32], &'a mut Vec<f32>);

    impl Kernel for Probe<'_> {
        fn run<V: Vector>(self) {
            // SAFETY: the source holds eight numbers, the result sixteen.
            unsafe {
                let v = V::load(self.0.as_ptr());
                V::splat(0.5).add_product(v, V::splat(3.0)).store(self.1[..LANES].as_mut_ptr());
                for at in (0..LANES).step_by(V::Part::WIDTH) {
                    let v = V::Part::load(self.0[at..].as_ptr());
                    V::Part::zero().add_product(v, v).store(self.1[LANES + at..].as_mut_ptr());
                }
            }
        }
    }

    #[test]
    fn every_vector_gives_the_bits_of_the_plain_one() {
        let values: Vec<f32> = (0..8).map(|i| 0.1 + 1.7f32.powi(i)).collect();
        let (mut here, mut plain) = (vec![0.0; 16], vec![0.0; 16]);
        dispatch(Probe(&values, &mut here));
        Probe(&values, &mut plain).run::<scalar::Scalar>();
        assert_eq!(here, plain);
        #[cfg(target_arch = "x86_64")]
        {
            let mut sse = vec![0.0; 16];
            Probe(&values, &mut sse).run::<x86::Sse>();
            assert_eq!(sse, plain);
        }
    }
}
