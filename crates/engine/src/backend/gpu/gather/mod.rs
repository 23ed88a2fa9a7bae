//! A batch, put together on the card from the set's bytes.

use super::launch::{Launch, Shader, Slot, spread};

static GATHER: Shader = Shader { name: "gather/gather", source: include_str!("gather.wgsl") };

pub const SHADERS: &[&Shader] = &[&GATHER];

/// Puts together `batch` examples of `pixels` numbers each: those at the places `first..first + count`
/// of the order (or, not `shuffled`, of the set itself), black with class 0 beyond. Reads the order
/// only where it is `shuffled`; something must be bound all the same.
pub fn launch(pixels: usize, batch: usize, shuffled: bool) -> Launch {
    let len = batch * pixels;
    Launch {
        shader: &GATHER,
        reads: &[Slot::Pixels, Slot::Classes, Slot::Order],
        writes: &[Slot::Input, Slot::Labels],
        dims: vec![("len", len.into()), ("pixels", pixels.into()), ("shuffled", shuffled.into())],
        groups: spread(len, 64),
    }
}
