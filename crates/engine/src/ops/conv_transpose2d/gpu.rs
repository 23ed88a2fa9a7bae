//! The launches: forward four channels at a place for each invocation; backward `d_weight`, `d_bias` and, likewise
//! four channels at a pixel, `d_input`.

use super::ConvTranspose2d;
use crate::{
    Mode,
    backend::gpu::launch::{GROUPS_LIMIT, Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "conv_transpose2d/forward", source: include_str!("forward.wgsl") };
static D_INPUT: Shader = Shader { name: "conv_transpose2d/d_input", source: include_str!("d_input.wgsl") };
static D_WEIGHT: Shader = Shader { name: "conv_transpose2d/d_weight", source: include_str!("d_weight.wgsl") };
static D_BIAS: Shader = Shader { name: "conv_transpose2d/d_bias", source: include_str!("d_bias.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &D_INPUT, &D_WEIGHT, &D_BIAS];

/// Channels of an invocation.
const TILE: usize = 4;

pub fn launches(op: &ConvTranspose2d, at: &Placement, site: &Site) -> Launches {
    let (in_ch, out_ch) = (at.input.ch / op.groups, at.output.ch / op.groups);
    let (in_tiles, out_tiles) = (in_ch.div_ceil(TILE), out_ch.div_ceil(TILE));
    let (pixels, places) = (at.batch * at.input.plane(), at.batch * at.output.plane());
    let by_tile = |columns: usize, tiles: usize| {
        let [x, y, _] = spread(columns, 64);
        [x, y, (tiles * op.groups) as u32]
    };
    let bias_at = site.params + op.weights(at);

    let mut dims = shape(op, at);
    dims.extend([
        ("tiles", out_tiles.into()),
        ("columns", places.into()),
        ("weight_at", site.params.into()),
        ("bias_at", bias_at.into()),
        ("bias", op.bias.into()),
    ]);
    let groups = by_tile(places, out_tiles);
    let forward = vec![Launch { shader: &FORWARD, reads: &[Slot::Input, Slot::Params], writes: &[Slot::Output], dims, groups }];
    if at.mode == Mode::Eval {
        return Launches { forward, ..Launches::default() };
    }

    let mut dims = shape(op, at);
    dims.extend([("tiles", in_tiles.into()), ("places", pixels.into()), ("grads_at", site.params.into())]);
    let groups = [((op.kernel.h * op.kernel.w) as u32).min(GROUPS_LIMIT), out_tiles as u32, (in_tiles * op.groups) as u32];
    let mut backward = vec![Launch { shader: &D_WEIGHT, reads: &[Slot::Input, Slot::DOutput], writes: &[Slot::Grads], dims, groups }];
    if op.bias {
        backward.push(Launch {
            shader: &D_BIAS,
            reads: &[Slot::DOutput],
            writes: &[Slot::Grads],
            dims: vec![
                ("out_ch", at.output.ch.into()),
                ("plane", at.output.plane().into()),
                ("places", places.into()),
                ("grads_at", bias_at.into()),
            ],
            groups: [at.output.ch as u32, 1, 1],
        });
    }
    if site.wants_d_input {
        let mut dims = shape(op, at);
        dims.extend([("tiles", in_tiles.into()), ("columns", pixels.into()), ("weight_at", site.params.into())]);
        let groups = by_tile(pixels, in_tiles);
        backward.push(Launch { shader: &D_INPUT, reads: &[Slot::Params, Slot::DOutput], writes: &[Slot::DInput], dims, groups });
    }
    Launches { forward, backward, scratch_len: 0 }
}

/// The fields that all but `d_bias` begin with.
fn shape(op: &ConvTranspose2d, at: &Placement) -> Vec<(&'static str, Word)> {
    vec![
        ("groups", op.groups.into()),
        ("in_ch", (at.input.ch / op.groups).into()),
        ("out_ch", (at.output.ch / op.groups).into()),
        ("kernel_h", op.kernel.h.into()),
        ("kernel_w", op.kernel.w.into()),
        ("stride_h", op.stride.h.into()),
        ("stride_w", op.stride.w.into()),
        ("dilation_h", op.dilation.h.into()),
        ("dilation_w", op.dilation.w.into()),
        ("top", op.pad.top.into()),
        ("left", op.pad.left.into()),
        ("in_h", at.input.h.into()),
        ("in_w", at.input.w.into()),
        ("out_h", at.output.h.into()),
        ("out_w", at.output.w.into()),
    ]
}
