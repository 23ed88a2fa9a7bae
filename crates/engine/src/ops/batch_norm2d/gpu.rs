//! The launches: in training two each way. The first sums parts of each channel, the second joins
//! the parts and goes over the numbers; each of its workgroups joins for itself, which is cheaper
//! than a launch between the two.

use super::BatchNorm2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::{Activation, Placement},
};

static MOMENTS: Shader = Shader { name: "batch_norm2d/moments", source: include_str!("moments.wgsl") };
static MOMENTS_SUBGROUPS: Shader = Shader { name: "batch_norm2d/moments_subgroups", source: include_str!("moments_subgroups.wgsl") };
static NORMALISE: Shader = Shader { name: "batch_norm2d/normalise", source: include_str!("normalise.wgsl") };
static EVALUATE: Shader = Shader { name: "batch_norm2d/evaluate", source: include_str!("evaluate.wgsl") };
static SUMS: Shader = Shader { name: "batch_norm2d/sums", source: include_str!("sums.wgsl") };
static SUMS_SUBGROUPS: Shader = Shader { name: "batch_norm2d/sums_subgroups", source: include_str!("sums_subgroups.wgsl") };
static BACKWARD: Shader = Shader { name: "batch_norm2d/backward", source: include_str!("backward.wgsl") };
static D_PARAMS: Shader = Shader { name: "batch_norm2d/d_params", source: include_str!("d_params.wgsl") };

pub const SHADERS: &[&Shader] = &[&MOMENTS, &MOMENTS_SUBGROUPS, &NORMALISE, &EVALUATE, &SUMS, &SUMS_SUBGROUPS, &BACKWARD, &D_PARAMS];

/// Numbers of a part: eight for each of the 256 invocations that sum it.
const PART_LEN: usize = 2048;
/// Most parts of a channel: each invocation of the second launch reads the sums of all.
const PARTS_LIMIT: usize = 32;

pub fn launches(op: &BatchNorm2d, at: &Placement, site: &Site) -> Launches {
    let (ch, plane) = (at.input.ch, at.input.plane());
    let count = at.batch * plane;
    let relu = at.activation == Some(Activation::Relu);
    let params_at: (_, Word) = ("params_at", site.params.into());
    let state_at = ("state_at", site.state.into());
    if at.mode == Mode::Eval {
        let len = count * ch;
        let dims = vec![
            ("len", len.into()),
            ("ch", ch.into()),
            ("plane", plane.into()),
            params_at,
            state_at,
            ("relu", relu.into()),
            ("eps", op.eps.into()),
        ];
        let reads = &[Slot::Input, Slot::Params, Slot::State];
        let forward = Launch { shader: &EVALUATE, reads, writes: &[Slot::Output], dims, groups: spread(len, 64) };
        return Launches { forward: vec![forward], ..Launches::default() };
    }

    let part_len = count.div_ceil(PARTS_LIMIT).max(PART_LEN);
    let parts = count.div_ceil(part_len);
    let [x, y, _] = spread(ch, 1);
    let groups = [x, y, parts as u32];
    let extents: [(_, Word); 3] = [("ch", ch.into()), ("plane", plane.into()), ("count", count.into())];
    let (parts_dim, part_len): ((_, Word), (_, Word)) = (("parts", parts.into()), ("part_len", part_len.into()));
    let (relu, eps, momentum) = (("relu", relu.into()), ("eps", op.eps.into()), ("momentum", op.momentum.into()));
    let dims = |more: &[(&'static str, Word)]| extents.iter().chain(more).copied().collect();

    let moments = Launch {
        shader: if site.subgroups { &MOMENTS_SUBGROUPS } else { &MOMENTS },
        reads: &[Slot::Input],
        writes: &[Slot::Scratch],
        dims: dims(&[part_len]),
        groups,
    };
    let normalise = Launch {
        shader: &NORMALISE,
        reads: &[Slot::Input, Slot::Params, Slot::Scratch],
        writes: &[Slot::Output, Slot::Saved, Slot::State],
        dims: dims(&[parts_dim, part_len, params_at, state_at, relu, eps, momentum]),
        groups,
    };
    let sums = Launch {
        shader: if site.subgroups { &SUMS_SUBGROUPS } else { &SUMS },
        reads: &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Saved],
        writes: &[Slot::Scratch],
        dims: dims(&[part_len, relu]),
        groups,
    };
    let last = if site.wants_d_input {
        Launch {
            shader: &BACKWARD,
            reads: &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Params, Slot::Saved, Slot::Scratch],
            writes: &[Slot::DInput, Slot::Grads],
            dims: dims(&[parts_dim, part_len, params_at, relu]),
            groups,
        }
    } else {
        Launch {
            shader: &D_PARAMS,
            reads: &[Slot::Saved, Slot::Scratch],
            writes: &[Slot::Grads],
            dims: vec![("ch", ch.into()), parts_dim, params_at],
            groups: spread(ch, 64),
        }
    };
    Launches { forward: vec![moments, normalise], backward: vec![sums, last], scratch_len: 2 * ch * parts }
}
