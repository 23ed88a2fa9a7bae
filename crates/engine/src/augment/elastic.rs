//! Elastic bending, as if the image were drawn on rubber.
//!
//! # Formula
//! After Ronneberger et al., *U-Net* (2015), with splines in place of their interpolation: a grid of knots lies over the
//! image, `cells` cells along a side and one row of knots beyond each border. Each knot is moved by up to the strength
//! in x and in y. The displacement at a place is that of its 4 × 4 nearest knots, weighted by cubic B-splines,
//! which sum to 1 and bend without corners:
//!
//! ```text
//! d(q) = strength · Σᵢⱼ Bᵢ(u) Bⱼ(v) dᵢⱼ,    dᵢⱼ uniform in −1 to 1
//! ```

use super::{Augmentation, draw::Dice, draw::part};
use crate::Setting;

/// Most cells along a side.
pub const CELLS: usize = 8;
const KNOTS: usize = CELLS + 3;

pub const ELASTIC: Augmentation = Augmentation {
    name: "elastic",
    title: "Elastic",
    about: "Bent as if it were drawn on rubber: the knots of a grid are pulled by up to so many pixels, the rest follows smoothly.",
    settings: &[Setting::number("elastic", "Elastic, px", 0.0, 8.0), Setting::count("elastic_cells", "Elastic, cells", 1, CELLS as u32)],
    strength: |a| &mut a.elastic,
    strongest: Some(4.0),
};

/// The displacements of the knots of one image's grid, before the strength.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    cells: usize,
    knots: [[f32; 2]; KNOTS * KNOTS],
}

impl Grid {
    pub fn new(dice: &Dice, cells: u32) -> Self {
        let cells = (cells as usize).clamp(1, CELLS);
        let mut knots = [[0.0; 2]; KNOTS * KNOTS];
        for (i, knot) in knots.iter_mut().take((cells + 3) * (cells + 3)).enumerate() {
            *knot = [0, 1].map(|axis| 2.0 * dice.field(part::ELASTIC, 256, 2 * i as u32 + axis) - 1.0);
        }
        Self { cells, knots }
    }

    /// The displacement at a place of the image, (0, 0) its first pixel and (1, 1) its last.
    pub fn at(&self, place: [f32; 2]) -> [f32; 2] {
        let [(column, across), (row, down)] = place.map(|share| self.weights(share));
        let mut sum = [0.0; 2];
        for (i, v) in down.into_iter().enumerate() {
            for (j, u) in across.into_iter().enumerate() {
                let [x, y] = self.knots[(row + i) * (self.cells + 3) + column + j];
                sum = [sum[0] + u * v * x, sum[1] + u * v * y];
            }
        }
        sum
    }

    /// The cell, and the weights of the four knots around it.
    fn weights(&self, share: f32) -> (usize, [f32; 4]) {
        let place = share.clamp(0.0, 1.0) * self.cells as f32;
        let cell = (place as usize).min(self.cells - 1);
        let f = place - cell as f32;
        let (g, f2, f3) = (1.0 - f, f * f, f * f * f);
        (cell, [g * g * g / 6.0, (3.0 * f3 - 6.0 * f2 + 4.0) / 6.0, (-3.0 * f3 + 3.0 * f2 + 3.0 * f + 1.0) / 6.0, f3 / 6.0])
    }
}
