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

#[cfg(test)]
mod tests {
    use super::carve;

    #[test]
    fn pieces_come_in_the_order_asked_for() {
        let mut block = [0.0, 1.0, 2.0, 3.0, 4.0];
        let [a, b, c] = carve(&mut block, [3..5, 0..0, 0..2]);
        assert_eq!((&*a, &*b, &*c), (&[3.0, 4.0][..], &[][..], &[0.0, 1.0][..]));
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlap_is_refused() {
        carve(&mut [0.0; 4], [0..2, 1..3]);
    }
}
