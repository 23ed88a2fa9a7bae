//! The launches: forward one output for each invocation, backward one input.

use super::UpsampleNearest2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "upsample_nearest2d/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "upsample_nearest2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(op: &UpsampleNearest2d, at: &Placement, site: &Site) -> Launches {
    let (inputs, outputs) = (at.batch * at.input.len(), at.batch * at.output.len());
    let launch = |shader, reads, writes, len: usize| Launch {
        shader,
        reads,
        writes,
        dims: vec![
            ("len", len.into()),
            ("in_h", at.input.h.into()),
            ("in_w", at.input.w.into()),
            ("factor_h", op.scale_factor.h.into()),
            ("factor_w", op.scale_factor.w.into()),
        ],
        groups: spread(len, 64),
    };
    let forward = vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output], outputs)];
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::DOutput], &[Slot::DInput], inputs)]
    } else {
        vec![]
    };
    Launches { forward, backward, scratch_len: 0 }
}
