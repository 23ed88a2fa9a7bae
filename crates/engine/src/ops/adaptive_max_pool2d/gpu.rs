//! The launches: forward one output for each invocation, backward one input.

use super::AdaptiveMaxPool2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "adaptive_max_pool2d/forward", source: include_str!("forward.wgsl") };
static EVALUATE: Shader = Shader { name: "adaptive_max_pool2d/evaluate", source: include_str!("evaluate.wgsl") };
static BACKWARD: Shader = Shader { name: "adaptive_max_pool2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &EVALUATE, &BACKWARD];

pub fn launches(_op: &AdaptiveMaxPool2d, at: &Placement, site: &Site) -> Launches {
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
        ],
        groups: spread(len, 64),
    };
    let forward = match at.mode {
        Mode::Train => vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output, Slot::Saved], outputs)],
        Mode::Eval => vec![launch(&EVALUATE, &[Slot::Input], &[Slot::Output], outputs)],
    };
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::DOutput, Slot::Saved], &[Slot::DInput], inputs)]
    } else {
        vec![]
    };
    Launches { forward, backward, scratch_len: 0 }
}
