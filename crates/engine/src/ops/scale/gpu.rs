//! The launches: one number for each invocation; backward the maps' gradient, then the gate's.

use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::{Placement, join},
};

static FORWARD: Shader = Shader { name: "scale/forward", source: include_str!("forward.wgsl") };
static D_MAPS: Shader = Shader { name: "scale/d_maps", source: include_str!("d_maps.wgsl") };
static D_GATE: Shader = Shader { name: "scale/d_gate", source: include_str!("d_gate.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &D_MAPS, &D_GATE];

pub fn launches(at: &Placement, site: &Site) -> Launches {
    let (maps, gate) = (at.input, at.others.first().copied().unwrap_or(at.input));
    let launch = |shader, reads, writes, len: usize| {
        let dims = vec![
            ("len", len.into()),
            ("channels", maps.ch.into()),
            ("plane", maps.plane().into()),
            ("gate_channels", gate.ch.into()),
            ("gate_plane", gate.plane().into()),
        ];
        Launch { shader, reads, writes, dims, groups: spread(len, 64) }
    };
    let (all, gates) = (at.batch * maps.len(), at.batch * gate.len());
    let forward = vec![launch(&FORWARD, &[Slot::Input, Slot::Side(1)], &[Slot::Output], all)];
    let mut backward = Vec::new();
    if at.mode == Mode::Train && site.wants(0) {
        backward.push(launch(&D_MAPS, &[Slot::Side(1), Slot::DOutput], join::D_INPUT[0], all));
    }
    if at.mode == Mode::Train && site.wants(1) {
        backward.push(launch(&D_GATE, &[Slot::Input, Slot::DOutput], join::D_INPUT[1], gates));
    }
    Launches { forward, backward, scratch_len: 0 }
}
