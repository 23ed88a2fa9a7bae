//! Augmentation: each image of a training batch is turned, scaled and shifted by random amounts.
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
//!
//! # Random numbers
//! Four for each image: number `step · batch + place` of a stream each for dx, dy, angle and factor.
//! What an image gets depends on nothing that ran before.
//!
//! The card does the same in `backend/gpu/gather/augment.wgsl`. Its random numbers are these bit for
//! bit; sine and cosine are the same polynomials, so that results differ by rounding alone.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{
    Shape, StepInputs,
    rng::{self, Stream},
};

/// Pixels.
pub const SHIFTS: RangeInclusive<f32> = 0.0..=8.0;
/// Degrees: so far the polynomials of [`Affine::new`] reach.
pub const ROTATIONS: RangeInclusive<f32> = 0.0..=45.0;
/// Beyond, an image might shrink to less than half.
pub const SCALES: RangeInclusive<f32> = 0.0..=0.5;

/// How far images are moved at most; all zero, they are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Pixels, to either side and up or down (`translate`). In [`SHIFTS`].
    pub shift: f32,
    /// Degrees, either way (`degrees`). In [`ROTATIONS`].
    pub rotate: f32,
    /// The factor lies between 1 − this and 1 + this (`scale`). In [`SCALES`].
    pub scale: f32,
}

impl Augment {
    pub fn is_nothing(&self) -> bool {
        self.shift == 0.0 && self.rotate == 0.0 && self.scale == 0.0
    }

    /// Streams of dx, dy, angle and factor.
    pub const STREAMS: [Stream; 4] = [Stream::AUGMENT, Stream::AUGMENT.part(1), Stream::AUGMENT.part(2), Stream::AUGMENT.part(3)];

    /// Most of dx, dy (pixels), angle (radians) and factor − 1.
    pub fn reach(&self) -> [f32; 4] {
        [self.shift, self.shift, self.rotate.to_radians(), self.scale]
    }

    /// How the image at `place` of the batch is moved in this step.
    pub fn draw(&self, now: &StepInputs, batch: usize, place: usize) -> Affine {
        let number = now.step.wrapping_mul(batch as u32).wrapping_add(place as u32);
        let [dx, dy, angle, more] =
            std::array::from_fn(|i| self.reach()[i] * (2.0 * rng::uniform(now.seed, Self::STREAMS[i], number) - 1.0));
        Affine::new(dx, dy, angle, 1.0 + more)
    }

    /// The image at `place` of the batch: `grey`, 0 to 255, as 0 to 1, moved. Both hold `shape`.
    pub fn image(&self, now: &StepInputs, batch: usize, place: usize, grey: &[u8], shape: Shape, image: &mut [f32]) {
        if self.is_nothing() {
            for (x, grey) in image.iter_mut().zip(grey) {
                *x = f32::from(*grey) / 255.0;
            }
        } else {
            self.draw(now, batch, place).image(grey, shape, image);
        }
    }
}

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
    /// `angle` in radians, at most 45° either way. Taylor's polynomials for sine and cosine, which
    /// there are off by 4 · 10⁻⁷ at most: the sine of a card is its own.
    pub fn new(dx: f32, dy: f32, angle: f32, factor: f32) -> Self {
        let square = angle * angle;
        let sin = angle * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
        let cos = 1.0 - square * (1.0 / 2.0 - square * (1.0 / 24.0 - square * (1.0 / 720.0 - square * (1.0 / 40320.0))));
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

/// The grey at (x, y) = (column, row), between the four pixels around it, which count the more the
/// nearer they are; 0 outside.
fn between(grey: &[u8], shape: Shape, x: f32, y: f32) -> f32 {
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
