//! The launches: forward one output for each invocation, backward one input.

use super::AvgPool2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "avg_pool2d/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "avg_pool2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(op: &AvgPool2d, at: &Placement, site: &Site) -> Launches {
    let launch = |shader, reads, writes, len: usize| Launch { shader, reads, writes, dims: dims(op, at, len), groups: spread(len, 64) };
    let (inputs, outputs) = (at.batch * at.input.len(), at.batch * at.output.len());
    let forward = vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output], outputs)];
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::DOutput], &[Slot::DInput], inputs)]
    } else {
        vec![]
    };
    Launches { forward, backward, scratch_len: 0 }
}

fn dims(op: &AvgPool2d, at: &Placement, len: usize) -> Vec<(&'static str, Word)> {
    let pad = op.sides(at.input);
    vec![
        ("len", len.into()),
        ("in_h", at.input.h.into()),
        ("in_w", at.input.w.into()),
        ("out_h", at.output.h.into()),
        ("out_w", at.output.w.into()),
        ("kernel_h", op.kernel.h.into()),
        ("kernel_w", op.kernel.w.into()),
        ("stride_h", op.stride.h.into()),
        ("stride_w", op.stride.w.into()),
        ("pad_top", pad.top.into()),
        ("pad_left", pad.left.into()),
        ("padded_h", (at.input.h + pad.top + pad.bottom).into()),
        ("padded_w", (at.input.w + pad.left + pad.right).into()),
        ("count_include_pad", op.count_include_pad.into()),
    ]
}
