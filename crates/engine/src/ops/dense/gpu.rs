//! The launches.

use super::Dense;
use crate::{
    Mode,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word},
    ops::{Activation, Placement},
};

static FORWARD: Shader = Shader { name: "dense/forward", source: include_str!("forward.wgsl") };
static D_WEIGHT: Shader = Shader { name: "dense/d_weight", source: include_str!("d_weight.wgsl") };
static D_INPUT: Shader = Shader { name: "dense/d_input", source: include_str!("d_input.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &D_WEIGHT, &D_INPUT];

/// Outputs, or examples, of a workgroup.
const ROWS: usize = 8;
/// Inputs of a workgroup of the two gradients.
const COLUMNS: usize = 128;

pub fn launches(op: &Dense, at: &Placement, site: &Site) -> Launches {
    let (wide, out, batch) = (at.input.len(), op.out, at.batch);
    let relu = at.activation == Some(Activation::Relu);
    let bias_at = site.params + out * wide;
    let extents: [(&str, Word); 3] = [("batch", batch.into()), ("wide", wide.into()), ("out", out.into())];
    let with = |rest: &[(&'static str, Word)]| [&extents, rest].concat();
    let forward = Launch {
        shader: &FORWARD,
        reads: &[Slot::Input, Slot::Params],
        writes: &[Slot::Output],
        dims: with(&[("weight_at", site.params.into()), ("bias_at", bias_at.into()), ("bias", op.bias.into()), ("relu", relu.into())]),
        groups: [out.div_ceil(ROWS) as u32, batch.div_ceil(ROWS) as u32, 1],
    };
    if at.mode == Mode::Eval {
        return Launches { forward: vec![forward], ..Launches::default() };
    }
    let d_weight = Launch {
        shader: &D_WEIGHT,
        reads: &[Slot::Input, Slot::Output, Slot::DOutput],
        writes: &[Slot::Grads],
        dims: with(&[("d_weight_at", site.params.into()), ("d_bias_at", bias_at.into()), ("bias", op.bias.into()), ("relu", relu.into())]),
        groups: [(wide + usize::from(op.bias)).div_ceil(COLUMNS) as u32, out.div_ceil(ROWS) as u32, 1],
    };
    let mut backward = vec![d_weight];
    if site.wants_d_input {
        backward.push(Launch {
            shader: &D_INPUT,
            reads: &[Slot::Output, Slot::DOutput, Slot::Params],
            writes: &[Slot::DInput],
            dims: with(&[("weight_at", site.params.into()), ("relu", relu.into())]),
            groups: [wide.div_ceil(COLUMNS) as u32, batch.div_ceil(ROWS) as u32, 1],
        });
    }
    Launches { forward: vec![forward], backward, scratch_len: 0 }
}
