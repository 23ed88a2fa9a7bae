//! A batch, put together on the card from the set's bytes.

use super::launch::{Launch, Shader, Slot, spread};
use crate::{
    Augment, Shape,
    augment::{
        launches::{self, Batch},
        part,
    },
    rng::Stream,
};

static GATHER: Shader = Shader { name: "gather/gather", source: include_str!("gather.wgsl") };
static AUGMENT: Shader = Shader { name: "gather/augment", source: include_str!("augment.wgsl") };

pub const SHADERS: &[&Shader] = &[
    &GATHER,
    &AUGMENT,
    &launches::DRAW,
    &launches::WARP,
    &launches::BLUR,
    &launches::BRIGHTNESS,
    &launches::CONTRAST,
    &launches::NOISE,
    &launches::PATCHES,
    &launches::MIX,
];

/// What puts together `batch` images of `shape`: those at the places `first..first + count` of the order
/// (or, not `shuffled`, of the set itself), changed as `augment` says, black with class 0 beyond. Reads
/// the order only where it is `shuffled`; something must be bound all the same. `classes` is the length
/// of a target, where images are mixed.
pub fn launches(shape: Shape, batch: usize, shuffled: bool, augment: &Augment, classes: usize) -> Vec<Launch> {
    if augment.is_affine() {
        return vec![launch(shape, batch, shuffled, augment)];
    }
    launches::all(augment, &Batch { shape, batch, shuffled, classes })
}

fn launch(shape: Shape, batch: usize, shuffled: bool, augment: &Augment) -> Launch {
    let len = batch * shape.len();
    let (shader, dims) = if augment.is_nothing() {
        (&GATHER, vec![("len", len.into()), ("pixels", shape.len().into()), ("shuffled", shuffled.into())])
    } else {
        let [dx, dy, angle, factor] = [part::DX, part::DY, part::ANGLE, part::FACTOR].map(|p| Stream::AUGMENT.part(p).0.into());
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
            ("shift", augment.shift.into()),
            ("rotate", augment.rotate.to_radians().into()),
            ("scale", augment.scale.into()),
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
