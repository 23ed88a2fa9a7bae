//! Registers of WebAssembly. With the feature `relaxed` they multiply and add in one instruction of relaxed SIMD, which
//! the browser must know: a module that holds it is refused as a whole by one that does not. It rounds once where the
//! processor does, else twice.

#![allow(unsafe_code)]

use std::arch::wasm32::*;

use super::{LANES, Part, Vector};

/// Two registers: a tile of four rows then keeps eight sums, which is what engines hold
/// without spilling (twelve run at half speed).
#[derive(Clone, Copy)]
pub struct Simd128(v128, v128);

#[derive(Clone, Copy)]
pub struct Half(v128);

/// `sum + a · b`.
#[inline(always)]
fn add_product(sum: v128, a: v128, b: v128) -> v128 {
    #[cfg(feature = "relaxed")]
    return f32x4_relaxed_madd(a, b, sum);
    #[cfg(not(feature = "relaxed"))]
    f32x4_add(sum, f32x4_mul(a, b))
}

/// Whether a relaxed product is rounded once here: the square of 1 + 2⁻¹² ends in 2⁻²⁴, which a rounding of its own takes away.
#[cfg(feature = "relaxed")]
#[target_feature(enable = "relaxed-simd")]
pub fn rounds_once() -> bool {
    let near_one = f32x4_splat(1.0 + (-12f32).exp2());
    let square = f32x4_mul(near_one, near_one);
    f32x4_extract_lane::<0>(f32x4_relaxed_madd(near_one, near_one, f32x4_neg(square))) != 0.0
}

impl Part for Half {
    const WIDTH: usize = 4;

    #[inline(always)]
    fn zero() -> Self {
        Self(f32x4_splat(0.0))
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
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
        Self(add_product(self.0, a.0, b.0))
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
        Self(add_product(self.0, a.0, b.0), add_product(self.1, a.1, b.1))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0), f32x4_add(self.1, other.1))
    }

    #[inline(always)]
    fn through(self, output: Self) -> Self {
        let zero = f32x4_splat(0.0);
        Self(v128_andnot(self.0, f32x4_le(output.0, zero)), v128_andnot(self.1, f32x4_le(output.1, zero)))
    }

    #[inline(always)]
    fn split(self, next: Self) -> (Self, Self) {
        (
            Self(i32x4_shuffle::<0, 2, 4, 6>(self.0, self.1), i32x4_shuffle::<0, 2, 4, 6>(next.0, next.1)),
            Self(i32x4_shuffle::<1, 3, 5, 7>(self.0, self.1), i32x4_shuffle::<1, 3, 5, 7>(next.0, next.1)),
        )
    }

    #[inline(always)]
    fn join(self, odd: Self) -> (Self, Self) {
        (
            Self(i32x4_shuffle::<0, 4, 1, 5>(self.0, odd.0), i32x4_shuffle::<2, 6, 3, 7>(self.0, odd.0)),
            Self(i32x4_shuffle::<0, 4, 1, 5>(self.1, odd.1), i32x4_shuffle::<2, 6, 3, 7>(self.1, odd.1)),
        )
    }

    #[inline(always)]
    fn larger(a: (Self, Self), b: (Self, Self)) -> (Self, Self) {
        let masks = (f32x4_gt(b.0.0, a.0.0), f32x4_gt(b.0.1, a.0.1));
        (
            Self(v128_bitselect(b.0.0, a.0.0, masks.0), v128_bitselect(b.0.1, a.0.1, masks.1)),
            Self(v128_bitselect(b.1.0, a.1.0, masks.0), v128_bitselect(b.1.1, a.1.1, masks.1)),
        )
    }

    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        Self(v128_and(f32x4_eq(a.0, b.0), self.0), v128_and(f32x4_eq(a.1, b.1), self.1))
    }

    #[inline(always)]
    fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        transpose_halves!(rows, transpose_four, Self)
    }
}

#[inline(always)]
fn transpose_four(r: [v128; 4]) -> [v128; 4] {
    let (a, b) = (i32x4_shuffle::<0, 4, 1, 5>(r[0], r[1]), i32x4_shuffle::<2, 6, 3, 7>(r[0], r[1]));
    let (c, d) = (i32x4_shuffle::<0, 4, 1, 5>(r[2], r[3]), i32x4_shuffle::<2, 6, 3, 7>(r[2], r[3]));
    [
        i32x4_shuffle::<0, 1, 4, 5>(a, c),
        i32x4_shuffle::<2, 3, 6, 7>(a, c),
        i32x4_shuffle::<0, 1, 4, 5>(b, d),
        i32x4_shuffle::<2, 3, 6, 7>(b, d),
    ]
}
