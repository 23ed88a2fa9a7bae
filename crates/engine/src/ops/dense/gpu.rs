//! The launches.

use super::Dense;
use crate::{
    Pair, Shape,
    backend::gpu::launch::{Launches, Shader, Site},
    ops::{Conv2d, Op, Placement},
};

pub const SHADERS: &[&Shader] = &[];

/// A dense layer is a convolution of 1×1 on images of one pixel.
pub fn launches(op: &Dense, at: &Placement, site: &Site) -> Launches {
    let conv = Conv2d { out_ch: op.out, kernel: Pair::one(), bias: op.bias, ..Conv2d::default() };
    conv.launches(&Placement { input: Shape::new(at.input.len(), 1, 1), output: Shape::new(op.out, 1, 1), ..*at }, site)
}
