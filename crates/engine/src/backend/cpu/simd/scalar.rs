//! The portable vector: plain arrays. Tests hold the others against it.

#![allow(unsafe_code)]

use super::{LANES, Part, Vector};

/// `FUSED` is for tests, which hold fused multiply-add against it.
#[derive(Clone, Copy)]
pub struct Scalar<const FUSED: bool>([f32; LANES]);

whole!(Scalar<false>);
#[cfg(test)]
whole!(Scalar<true>);

impl<const FUSED: bool> Vector for Scalar<FUSED>
where
    Self: Part,
{
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
        Self(std::array::from_fn(|i| if FUSED { a.0[i].mul_add(b.0[i], self.0[i]) } else { self.0[i] + a.0[i] * b.0[i] }))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    fn through(self, output: Self) -> Self {
        Self(std::array::from_fn(|i| if output.0[i] <= 0.0 { 0.0 } else { self.0[i] }))
    }

    #[inline(always)]
    fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        std::array::from_fn(|i| Self(std::array::from_fn(|j| rows[j].0[i])))
    }
}
