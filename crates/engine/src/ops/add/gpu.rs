//! The launches: forward the first two inputs together and each further one for itself, backward a copy
//! for each input.

use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::{Placement, join},
};

static FORWARD: Shader = Shader { name: "add/forward", source: include_str!("forward.wgsl") };
static FURTHER: Shader = Shader { name: "add/further", source: include_str!("further.wgsl") };
static BACKWARD: Shader = Shader { name: "add/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &FURTHER, &BACKWARD];

pub fn launches(at: &Placement, site: &Site) -> Launches {
    let len = at.batch * at.output.len();
    let launch = |shader, reads, writes| Launch { shader, reads, writes, dims: vec![("len", len.into())], groups: spread(len, 64) };
    let count = 1 + at.others.len();
    let mut forward = vec![launch(&FORWARD, &[Slot::Input, Slot::Side(1)], &[Slot::Output])];
    forward.extend((2..count).map(|k| launch(&FURTHER, join::INPUT[k], &[Slot::Output])));
    let wanted = (0..count).filter(|k| at.mode == Mode::Train && site.wants(*k));
    let backward = wanted.map(|k| launch(&BACKWARD, &[Slot::DOutput], join::D_INPUT[k])).collect();
    Launches { forward, backward, scratch_len: 0 }
}
