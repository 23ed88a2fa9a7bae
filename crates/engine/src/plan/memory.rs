//! Places in memory, so that buffers whose lives do not meet share one.

use std::ops::Range;

/// Every tensor starts on this boundary, in numbers (256 bytes, what WebGPU wants).
const ALIGN: usize = 64;

pub fn aligned(len: usize) -> usize {
    len.saturating_add(ALIGN - 1) / ALIGN * ALIGN
}

/// A buffer that must not be shared from step `first` to step `last`, both included.
#[derive(Clone, Copy)]
pub struct Lifetime {
    pub len: usize,
    pub first: usize,
    pub last: usize,
}

/// First fit: each buffer at the lowest place that no buffer alive at the same time covers.
/// Returns the places and the size of the whole.
pub fn lay_out(lives: &[Lifetime]) -> (Vec<Range<usize>>, usize) {
    let mut places: Vec<Range<usize>> = Vec::with_capacity(lives.len());
    for (i, life) in lives.iter().enumerate() {
        let mut taken: Vec<Range<usize>> =
            (0..i).filter(|&j| lives[j].first <= life.last && life.first <= lives[j].last).map(|j| places[j].clone()).collect();
        crate::order::sort_by_key(&mut taken, |r| r.start);
        let mut start = 0;
        for r in taken {
            if r.start >= start && r.start - start >= life.len {
                break;
            }
            start = start.max(r.end);
        }
        places.push(start..start.saturating_add(life.len));
    }
    let size = places.iter().map(|r| r.end).max().unwrap_or(0);
    (places, size)
}

/// Numbers for buffers so that those alive at the same time have different ones.
pub fn share(lives: &[Lifetime]) -> Vec<usize> {
    let mut numbers: Vec<usize> = Vec::with_capacity(lives.len());
    for (i, life) in lives.iter().enumerate() {
        let clash = |number: usize| (0..i).any(|j| numbers[j] == number && lives[j].first <= life.last && life.first <= lives[j].last);
        let free = (0..).find(|&number| !clash(number)).unwrap_or(i);
        numbers.push(free);
    }
    numbers
}
