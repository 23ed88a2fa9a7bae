//! The launches: `forward` and `finish`; then `d_weight` and, for the gradient of the input, `d_input`.
//!
//! Working space: the parts of forward's sums.

use super::Dense;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::{Activation, Placement},
};

static FORWARD: Shader = Shader { name: "dense/forward", source: include_str!("forward.wgsl") };
static FINISH: Shader = Shader { name: "dense/finish", source: include_str!("finish.wgsl") };
static D_WEIGHT: Shader = Shader { name: "dense/d_weight", source: include_str!("d_weight.wgsl") };
static D_INPUT: Shader = Shader { name: "dense/d_input", source: include_str!("d_input.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &FINISH, &D_WEIGHT, &D_INPUT];

/// Rows and columns of an invocation's tile, and terms of one turn.
const SIDE: usize = 4;
/// Invocations of a workgroup.
const SIZE: usize = 64;
/// Invocations that keep a large card busy.
const ENOUGH: usize = 8192;

/// Invocations that share a tile of forward: as many as a large card wants, yet each with four turns at least.
fn parts(tiles: usize, wide: usize) -> usize {
    (ENOUGH / tiles).min(wide / (4 * SIDE)).max(1)
}

pub fn launches(op: &Dense, at: &Placement, site: &Site) -> Launches {
    let (wide, out, batch) = (at.input.len(), op.out, at.batch);
    let relu = at.activation == Some(Activation::Relu);
    let bias_at = site.params + out * wide;
    let extents: [(&str, Word); 3] = [("batch", batch.into()), ("wide", wide.into()), ("out", out.into())];
    let with = |rest: &[(&'static str, Word)]| [&extents, rest].concat();
    let across = |count: usize| count.div_ceil(SIDE);

    let tiles = across(out) * across(batch);
    let parts = parts(tiles, wide);
    let work = tiles * parts;
    let sums = Launch {
        shader: &FORWARD,
        reads: &[Slot::Input, Slot::Params],
        writes: &[Slot::Scratch],
        dims: with(&[("weight_at", site.params.into()), ("fours", across(out).into()), ("parts", parts.into()), ("work", work.into())]),
        groups: spread(work, SIZE),
    };
    let finish = Launch {
        shader: &FINISH,
        reads: &[Slot::Params, Slot::Scratch],
        writes: &[Slot::Output],
        dims: vec![
            ("len", (batch * out).into()),
            ("out", out.into()),
            ("parts", parts.into()),
            ("bias_at", bias_at.into()),
            ("bias", op.bias.into()),
            ("relu", relu.into()),
        ],
        groups: spread(batch * out, SIZE),
    };
    let (forward, scratch_len) = (vec![sums, finish], parts * batch * out);
    if at.mode == Mode::Eval {
        return Launches { forward, scratch_len, ..Launches::default() };
    }

    let inputs = across(wide + usize::from(op.bias));
    let tiles = inputs * across(out);
    let d_weight = Launch {
        shader: &D_WEIGHT,
        reads: &[Slot::Input, Slot::Output, Slot::DOutput],
        writes: &[Slot::Grads],
        dims: with(&[
            ("d_weight_at", site.params.into()),
            ("d_bias_at", bias_at.into()),
            ("bias", op.bias.into()),
            ("relu", relu.into()),
            ("fours", inputs.into()),
            ("tiles", tiles.into()),
        ]),
        groups: spread(tiles, SIZE),
    };
    let mut backward = vec![d_weight];
    if site.wants_d_input {
        let tiles = across(wide) * across(batch);
        backward.push(Launch {
            shader: &D_INPUT,
            reads: &[Slot::Output, Slot::DOutput, Slot::Params],
            writes: &[Slot::DInput],
            dims: with(&[
                ("weight_at", site.params.into()),
                ("relu", relu.into()),
                ("fours", across(wide).into()),
                ("tiles", tiles.into()),
            ]),
            groups: spread(tiles, SIZE),
        });
    }
    Launches { forward, backward, scratch_len }
}
