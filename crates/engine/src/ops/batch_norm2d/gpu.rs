//! The launches: in training three each way. The first sums parts of each channel, the second joins
//! the parts, the third goes over the numbers. Every invocation sums for itself: nobody waits.

use super::BatchNorm2d;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::{Activation, Placement},
};

static MOMENTS: Shader = Shader { name: "batch_norm2d/moments", source: include_str!("moments.wgsl") };
static JOIN: Shader = Shader { name: "batch_norm2d/join", source: include_str!("join.wgsl") };
static NORMALISE: Shader = Shader { name: "batch_norm2d/normalise", source: include_str!("normalise.wgsl") };
static EVALUATE: Shader = Shader { name: "batch_norm2d/evaluate", source: include_str!("evaluate.wgsl") };
static SUMS: Shader = Shader { name: "batch_norm2d/sums", source: include_str!("sums.wgsl") };
static D_PARAMS: Shader = Shader { name: "batch_norm2d/d_params", source: include_str!("d_params.wgsl") };
static BACKWARD: Shader = Shader { name: "batch_norm2d/backward", source: include_str!("backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&MOMENTS, &JOIN, &NORMALISE, &EVALUATE, &SUMS, &D_PARAMS, &BACKWARD];

/// Invocations of a workgroup: pixels side by side of a channel.
const SIZE: usize = 64;
/// Numbers that are worth an invocation.
const WORTH: usize = 64;
/// Most shares of the images: one invocation joins the parts of a channel.
const SHARES_LIMIT: usize = 16;

/// Images of a share: so few that a channel's invocations have work enough each.
fn images(batch: usize, plane: usize) -> usize {
    let each = (WORTH / plane.div_ceil(SIZE)).max(1);
    each.max(batch.div_ceil(SHARES_LIMIT)).min(batch)
}

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

    let images = images(at.batch, plane);
    let shares = at.batch.div_ceil(images);
    let parts = shares * plane.min(SIZE);
    let [x, y, _] = spread(ch, 1);
    let groups = [x, y, shares as u32];
    let by_channel = spread(ch, SIZE);
    let extents: [(_, Word); 4] = [("batch", at.batch.into()), ("ch", ch.into()), ("plane", plane.into()), ("images", images.into())];
    let (relu, eps, momentum) = (("relu", relu.into()), ("eps", op.eps.into()), ("momentum", op.momentum.into()));
    let dims = |more: &[(&'static str, Word)]| extents.iter().chain(more).copied().collect();

    let moments = Launch { shader: &MOMENTS, reads: &[Slot::Input], writes: &[Slot::Scratch], dims: dims(&[]), groups };
    let join = Launch {
        shader: &JOIN,
        reads: &[Slot::Scratch],
        writes: &[Slot::Saved, Slot::State],
        dims: dims(&[state_at, eps, momentum]),
        groups: by_channel,
    };
    let normalise = Launch {
        shader: &NORMALISE,
        reads: &[Slot::Input, Slot::Params, Slot::Saved],
        writes: &[Slot::Output],
        dims: dims(&[params_at, relu]),
        groups,
    };
    let sums = Launch {
        shader: &SUMS,
        reads: &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Saved],
        writes: &[Slot::Scratch],
        dims: dims(&[relu]),
        groups,
    };
    let d_params = Launch {
        shader: &D_PARAMS,
        reads: &[Slot::Saved, Slot::Scratch],
        writes: &[Slot::Grads],
        dims: vec![("ch", ch.into()), ("parts", parts.into()), params_at],
        groups: by_channel,
    };
    let mut backward = vec![sums, d_params];
    if site.wants_d_input {
        backward.push(Launch {
            shader: &BACKWARD,
            reads: &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Params, Slot::Saved, Slot::Grads],
            writes: &[Slot::DInput],
            dims: dims(&[params_at, relu]),
            groups,
        });
    }
    Launches { forward: vec![moments, join, normalise], backward, scratch_len: 2 * ch * parts }
}
