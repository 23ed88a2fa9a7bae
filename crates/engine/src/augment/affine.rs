//! Shift, rotation and scale: one map.
//!
//! # Formula
//! As `torchvision.transforms.RandomAffine` with bilinear interpolation: the image is turned about its
//! centre (clockwise where the angle is positive), made larger by the factor, then shifted to the right
//! by dx and downwards by dy. So the pixel at p, counted from the centre, shows what lies at
//!
//! ```text
//! R(−angle) · (p − shift) / factor,    R(−angle) = (cos  sin; −sin  cos) of the angle
//! ```
//!
//! in the source, between four of its pixels; outside, the source is 0. Unlike PyTorch's, shifts are
//! not rounded to whole pixels and are given in pixels, not as a share of the side.

use super::Augmentation;
use crate::{Setting, Shape};

pub const SHIFT: Augmentation = Augmentation {
    name: "shift",
    title: "Shift",
    about: "Moved by up to so many pixels, across and down.",
    settings: &[Setting::number("shift", "Shift, px", 0.0, *super::SHIFTS.end())],
    strength: |a| &mut a.shift,
    strongest: Some(6.0),
};

pub const ROTATE: Augmentation = Augmentation {
    name: "rotate",
    title: "Rotate",
    about: "Turned about its centre by up to so many degrees, either way.",
    settings: &[Setting::number("rotate", "Rotate, °", 0.0, *super::ROTATIONS.end())],
    strength: |a| &mut a.rotate,
    strongest: Some(30.0),
};

pub const SCALE: Augmentation = Augmentation {
    name: "scale",
    title: "Scale",
    about: "Made larger or smaller by up to this share.",
    settings: &[Setting::number("scale", "Scale", 0.0, *super::SCALES.end())],
    strength: |a| &mut a.scale,
    strongest: Some(0.3),
};

/// Where the pixels of a moved image come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Pixels to the right.
    pub dx: f32,
    /// Pixels downwards.
    pub dy: f32,
    /// Cosine and sine of the angle, over the factor.
    pub cos: f32,
    pub sin: f32,
}

impl Affine {
    /// `angle` in radians, at most 45° either way.
    pub fn new(dx: f32, dy: f32, angle: f32, factor: f32) -> Self {
        let [cos, sin] = direction(angle);
        Self { dx, dy, cos: cos / factor, sin: sin / factor }
    }

    /// `grey`, 0 to 255, as 0 to 1, moved; every channel alike. Both hold `shape`.
    pub fn image(&self, grey: &[u8], shape: Shape, image: &mut [f32]) {
        let [middle_x, middle_y] = [shape.w, shape.h].map(|side| 0.5 * (side as f32 - 1.0));
        for (grey, image) in grey.chunks_exact(shape.plane()).zip(image.chunks_exact_mut(shape.plane())) {
            for (row, line) in image.chunks_exact_mut(shape.w).enumerate() {
                let y = row as f32 - middle_y - self.dy;
                for (column, pixel) in line.iter_mut().enumerate() {
                    let x = column as f32 - middle_x - self.dx;
                    let (from_x, from_y) = (self.cos * x + self.sin * y, self.cos * y - self.sin * x);
                    *pixel = between(grey, shape, from_x + middle_x, from_y + middle_y) / 255.0;
                }
            }
        }
    }
}

/// Cosine and sine of an angle of at most 45° either way. Taylor's polynomials, which there are off by
/// 4 · 10⁻⁷ at most: the sine of a card is its own.
pub(super) fn direction(angle: f32) -> [f32; 2] {
    let square = angle * angle;
    let sin = angle * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
    let cos = 1.0 - square * (1.0 / 2.0 - square * (1.0 / 24.0 - square * (1.0 / 720.0 - square * (1.0 / 40320.0))));
    [cos, sin]
}

/// The grey at (x, y) = (column, row), between the four pixels around it, which count the more the
/// nearer they are; 0 outside.
pub(super) fn between(grey: &[u8], shape: Shape, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (to_right, down) = (x - left, y - top);
    let (left, top) = (left as i32, top as i32);
    let at = |column: i32, row: i32| {
        let inside = column >= 0 && (column as usize) < shape.w && row >= 0 && (row as usize) < shape.h;
        if inside { f32::from(grey[row as usize * shape.w + column as usize]) } else { 0.0 }
    };
    let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
    let upper = mix(at(left, top), at(left + 1, top), to_right);
    let lower = mix(at(left, top + 1), at(left + 1, top + 1), to_right);
    mix(upper, lower, down)
}
