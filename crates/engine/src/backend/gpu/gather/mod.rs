//! A batch, put together on the card from the set's bytes.

use super::launch::{Launch, Shader, Slot, spread};
use crate::{Augment, Shape};

static GATHER: Shader = Shader { name: "gather/gather", source: include_str!("gather.wgsl") };
static AUGMENT: Shader = Shader { name: "gather/augment", source: include_str!("augment.wgsl") };

pub const SHADERS: &[&Shader] = &[&GATHER, &AUGMENT];

/// Puts together `batch` images of `shape`: those at the places `first..first + count` of the order
/// (or, not `shuffled`, of the set itself), moved as `augment` says, black with class 0 beyond. Reads
/// the order only where it is `shuffled`; something must be bound all the same.
pub fn launch(shape: Shape, batch: usize, shuffled: bool, augment: &Augment) -> Launch {
    let len = batch * shape.len();
    let (shader, dims) = if augment.is_nothing() {
        (&GATHER, vec![("len", len.into()), ("pixels", shape.len().into()), ("shuffled", shuffled.into())])
    } else {
        let [dx, dy, angle, factor] = Augment::STREAMS.map(|stream| stream.0.into());
        let [shift, _, rotate, scale] = augment.reach().map(Into::into);
        let dims = vec![
            ("len", len.into()),
            ("batch", batch.into()),
            ("columns", shape.w.into()),
            ("rows", shape.h.into()),
            ("channels", shape.ch.into()),
            ("shuffled", shuffled.into()),
            ("dx_stream", dx),
            ("dy_stream", dy),
            ("angle_stream", angle),
            ("factor_stream", factor),
            ("shift", shift),
            ("rotate", rotate),
            ("scale", scale),
        ];
        (&AUGMENT, dims)
    };
    Launch {
        shader,
        reads: &[Slot::Pixels, Slot::Classes, Slot::Order],
        writes: &[Slot::Input, Slot::Labels],
        dims,
        groups: spread(len, 64),
    }
}
