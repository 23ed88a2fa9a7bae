//! The launches.

use super::{Conv2d, PadMode};
use crate::{
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::{Activation, Placement},
};

static FORWARD: Shader = Shader { name: "conv2d/forward", source: include_str!("forward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD];

/// Columns (places of a map) and rows (channels) of a workgroup of `forward` and `d_input`.
const COLUMNS: usize = 512;
const ROWS: usize = 8;

/// What the padding does to a place beyond the edge, as `source` in the shaders wants it.
fn edge(mode: PadMode, extent: usize) -> (i32, i32, i32) {
    let n = extent as i32;
    match mode {
        PadMode::Zeros => (-1, -1, 0),
        PadMode::Reflect => (0, 2 * n - 2, -1),
        PadMode::Symmetric => (-1, 2 * n - 1, -1),
        PadMode::Replicate => (0, n - 1, 0),
        PadMode::Circular => (n, -n, 1),
    }
}

pub fn launches(op: &Conv2d, at: &Placement, site: &Site) -> Launches {
    let (i, o) = (at.input, at.output);
    let (in_ch, out_ch) = (i.ch / op.groups, o.ch / op.groups);
    let columns = at.batch * o.plane();
    let terms = in_ch * op.kernel.h * op.kernel.w;
    let (before_y, after_y, slope) = edge(op.pad_mode, i.h);
    let (before_x, after_x, _) = edge(op.pad_mode, i.w);
    let tiles = out_ch.div_ceil(ROWS);
    let mut groups = spread(columns, COLUMNS);
    groups[2] = (tiles * op.groups) as u32;
    let forward = Launch {
        shader: &FORWARD,
        reads: &[Slot::Input, Slot::Params],
        writes: &[Slot::Output],
        dims: vec![
            ("columns", columns.into()),
            ("groups", op.groups.into()),
            ("tiles", tiles.into()),
            ("in_ch", in_ch.into()),
            ("out_ch", out_ch.into()),
            ("in_h", i.h.into()),
            ("in_w", i.w.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("kernel_h", op.kernel.h.into()),
            ("kernel_w", op.kernel.w.into()),
            ("stride_h", op.stride.h.into()),
            ("stride_w", op.stride.w.into()),
            ("dilation_h", op.dilation.h.into()),
            ("dilation_w", op.dilation.w.into()),
            ("weight_at", site.params.into()),
            ("bias_at", (site.params + o.ch * terms).into()),
            ("bias", op.bias.into()),
            ("relu", (at.activation == Some(Activation::Relu)).into()),
        ],
        groups,
    };
    Launches { forward: vec![forward], backward: vec![], scratch_len: 1 }
}
