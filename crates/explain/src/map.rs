//! What is laid over an image.

use engine::Pair;

/// Numbers over rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub h: usize,
    pub w: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

/// A patch of one grey that is moved over an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occluder {
    /// Rows and columns.
    pub size: Pair,
    pub stride: Pair,
    /// What pixels under it become.
    pub grey: f32,
}

impl Default for Occluder {
    fn default() -> Self {
        Self { size: Pair::square(4), stride: Pair::square(2), grey: 0.0 }
    }
}
