//! The launches: `forward` and `finish`; then `d_weight` and, for the gradient of the input, `d_input`. Where
//! the card's subgroups can exchange numbers, and the tiles make fours, `forward_quads` and so on do the same
//! with half the reading.
//!
//! Working space: the parts of forward's sums.

use super::Dense;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, quads_fit, spread},
    ops::{Activation, Placement},
};

static FORWARD: Shader = Shader { name: "dense/forward", source: include_str!("forward.wgsl") };
static FINISH: Shader = Shader { name: "dense/finish", source: include_str!("finish.wgsl") };
static D_WEIGHT: Shader = Shader { name: "dense/d_weight", source: include_str!("d_weight.wgsl") };
static D_INPUT: Shader = Shader { name: "dense/d_input", source: include_str!("d_input.wgsl") };
static FORWARD_QUADS: Shader = Shader { name: "dense/forward_quads", source: include_str!("forward_quads.wgsl") };
static D_WEIGHT_QUADS: Shader = Shader { name: "dense/d_weight_quads", source: include_str!("d_weight_quads.wgsl") };
static D_INPUT_QUADS: Shader = Shader { name: "dense/d_input_quads", source: include_str!("d_input_quads.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &FORWARD_QUADS, &FINISH, &D_WEIGHT, &D_WEIGHT_QUADS, &D_INPUT, &D_INPUT_QUADS];

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

/// Tiles of `down` rows and `across` columns, each of them in so many parts: by which of the two shaders, for how
/// many tiles (or quads) of work, and workgroups.
fn tiled(
    site: &Site,
    [plain, quads]: [&'static Shader; 2],
    [down, across]: [usize; 2],
    parts: usize,
) -> (&'static Shader, usize, [u32; 3]) {
    if site.subgroups && quads_fit(down) && quads_fit(across) {
        let work = down.div_ceil(2) * across.div_ceil(2) * parts;
        (quads, work, spread(work, SIZE / 4))
    } else {
        let work = down * across * parts;
        (plain, work, spread(work, SIZE))
    }
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
    let (shader, work, groups) = tiled(site, [&FORWARD, &FORWARD_QUADS], [across(batch), across(out)], parts);
    let sums = Launch {
        shader,
        reads: &[Slot::Input, Slot::Params],
        writes: &[Slot::Scratch],
        dims: with(&[("weight_at", site.params.into()), ("fours", across(out).into()), ("parts", parts.into()), ("work", work.into())]),
        groups,
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
    let (shader, work, groups) = tiled(site, [&D_WEIGHT, &D_WEIGHT_QUADS], [across(out), inputs], 1);
    let d_weight = Launch {
        shader,
        reads: &[Slot::Input, Slot::Output, Slot::DOutput],
        writes: &[Slot::Grads],
        dims: with(&[
            ("d_weight_at", site.params.into()),
            ("d_bias_at", bias_at.into()),
            ("bias", op.bias.into()),
            ("relu", relu.into()),
            ("fours", inputs.into()),
            ("work", work.into()),
        ]),
        groups,
    };
    let mut backward = vec![d_weight];
    if site.wants_d_input {
        let (shader, work, groups) = tiled(site, [&D_INPUT, &D_INPUT_QUADS], [across(batch), across(wide)], 1);
        backward.push(Launch {
            shader,
            reads: &[Slot::Output, Slot::DOutput, Slot::Params],
            writes: &[Slot::DInput],
            dims: with(&[("weight_at", site.params.into()), ("relu", relu.into()), ("fours", across(wide).into()), ("work", work.into())]),
            groups,
        });
    }
    Launches { forward, backward, scratch_len }
}
