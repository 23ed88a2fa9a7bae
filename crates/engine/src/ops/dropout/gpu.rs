//! The launches: one number for each invocation, drawn from the hash of `rng`.

use super::Dropout;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, spread},
    ops::Placement,
    rng::Stream,
};

static FORWARD: Shader = Shader { name: "dropout/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "dropout/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD];

pub fn launches(op: &Dropout, at: &Placement, site: &Site) -> Launches {
    if at.mode == Mode::Eval {
        return Launches::default();
    }
    let len = at.batch * at.input.len();
    let launch = |shader, reads, writes| Launch {
        shader,
        reads,
        writes,
        dims: vec![
            ("len", len.into()),
            ("stream", Stream::DROPOUT.part(at.node.0 as u32).0.into()),
            ("p", op.p.into()),
            ("scale", (1.0 / (1.0 - op.p)).into()),
        ],
        groups: spread(len, 64),
    };
    let forward = vec![launch(&FORWARD, &[Slot::Input], &[Slot::Output])];
    let backward = if site.wants_d_input { vec![launch(&BACKWARD, &[Slot::DOutput], &[Slot::DInput])] } else { vec![] };
    Launches { forward, backward, scratch_len: 0 }
}
