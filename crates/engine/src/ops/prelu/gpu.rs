//! The launches: numbers one for each invocation; the weights' gradient as sums over parts of each
//! channel, which a second launch joins.

use super::Prelu;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "prelu/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "prelu/backward", source: include_str!("backward.wgsl") };
static SUMS: Shader = Shader { name: "prelu/sums", source: include_str!("sums.wgsl") };
static D_PARAMS: Shader = Shader { name: "prelu/d_params", source: include_str!("d_params.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &BACKWARD, &SUMS, &D_PARAMS];

/// Numbers of a part: eight for each of the 256 invocations that sum it.
const PART_LEN: usize = 2048;
/// Most parts of a channel.
const PARTS_LIMIT: usize = 32;

pub fn launches(op: &Prelu, at: &Placement, site: &Site) -> Launches {
    let (ch, plane) = (at.input.ch, at.input.plane());
    let (len, count) = (at.batch * at.input.len(), at.batch * plane);
    let params_at: (_, Word) = ("params_at", site.params.into());
    let each = |shader, reads, writes| Launch {
        shader,
        reads,
        writes,
        dims: vec![("len", len.into()), ("ch", ch.into()), ("plane", plane.into()), ("per_channel", op.per_channel.into()), params_at],
        groups: spread(len, 64),
    };
    let forward = vec![each(&FORWARD, &[Slot::Input, Slot::Params], &[Slot::Output])];
    if at.mode == Mode::Eval {
        return Launches { forward, ..Launches::default() };
    }

    let part_len = count.div_ceil(PARTS_LIMIT).max(PART_LEN);
    let parts = count.div_ceil(part_len);
    let [x, y, _] = spread(ch, 1);
    let sums = Launch {
        shader: &SUMS,
        reads: &[Slot::Input, Slot::DOutput],
        writes: &[Slot::Scratch],
        dims: vec![
            ("ch", ch.into()),
            ("plane", plane.into()),
            ("count", count.into()),
            ("parts", parts.into()),
            ("part_len", part_len.into()),
        ],
        groups: [x, y, parts as u32],
    };
    let (weights, joined) = if op.per_channel { (ch, parts) } else { (1, ch * parts) };
    let d_params = Launch {
        shader: &D_PARAMS,
        reads: &[Slot::Scratch],
        writes: &[Slot::Grads],
        dims: vec![("weights", weights.into()), ("joined", joined.into()), params_at],
        groups: spread(weights, 1),
    };
    let mut backward = vec![sums, d_params];
    if site.wants_d_input {
        backward.push(each(&BACKWARD, &[Slot::Input, Slot::DOutput, Slot::Params], &[Slot::DInput]));
    }
    Launches { forward, backward, scratch_len: ch * parts }
}
