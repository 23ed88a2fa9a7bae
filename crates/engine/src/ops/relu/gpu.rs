//! The launches: one number for each invocation.

use super::Relu;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "relu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "relu/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(_op: &Relu, at: &Placement, site: &Site) -> Launches {
    let len = at.batch * at.output.len();
    let launch = |shader, reads, writes| Launch { shader, reads, writes, dims: vec![("len", len.into())], groups: spread(len, 64) };
    let forward = vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output])];
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        vec![launch(&BACKWARD, &[Slot::Output, Slot::DOutput], &[Slot::DInput])]
    } else {
        vec![]
    };
    Launches { forward, backward, scratch_len: 0 }
}
