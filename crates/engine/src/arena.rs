//! Several disjoint pieces of one block, borrowed at once.

use std::ops::Range;

/// Borrows each of `ranges` from `block`, mutably and at once. Empty ranges give empty slices.
///
/// # Panics
/// Where two ranges overlap or one lies outside: a plan never asks for that.
pub fn carve<const N: usize>(block: &mut [f32], ranges: [Range<usize>; N]) -> [&mut [f32]; N] {
    let mut order: [usize; N] = std::array::from_fn(|i| i);
    order.sort_unstable_by_key(|&i| ranges[i].start);
    let mut pieces: [&mut [f32]; N] = std::array::from_fn(|_| Default::default());
    let (mut rest, mut passed) = (block, 0);
    for i in order {
        let Range { start, end } = ranges[i].clone();
        if start >= end {
            continue;
        }
        assert!(start >= passed, "ranges {ranges:?} overlap");
        let (_, tail) = rest.split_at_mut(start - passed);
        let (piece, tail) = tail.split_at_mut(end - start);
        pieces[i] = piece;
        (rest, passed) = (tail, end);
    }
    pieces
}

/// One piece of a block, borrowed mutably, and the rest of it beside.
///
/// # Panics
/// Where `range` lies outside.
pub fn lift(block: &mut [f32], range: Range<usize>) -> (&mut [f32], Rest<'_>) {
    let (before, from) = block.split_at_mut(range.start);
    let (piece, after) = from.split_at_mut(range.len());
    (piece, Rest { before, after, end: range.end })
}

/// A block without the piece that was lifted out.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'a> {
    before: &'a [f32],
    after: &'a [f32],
    end: usize,
}

impl<'a> Rest<'a> {
    /// # Panics
    /// Where `range` reaches into the piece or lies outside.
    pub fn get(self, range: Range<usize>) -> &'a [f32] {
        if range.start >= self.end { &self.after[range.start - self.end..range.end - self.end] } else { &self.before[range] }
    }
}

#[cfg(test)]
mod tests {
    use super::{carve, lift};

    #[test]
    fn pieces_come_in_the_order_asked_for() {
        let mut block = [0.0, 1.0, 2.0, 3.0, 4.0];
        let [a, b, c] = carve(&mut block, [3..5, 0..0, 0..2]);
        assert_eq!((&*a, &*b, &*c), (&[3.0, 4.0][..], &[][..], &[0.0, 1.0][..]));
    }

    #[test]
    fn the_rest_stays_readable() {
        let mut block = [0.0, 1.0, 2.0, 3.0, 4.0];
        let (piece, rest) = lift(&mut block, 1..3);
        piece[0] = 9.0;
        assert_eq!((rest.get(0..1), rest.get(3..5), rest.get(4..4)), (&[0.0][..], &[3.0, 4.0][..], &[][..]));
        assert_eq!(block[1], 9.0);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlap_is_refused() {
        carve(&mut [0.0; 4], [0..2, 1..3]);
    }
}
