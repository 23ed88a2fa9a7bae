//! The launches: forward one plane for each invocation, backward one input for each invocation.

use super::GlobalMaxPool2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "global_max_pool2d/forward", source: include_str!("forward.wgsl") };
static EVALUATE: Shader = Shader { name: "global_max_pool2d/evaluate", source: include_str!("evaluate.wgsl") };
static BACKWARD: Shader = Shader { name: "global_max_pool2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &EVALUATE, &BACKWARD];

pub fn launches(_op: &GlobalMaxPool2d, at: &Placement, site: &Site) -> Launches {
    let (planes, plane) = (at.batch * at.input.ch, at.input.plane());
    let (shader, writes): (_, &[Slot]) = match at.mode {
        Mode::Train => (&FORWARD, &[Slot::Output, Slot::Saved]),
        Mode::Eval => (&EVALUATE, &[Slot::Output]),
    };
    let forward = vec![Launch {
        shader,
        reads: &[Slot::Input],
        writes,
        dims: vec![("planes", planes.into()), ("plane", plane.into())],
        groups: spread(planes, 64),
    }];
    let mut backward = vec![];
    if at.mode == Mode::Train && site.wants_d_input {
        backward.push(Launch {
            shader: &BACKWARD,
            reads: &[Slot::DOutput, Slot::Saved],
            writes: &[Slot::DInput],
            dims: vec![("len", (planes * plane).into()), ("plane", plane.into())],
            groups: spread(planes * plane, 64),
        });
    }
    Launches { forward, backward, scratch_len: 0 }
}
