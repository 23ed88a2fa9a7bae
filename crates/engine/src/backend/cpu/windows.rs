//! A convolution of few terms and its max pooling of 2×2 in one: the four sums of a window are taken together, eight
//! channels side by side, and only the largest leaves the registers.

#![allow(unsafe_code)] // Bounds are checked once per call.

use super::{
    pools::{store, winner},
    simd::{Kernel, LANES, Vector, dispatch},
};

/// Where windows lie in the source, and where the terms of their sums.
#[derive(Clone, Copy, Debug)]
pub struct Places<'t> {
    /// Of each window its first number's first term.
    pub windows: &'t [u32],
    /// The four from there.
    pub steps: [usize; 4],
    /// The terms from the first.
    pub terms: &'t [u32],
}

/// What happens to a sum.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    /// Of each channel; none is a bias of zero.
    pub bias: &'a [f32],
    /// The sum begins with the bias, which else is added at its end.
    pub bias_first: bool,
    pub relu: bool,
}

/// `to[c][q]` is the largest of `Σ_k source[windows[q] + step + terms[k]] · matrix[k][c]` over the window's four steps,
/// finished, and `winners[c][q]`, unless empty, which of them it is (of equals the first), for `channels` columns of
/// `matrix`, which lies in panels (see [`super::panels`]). Sums are taken in the order of the terms.
pub fn largest(
    matrix: &[f32],
    channels: usize,
    source: &[f32],
    places: Places<'_>,
    finish: Finish<'_>,
    to: &mut [f32],
    winners: &mut [f32],
) {
    let (count, blocks) = (places.windows.len(), channels.div_ceil(LANES));
    if count == 0 || channels == 0 {
        return;
    }
    let furthest = |table: &[u32]| table.iter().copied().max().unwrap_or(0) as usize;
    let step = places.steps.into_iter().max().unwrap_or(0);
    assert!(furthest(places.windows) + step + furthest(places.terms) < source.len(), "a table points past the source");
    assert!(matrix.len() >= blocks * places.terms.len() * LANES && to.len() >= channels * count);
    assert!(winners.is_empty() || winners.len() >= channels * count);
    dispatch(Largest { matrix, channels, source, places, finish, to, winners });
}

struct Largest<'a> {
    matrix: &'a [f32],
    channels: usize,
    source: &'a [f32],
    places: Places<'a>,
    finish: Finish<'a>,
    to: &'a mut [f32],
    winners: &'a mut [f32],
}

impl Kernel for Largest<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let blocks = self.channels.div_ceil(LANES);
        let mut block = 0;
        // Eight sums in registers: four, of two blocks or of two windows, where a vector is one register.
        if V::ACROSS == 2 {
            while block + 2 <= blocks {
                maps::<V, 2, 1>(&mut self, block);
                block += 2;
            }
            if block < blocks {
                maps::<V, 1, 2>(&mut self, block);
            }
        } else {
            while block < blocks {
                maps::<V, 1, 1>(&mut self, block);
                block += 1;
            }
        }
    }
}

/// All windows of `B` neighbouring blocks of channels, `W` windows at a time.
#[inline(always)]
fn maps<V: Vector, const B: usize, const W: usize>(s: &mut Largest<'_>, block: usize) {
    let count = s.places.windows.len();
    let here = count.min(LANES);
    let bias: [V; B] = std::array::from_fn(|b| {
        let eight: [f32; LANES] = std::array::from_fn(|lane| s.finish.bias.get((block + b) * LANES + lane).copied().unwrap_or(0.0));
        // SAFETY: there are eight.
        unsafe { V::load(eight.as_ptr()) }
    });
    for q in (0..count).step_by(LANES) {
        // The last eight overlap those before.
        let q = q.min(count - here);
        let (mut most, mut marks) = ([[V::splat(0.0); LANES]; B], [[V::splat(0.0); LANES]; B]);
        for i in (0..LANES).step_by(W) {
            // SAFETY: `largest` has checked the furthest window, step and term, and the panels.
            let sums = unsafe { sums::<V, B, W>(s, block, std::array::from_fn(|w| (q + i + w).min(count - 1)), &bias) };
            for w in 0..W {
                for b in 0..B {
                    let mut four = sums[w][b];
                    if !s.finish.bias_first {
                        for place in 0..4 {
                            four[place] = four[place].add(bias[b]);
                        }
                    }
                    (most[b][i + w], marks[b][i + w]) = winner(four, s.finish.relu);
                }
            }
        }
        for b in 0..B {
            let first = (block + b) * LANES;
            let there = (s.channels - first).min(LANES);
            let (most, marks) = (V::transpose(most[b]), V::transpose(marks[b]));
            for lane in 0..there {
                store(most[lane], &mut s.to[(first + lane) * count + q..], here);
            }
            if !s.winners.is_empty() {
                for lane in 0..there {
                    store(marks[lane], &mut s.winners[(first + lane) * count + q..], here);
                }
            }
        }
    }
}

/// The sums of the four numbers of each of these windows.
///
/// # Safety
/// The source must hold all terms of all steps of these windows, and the matrix the blocks.
#[inline(always)]
unsafe fn sums<V: Vector, const B: usize, const W: usize>(
    s: &Largest<'_>,
    block: usize,
    windows: [usize; W],
    bias: &[V; B],
) -> [[[V; 4]; B]; W] {
    let (terms, steps) = (s.places.terms, s.places.steps);
    // SAFETY: by contract.
    unsafe {
        let from: [*const f32; W] = std::array::from_fn(|w| s.source.as_ptr().add(*s.places.windows.get_unchecked(windows[w]) as usize));
        let columns: [*const f32; B] = std::array::from_fn(|b| s.matrix.as_ptr().add((block + b) * terms.len() * LANES));
        let mut sums = [[[V::splat(0.0); 4]; B]; W];
        if s.finish.bias_first {
            sums = [std::array::from_fn(|b| [bias[b]; 4]); W];
        }
        for (k, &term) in terms.iter().enumerate() {
            let values: [V; B] = std::array::from_fn(|b| V::load(columns[b].add(k * LANES)));
            for w in 0..W {
                let at = from[w].add(term as usize);
                for place in 0..4 {
                    let number = V::splat(*at.add(steps[place]));
                    for b in 0..B {
                        sums[w][b][place] = sums[w][b][place].add_product(number, values[b]);
                    }
                }
            }
        }
        sums
    }
}
