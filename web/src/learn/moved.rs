//! An image moved by whole pixels.

/// `image` of `side` rows and columns, moved to the right and down; what comes in from outside is `empty`.
pub fn moved(image: &[f32], side: usize, (dx, dy): (usize, usize), empty: f32) -> Vec<f32> {
    let from = |place: usize| {
        let (row, col) = ((place / side).checked_sub(dy)?, (place % side).checked_sub(dx)?);
        image.get(row * side + col).copied()
    };
    (0..side * side).map(|place| from(place).unwrap_or(empty)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_move() {
        assert_eq!(moved(&[1.0, 2.0, 3.0, 4.0], 2, (1, 0), 0.0), [0.0, 1.0, 0.0, 3.0]);
        assert_eq!(moved(&[1.0, 2.0, 3.0, 4.0], 2, (0, 1), 9.0), [9.0, 9.0, 1.0, 2.0]);
        assert_eq!(moved(&[], 1, (0, 0), 7.0), [7.0]);
    }
}
