//! The backward pass by plain loops.

use super::{Conv2d, PadMode};
use crate::{
    backend::gpu::launch::{Launch, Shader, Site, Slot, Word, spread},
    ops::{Activation, Placement},
};

pub static D_PARAMS: Shader = Shader { name: "conv2d/plain_d_params", source: include_str!("plain_d_params.wgsl") };
pub static D_INPUT: Shader = Shader { name: "conv2d/plain_d_input", source: include_str!("plain_d_input.wgsl") };

fn edge(mode: PadMode, extent: usize) -> (i32, i32, i32) {
    let n = extent as i32;
    match mode {
        PadMode::Zeros => (-1, -1, 0),
        PadMode::Reflect => (0, 2 * n - 2, -1),
        PadMode::Symmetric => (-1, 2 * n - 1, -1),
        PadMode::Replicate => (0, n - 1, 0),
        PadMode::Circular => (n, -n, 1),
    }
}

pub static FORWARD: Shader = Shader { name: "conv2d/plain_forward", source: include_str!("plain_forward.wgsl") };
pub const SHADERS: &[&Shader] = &[&FORWARD, &D_PARAMS, &D_INPUT];

pub fn launches(op: &Conv2d, at: &Placement, site: &Site) -> crate::backend::gpu::launch::Launches {
    let (i, o) = (at.input, at.output);
    let (in_ch, out_ch) = (i.ch / op.groups, o.ch / op.groups);
    let (before_y, after_y, slope) = edge(op.pad_mode, i.h);
    let (before_x, after_x, _) = edge(op.pad_mode, i.w);
    let weights = o.ch * in_ch * op.kernel.h * op.kernel.w;
    let count = weights + if op.bias { o.ch } else { 0 };
    let signed = |n: usize| Word::I32(n as i32);
    let relu: Word = (at.activation == Some(Activation::Relu)).into();
    let shape: Vec<(&'static str, Word)> = vec![
        ("groups", op.groups.into()), ("in_ch", in_ch.into()), ("out_ch", out_ch.into()), ("in_h", i.h.into()), ("in_w", i.w.into()),
        ("out_h", o.h.into()), ("out_w", o.w.into()), ("kernel_h", op.kernel.h.into()), ("kernel_w", op.kernel.w.into()),
        ("stride_h", signed(op.stride.h)), ("stride_w", signed(op.stride.w)), ("dilation_h", signed(op.dilation.h)), ("dilation_w", signed(op.dilation.w)),
        ("top", signed(op.pad.top)), ("left", signed(op.pad.left)),
    ];
    let edges: Vec<(&'static str, Word)> = vec![
        ("before_y", Word::I32(before_y)), ("after_y", Word::I32(after_y)), ("before_x", Word::I32(before_x)), ("after_x", Word::I32(after_x)), ("slope", Word::I32(slope)),
        ("at", site.params.into()), ("relu", relu),
    ];
    let mut dims: Vec<(&'static str, Word)> = vec![("count", count.into()), ("weights", weights.into()), ("batch", at.batch.into())];
    dims.extend(shape.iter().cloned().chain(edges.iter().cloned()));
    let mut all = vec![Launch { shader: &D_PARAMS, reads: &[Slot::Input, Slot::Output, Slot::DOutput], writes: &[Slot::Grads], dims, groups: spread(count, 64) }];
    let count = at.batch * o.len();
    let mut forward_dims: Vec<(&'static str, Word)> = vec![("count", count.into())];
    forward_dims.extend(shape.iter().cloned().chain(edges.iter().cloned()));
    forward_dims.push(("bias", op.bias.into()));
    let forward = vec![Launch { shader: &FORWARD, reads: &[Slot::Input, Slot::Params], writes: &[Slot::Output], dims: forward_dims, groups: spread(count, 64) }];
    if site.wants_d_input {
        let count = at.batch * i.len();
        let mut dims: Vec<(&'static str, Word)> = vec![("count", count.into())];
        dims.extend(shape);
        dims.extend([("bottom", signed(op.pad.bottom)), ("right", signed(op.pad.right))]);
        dims.extend(edges);
        all.push(Launch { shader: &D_INPUT, reads: &[Slot::Params, Slot::Output, Slot::DOutput], writes: &[Slot::DInput], dims, groups: spread(count, 64) });
    }
    crate::backend::gpu::launch::Launches { forward, backward: all, scratch_len: 1 }
}
