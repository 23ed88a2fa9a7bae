//! The launches: none, the output is the input.

use super::Flatten;
use crate::{
    backend::gpu::launch::{Launches, Shader, Site},
    ops::Placement,
};

pub const SHADERS: &[&Shader] = &[];

pub fn launches(_op: &Flatten, _at: &Placement, _site: &Site) -> Launches {
    Launches::default()
}
