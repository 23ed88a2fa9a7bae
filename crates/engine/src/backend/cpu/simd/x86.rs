//! Registers of x86-64.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{LANES, Part, Vector};

#[derive(Clone, Copy)]
pub struct Avx(__m256);

// SAFETY of every block below: `dispatch` uses this type only where the processor has AVX2 and fused multiply-add.
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
        Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn through(self, output: Self) -> Self {
        unsafe { Self(_mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(output.0, _mm256_setzero_ps()), self.0)) }
    }

    #[inline(always)]
    fn split(self, next: Self) -> (Self, Self) {
        // Each half of a register for itself, then the quarters in order.
        unsafe {
            let even = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(self.0, next.0));
            let odd = _mm256_castps_pd(_mm256_shuffle_ps::<0xdd>(self.0, next.0));
            (Self(_mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(even))), Self(_mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(odd))))
        }
    }

    #[inline(always)]
    fn join(self, odd: Self) -> (Self, Self) {
        unsafe {
            let (low, high) = (_mm256_unpacklo_ps(self.0, odd.0), _mm256_unpackhi_ps(self.0, odd.0));
            (Self(_mm256_permute2f128_ps::<0x20>(low, high)), Self(_mm256_permute2f128_ps::<0x31>(low, high)))
        }
    }

    #[inline(always)]
    fn larger(a: (Self, Self), b: (Self, Self)) -> (Self, Self) {
        unsafe {
            let mask = _mm256_cmp_ps::<_CMP_GT_OQ>(b.0.0, a.0.0);
            // Of equals, and where one is no number, the maximum is its second operand.
            (Self(_mm256_max_ps(b.0.0, a.0.0)), Self(_mm256_blendv_ps(a.1.0, b.1.0, mask)))
        }
    }

    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        unsafe { Self(_mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(a.0, b.0), self.0)) }
    }

    #[inline(always)]
    fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        // Straight code: a closure that is not inlined would not know of AVX2.
        let r = rows;
        unsafe {
            let (a, b) = (_mm256_unpacklo_ps(r[0].0, r[1].0), _mm256_unpackhi_ps(r[0].0, r[1].0));
            let (c, d) = (_mm256_unpacklo_ps(r[2].0, r[3].0), _mm256_unpackhi_ps(r[2].0, r[3].0));
            let (e, f) = (_mm256_unpacklo_ps(r[4].0, r[5].0), _mm256_unpackhi_ps(r[4].0, r[5].0));
            let (g, h) = (_mm256_unpacklo_ps(r[6].0, r[7].0), _mm256_unpackhi_ps(r[6].0, r[7].0));
            let (ac, bd) = (_mm256_shuffle_ps::<0x44>(a, c), _mm256_shuffle_ps::<0x44>(b, d));
            let (eg, fh) = (_mm256_shuffle_ps::<0x44>(e, g), _mm256_shuffle_ps::<0x44>(f, h));
            let (ca, db) = (_mm256_shuffle_ps::<0xee>(a, c), _mm256_shuffle_ps::<0xee>(b, d));
            let (ge, hf) = (_mm256_shuffle_ps::<0xee>(e, g), _mm256_shuffle_ps::<0xee>(f, h));
            [
                Self(_mm256_permute2f128_ps::<0x20>(ac, eg)),
                Self(_mm256_permute2f128_ps::<0x20>(ca, ge)),
                Self(_mm256_permute2f128_ps::<0x20>(bd, fh)),
                Self(_mm256_permute2f128_ps::<0x20>(db, hf)),
                Self(_mm256_permute2f128_ps::<0x31>(ac, eg)),
                Self(_mm256_permute2f128_ps::<0x31>(ca, ge)),
                Self(_mm256_permute2f128_ps::<0x31>(bd, fh)),
                Self(_mm256_permute2f128_ps::<0x31>(db, hf)),
            ]
        }
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
    fn splat(value: f32) -> Self {
        Self(unsafe { _mm_set1_ps(value) })
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

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Self(_mm_add_ps(self.0, other.0), _mm_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn through(self, output: Self) -> Self {
        unsafe {
            let zero = _mm_setzero_ps();
            Self(_mm_andnot_ps(_mm_cmple_ps(output.0, zero), self.0), _mm_andnot_ps(_mm_cmple_ps(output.1, zero), self.1))
        }
    }

    #[inline(always)]
    fn split(self, next: Self) -> (Self, Self) {
        unsafe {
            (
                Self(_mm_shuffle_ps::<0x88>(self.0, self.1), _mm_shuffle_ps::<0x88>(next.0, next.1)),
                Self(_mm_shuffle_ps::<0xdd>(self.0, self.1), _mm_shuffle_ps::<0xdd>(next.0, next.1)),
            )
        }
    }

    #[inline(always)]
    fn join(self, odd: Self) -> (Self, Self) {
        unsafe {
            (
                Self(_mm_unpacklo_ps(self.0, odd.0), _mm_unpackhi_ps(self.0, odd.0)),
                Self(_mm_unpacklo_ps(self.1, odd.1), _mm_unpackhi_ps(self.1, odd.1)),
            )
        }
    }

    #[inline(always)]
    fn larger(a: (Self, Self), b: (Self, Self)) -> (Self, Self) {
        unsafe {
            let masks = (_mm_cmpgt_ps(b.0.0, a.0.0), _mm_cmpgt_ps(b.0.1, a.0.1));
            (
                Self(choose(masks.0, b.0.0, a.0.0), choose(masks.1, b.0.1, a.0.1)),
                Self(choose(masks.0, b.1.0, a.1.0), choose(masks.1, b.1.1, a.1.1)),
            )
        }
    }

    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        unsafe { Self(_mm_and_ps(_mm_cmpeq_ps(a.0, b.0), self.0), _mm_and_ps(_mm_cmpeq_ps(a.1, b.1), self.1)) }
    }

    #[inline(always)]
    fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        transpose_halves!(rows, transpose_four, Self)
    }
}

#[inline(always)]
fn transpose_four(r: [__m128; 4]) -> [__m128; 4] {
    // SAFETY: SSE belongs to x86-64.
    unsafe {
        let (a, b) = (_mm_unpacklo_ps(r[0], r[1]), _mm_unpackhi_ps(r[0], r[1]));
        let (c, d) = (_mm_unpacklo_ps(r[2], r[3]), _mm_unpackhi_ps(r[2], r[3]));
        [_mm_movelh_ps(a, c), _mm_movehl_ps(c, a), _mm_movelh_ps(b, d), _mm_movehl_ps(d, b)]
    }
}

/// `yes` where the mask is set, else `no`.
#[inline(always)]
fn choose(mask: __m128, yes: __m128, no: __m128) -> __m128 {
    // SAFETY: SSE belongs to x86-64.
    unsafe { _mm_or_ps(_mm_and_ps(mask, yes), _mm_andnot_ps(mask, no)) }
}
