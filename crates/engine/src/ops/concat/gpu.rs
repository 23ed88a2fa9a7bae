//! The launches: a copy for each input, forward and backward.

use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::{Placement, join},
};

static FORWARD: Shader = Shader { name: "concat/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "concat/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(at: &Placement, site: &Site) -> Launches {
    let launch = |shader, reads, writes, (first, own): (usize, usize)| {
        let len = at.batch * own;
        let dims = vec![("len", len.into()), ("own", own.into()), ("first", first.into()), ("all", at.output.len().into())];
        Launch { shader, reads, writes, dims, groups: spread(len, 64) }
    };
    let parts: Vec<_> = super::parts(at).collect();
    let forward = parts.iter().enumerate().map(|(k, part)| launch(&FORWARD, join::INPUT[k], &[Slot::Output], *part)).collect();
    let wanted = parts.iter().enumerate().filter(|(k, _)| at.mode == Mode::Train && site.wants(*k));
    let backward = wanted.map(|(k, part)| launch(&BACKWARD, &[Slot::DOutput], join::D_INPUT[k], *part)).collect();
    Launches { forward, backward, scratch_len: 0 }
}
