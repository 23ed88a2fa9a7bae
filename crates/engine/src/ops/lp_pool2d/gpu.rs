//! The launches: forward one output for each invocation, backward one input.

use super::LpPool2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "lp_pool2d/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "lp_pool2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(op: &LpPool2d, at: &Placement, site: &Site) -> Launches {
    let (inputs, outputs) = (at.batch * at.input.len(), at.batch * at.output.len());
    let launch = |shader, reads, writes, len: usize| Launch {
        shader,
        reads,
        writes,
        dims: vec![
            ("len", len.into()),
            ("in_h", at.input.h.into()),
            ("in_w", at.input.w.into()),
            ("out_h", at.output.h.into()),
            ("out_w", at.output.w.into()),
            ("kernel_h", op.kernel.h.into()),
            ("kernel_w", op.kernel.w.into()),
            ("stride_h", op.stride.h.into()),
            ("stride_w", op.stride.w.into()),
            ("norm_type", op.norm_type.into()),
            ("whole", op.whole().unwrap_or(0).into()),
        ],
        groups: spread(len, 64),
    };
    let forward = vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output], outputs)];
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::Input, Slot::Output, Slot::DOutput], &[Slot::DInput], inputs)]
    } else {
        vec![]
    };
    Launches { forward, backward, scratch_len: 0 }
}
