//! How the influence of the pixels on one unit is spread over its field.

use crate::learn::{engine::Answer, grid::Matrix};

use super::stack::SIDE;

/// The part of the influence that counts as nearly all.
pub const NEARLY_ALL: f64 = 0.95;

/// Root of the mean square of the gradients that the engine has measured, for each pixel; empty before it has.
pub fn measured(answer: &Answer) -> Vec<f32> {
    let fields: Vec<&[f32]> = answer.told.given.iter().filter_map(|g| answer.numbers.get(g.range.clone())).collect();
    if fields.is_empty() {
        return Vec::new();
    }
    let square = |pixel: usize| fields.iter().map(|f| f.get(pixel).map_or(0.0, |v| v * v)).sum::<f32>();
    (0..SIDE * SIDE).map(|pixel| (square(pixel) / fields.len() as f32).sqrt()).collect()
}

pub fn matrix(field: &[f32]) -> Matrix {
    Matrix::new(SIDE, SIDE, field.to_vec())
}

pub fn largest(field: &[f32]) -> f32 {
    field.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(*v))
}

/// The influence within a square, as a share of all. Nothing where there is none.
pub fn within(field: &[f32], (top, left): (usize, usize), side: usize) -> Option<f64> {
    let all: f64 = field.iter().map(|v| f64::from(*v)).sum();
    let row = |row: usize| field.get(row * SIDE + left..(row * SIDE + left + side).min((row + 1) * SIDE)).unwrap_or_default();
    let part: f64 = (top..(top + side).min(SIDE)).flat_map(row).map(|v| f64::from(*v)).sum();
    (all > 0.0).then(|| part / all)
}

/// Side of the inner half of a field with an odd side: the next odd number.
pub const fn inner(side: usize) -> usize {
    (side / 2) | 1
}

/// A square with this odd side in the middle of another.
pub const fn centred((top, left): (usize, usize), outer: usize, side: usize) -> (usize, usize) {
    (top + (outer - side) / 2, left + (outer - side) / 2)
}

/// Side of the least centred square with nearly all of the influence.
pub fn core(field: &[f32], place: (usize, usize), outer: usize) -> Option<usize> {
    let enough = |side: &usize| within(field, centred(place, outer, *side), *side).is_some_and(|share| share >= NEARLY_ALL);
    (1..=outer).step_by(2).find(enough)
}

/// What each column adds up to, as a share of the largest.
pub fn profile(field: &[f32]) -> Vec<f32> {
    let sum = |col: usize| (0..SIDE).map(|row| field.get(row * SIDE + col).copied().unwrap_or(0.0)).sum::<f32>();
    let sums: Vec<f32> = (0..SIDE).map(sum).collect();
    let most = largest(&sums).max(f32::MIN_POSITIVE);
    sums.iter().map(|s| s / most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_field_has_its_area_in_the_middle() {
        let field: Vec<f32> =
            (0..SIDE * SIDE).map(|i| f32::from(u8::from((5..12).contains(&(i / SIDE)) && (5..12).contains(&(i % SIDE))))).collect();
        assert_eq!(inner(7), 3);
        let share = within(&field, centred((5, 5), 7, 3), 3).unwrap();
        assert!((share - 9.0 / 49.0).abs() < 1e-9);
        assert_eq!((core(&field, (5, 5), 7), within(&field, (5, 5), 7)), (Some(7), Some(1.0)));
        assert_eq!(profile(&field)[4..13], [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn nothing_has_no_shares() {
        assert_eq!((within(&[], (0, 0), 3), core(&[0.0; SIDE * SIDE], (0, 0), 7)), (None, None));
        assert_eq!((measured(&Answer::default()), inner(9), inner(19), inner(3)), (Vec::new(), 5, 9, 1));
    }
}
