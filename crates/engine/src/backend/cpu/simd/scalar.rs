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
    fn split(self, next: Self) -> (Self, Self) {
        let at = |i: usize| if i < LANES { self.0[i] } else { next.0[i - LANES] };
        (Self(std::array::from_fn(|i| at(2 * i))), Self(std::array::from_fn(|i| at(2 * i + 1))))
    }

    #[inline(always)]
    fn join(self, odd: Self) -> (Self, Self) {
        let at = |i: usize| if i.is_multiple_of(2) { self.0[i / 2] } else { odd.0[i / 2] };
        (Self(std::array::from_fn(at)), Self(std::array::from_fn(|i| at(i + LANES))))
    }

    #[inline(always)]
    fn larger(a: (Self, Self), b: (Self, Self)) -> (Self, Self) {
        let choose = |i: usize| if b.0.0[i] > a.0.0[i] { (b.0.0[i], b.1.0[i]) } else { (a.0.0[i], a.1.0[i]) };
        (Self(std::array::from_fn(|i| choose(i).0)), Self(std::array::from_fn(|i| choose(i).1)))
    }

    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|i| if a.0[i] == b.0[i] { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        std::array::from_fn(|i| Self(std::array::from_fn(|j| rows[j].0[i])))
    }
}
