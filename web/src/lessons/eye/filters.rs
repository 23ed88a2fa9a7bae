//! Cells with a preferred orientation, and bars to show them.

use std::f32::consts::PI;

use engine::{
    LayerSpec, Padding, Pair,
    ops::{Conv2d, Relu},
};

/// Rows and columns of a cell's field.
pub const KERNEL: usize = 9;
/// Orientations of the bank.
pub const ANGLES: usize = 8;
/// Rows and columns of the picture with the bar, and of what the cells give for it.
pub const SCREEN: usize = 21;
pub const OUT: usize = SCREEN - KERNEL + 1;
/// Pixels from one dark stripe of a field to the next.
const WAVE: f32 = 6.0;
/// How far a field reaches: across its stripe, and along it.
const ACROSS: f32 = 2.0;
const ALONG: f32 = 2.6;
/// Half the width and half the length of the bar.
const BAR: (f32, f32) = (1.0, 7.0);

/// Degrees of the cell with this number: 0 lies flat, 90 stands.
pub fn degrees(cell: usize) -> f32 {
    180.0 * (cell % ANGLES) as f32 / ANGLES as f32
}

/// Pixels across and along a line at this angle; `y` counts downwards.
fn turned(x: f32, y: f32, degrees: f32) -> (f32, f32) {
    let (sin, cos) = (degrees * PI / 180.0).sin_cos();
    (x * sin + y * cos, x * cos - y * sin)
}

/// The weights of a cell (Gabor): a stripe that excites between two that inhibit. They add up to 0, and the positive
/// ones to 1.
pub fn gabor(degrees: f32) -> Vec<f32> {
    let half = (KERNEL / 2) as f32;
    let place = |i: usize| turned((i % KERNEL) as f32 - half, (i / KERNEL) as f32 - half, degrees);
    let hill = |i: usize| {
        let (u, v) = place(i);
        (-0.5 * ((u / ACROSS).powi(2) + (v / ALONG).powi(2))).exp()
    };
    let wave = |i: usize| (2.0 * PI * place(i).0 / WAVE).cos();
    let all = 0..KERNEL * KERNEL;
    let mean = all.clone().map(|i| hill(i) * wave(i)).sum::<f32>() / all.clone().map(hill).sum::<f32>();
    let weights: Vec<f32> = all.map(|i| hill(i) * (wave(i) - mean)).collect();
    let excite: f32 = weights.iter().filter(|w| **w > 0.0).sum();
    weights.iter().map(|w| w / excite).collect()
}

pub fn bank() -> Vec<f32> {
    (0..ANGLES).flat_map(|cell| gabor(degrees(cell))).collect()
}

/// A bar at this angle, moved across its own direction.
pub fn bar(degrees: f32, shift: f32) -> Vec<f32> {
    let half = (SCREEN / 2) as f32;
    let ink = |i: usize| {
        let (u, v) = turned((i % SCREEN) as f32 - half, (i / SCREEN) as f32 - half, degrees);
        let inside = |x: f32, reach: f32| (reach + 0.5 - x.abs()).clamp(0.0, 1.0);
        inside(u - shift, BAR.0) * inside(v, BAR.1)
    };
    (0..SCREEN * SCREEN).map(ink).collect()
}

/// So many cells at every place, which fire or do not: there are no negative answers.
pub fn cells(count: usize, pad: usize) -> Vec<LayerSpec> {
    let conv = Conv2d { out_ch: count, kernel: Pair::square(KERNEL), pad: Padding::all(pad), bias: false, ..Conv2d::default() };
    vec![conv.into(), Relu {}.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_silent_on_even_ground() {
        for cell in 0..ANGLES {
            let weights = gabor(degrees(cell));
            assert!(weights.iter().sum::<f32>().abs() < 1e-4);
            assert!((weights.iter().filter(|w| **w > 0.0).sum::<f32>() - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn a_flat_bar_lies_flat() {
        let flat = bar(0.0, 0.0);
        assert_eq!((flat[10 * SCREEN + 4], flat[4 * SCREEN + 10]), (1.0, 0.0));
        let moved = bar(90.0, 3.0);
        assert_eq!((moved[10 * SCREEN + 10], moved[10 * SCREEN + 13]), (0.0, 1.0));
    }
}
