//! The launches: forward one pixel for each invocation, backward one number of the input.

use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "channel_pool2d/forward", source: include_str!("forward.wgsl") };
static EVALUATE: Shader = Shader { name: "channel_pool2d/evaluate", source: include_str!("evaluate.wgsl") };
static BACKWARD: Shader = Shader { name: "channel_pool2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &EVALUATE, &BACKWARD];

pub fn launches(at: &Placement, site: &Site) -> Launches {
    let launch = |shader, reads, writes, len: usize| {
        let dims = vec![("len", len.into()), ("channels", at.input.ch.into()), ("plane", at.input.plane().into())];
        Launch { shader, reads, writes, dims, groups: spread(len, 64) }
    };
    let pixels = at.batch * at.input.plane();
    let forward = match at.mode {
        Mode::Train => launch(&FORWARD, &[Slot::Input], &[Slot::Output, Slot::Saved], pixels),
        Mode::Eval => launch(&EVALUATE, &[Slot::Input], &[Slot::Output], pixels),
    };
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::DOutput, Slot::Saved], &[Slot::DInput], at.batch * at.input.len())]
    } else {
        vec![]
    };
    Launches { forward: vec![forward], backward, scratch_len: 0 }
}
