//! The launches: forward one output for each invocation, backward one input (or, where windows are
//! 2×2 and do not overlap, one window).

use super::MaxPool2d;
use crate::{
    Mode, Pair, Sides,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    ops::Placement,
};

static FORWARD: Shader = Shader { name: "max_pool2d/forward", source: include_str!("forward.wgsl") };
static EVALUATE: Shader = Shader { name: "max_pool2d/evaluate", source: include_str!("evaluate.wgsl") };
static BACKWARD: Shader = Shader { name: "max_pool2d/backward", source: include_str!("backward.wgsl") };
static HALVE: Shader = Shader { name: "max_pool2d/halve", source: include_str!("halve.wgsl") };
static HALVE_BACKWARD: Shader = Shader { name: "max_pool2d/halve_backward", source: include_str!("halve_backward.wgsl") };

pub const SHADERS: &[&Shader] = &[&FORWARD, &EVALUATE, &BACKWARD, &HALVE, &HALVE_BACKWARD];

pub fn launches(op: &MaxPool2d, at: &Placement, site: &Site) -> Launches {
    let (inputs, outputs) = (at.batch * at.input.len(), at.batch * at.output.len());
    // The same dims for all; those for the usual case leave the window out.
    let halves =
        op.kernel == Pair::square(2) && op.stride == Pair::square(2) && op.sides(at.input) == Sides::default() && at.mode == Mode::Train;
    let launch = |shader, reads, writes, len: usize| {
        let mut dims = dims(op, at, len);
        if halves {
            dims.truncate(5);
        }
        Launch { shader, reads, writes, dims, groups: spread(len, 64) }
    };
    let forward = match at.mode {
        Mode::Train => launch(if halves { &HALVE } else { &FORWARD }, &[Slot::Input], &[Slot::Output, Slot::Saved], outputs),
        Mode::Eval => launch(&EVALUATE, &[Slot::Input], &[Slot::Output], outputs),
    };
    let backward = if at.mode == Mode::Train && site.wants_d_input {
        let (shader, len) = if halves { (&HALVE_BACKWARD, outputs) } else { (&BACKWARD, inputs) };
        vec![launch(shader, &[Slot::DOutput, Slot::Saved], &[Slot::DInput], len)]
    } else {
        vec![]
    };
    Launches { forward: vec![forward], backward, scratch_len: 0 }
}

fn dims(op: &MaxPool2d, at: &Placement, len: usize) -> Vec<(&'static str, Word)> {
    let pad = op.sides(at.input);
    vec![
        ("len", len.into()),
        ("in_h", at.input.h.into()),
        ("in_w", at.input.w.into()),
        ("out_h", at.output.h.into()),
        ("out_w", at.output.w.into()),
        ("kernel_h", op.kernel.h.into()),
        ("kernel_w", op.kernel.w.into()),
        ("stride_h", op.stride.h.into()),
        ("stride_w", op.stride.w.into()),
        ("pad_top", pad.top.into()),
        ("pad_left", pad.left.into()),
    ]
}
