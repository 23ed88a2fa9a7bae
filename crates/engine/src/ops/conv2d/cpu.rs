//! Fast kernels. Each pass goes one of four ways: eight channels together (`channels`); where there are few, or each has
//! a kernel of its own, eight neighbours of a row (`strips`); where maps are small or strided too, eight channels with
//! kernels of their own (`depthwise`), or eight neighbours of a padded plane or eight images (`planes`). Back through
//! pooling that was fused there is a shorter one (`winners`), and, where sums are short, one forward (`windows`).

use super::{Conv2d, channels, depthwise, layout, planes, strips, windows, winners};
use crate::{
    Mode, NodeId, Shape,
    backend::cpu::{panels::Gate, pools::Pooled},
    ops::{Activation, Backward, Forward, Others, Placement, Working},
};

/// Fewest channels, of the eight of a vector, that pay for computing all eight.
const LEAST_CHANNELS: usize = 5;
/// Fewest terms of a sum that pay for transposing what goes in and out.
const LEAST_TERMS: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Channels,
    Depthwise,
    Strips,
    Planes,
}

/// How each pass goes. It depends on the layer alone, so that an image's result does not depend on the batch.
#[derive(Clone, Copy, Debug)]
struct Ways {
    /// Outputs, and gradients of the weights.
    outputs: Way,
    input: Way,
}

impl Ways {
    fn of(op: &Conv2d, at: &Placement) -> Self {
        if depthwise::fits(op, at) {
            let way = |strips: bool| if strips { Way::Strips } else { Way::Depthwise };
            return Self { outputs: way(strips::fits(op, at)), input: way(strips::fits_input(op, at)) };
        }
        let (in_ch, out_ch, area) = (at.input.ch / op.groups, at.output.ch / op.groups, op.kernel.h * op.kernel.w);
        let way = |columns: usize, terms: usize, strips: bool| {
            if columns >= LEAST_CHANNELS && (terms >= LEAST_TERMS || !strips) {
                Way::Channels
            } else if strips {
                Way::Strips
            } else {
                Way::Planes
            }
        };
        let input = way(in_ch, out_ch * area, strips::fits_input(op, at));
        let refused = input == Way::Channels && !channels::Return::of(op, at).fits();
        Self { outputs: way(out_ch, in_ch * area, strips::fits(op, at)), input: if refused { Way::Planes } else { input } }
    }

    fn any(self, way: Way) -> bool {
        self.outputs == way || self.input == way
    }
}

/// See [`Conv2d::takes_pooling`]: not where channels are few, nor by the last way, which is for shapes that are rare before
/// a pooling.
pub(super) fn takes_pooling(op: &Conv2d, input: Shape, output: Shape, first: bool) -> bool {
    let at = Placement {
        node: NodeId(0),
        batch: 1,
        mode: Mode::Train,
        input,
        others: Others::default(),
        output,
        activation: None,
        pooled: None,
    };
    let ways = Ways::of(op, &at);
    at.output.ch / op.groups >= LEAST_CHANNELS && ways.outputs != Way::Planes && (first || ways.input != Way::Planes)
}

/// The output's gradient as it comes in.
#[derive(Clone, Copy)]
pub(super) enum Incoming<'a> {
    /// Of whole maps, and what a fused activation lets through.
    Whole(&'a [f32], Gate<'a>),
    /// Of pooled ones.
    Pooled(Pooled<'a>),
}

impl<'a> Incoming<'a> {
    pub fn of(at: &Placement, d: &'a [f32], output: &'a [f32], winners: &'a [f32]) -> Self {
        let gate = match at.activation {
            Some(Activation::Relu) => Gate::Rectifier(output),
            None => Gate::Open,
        };
        if at.pooled.is_some() { Self::Pooled(Pooled { d, gate, winners }) } else { Self::Whole(d, gate) }
    }
}

/// The tables of the ways that any pass takes, one after another, and before them where each begins.
pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let ways = Ways::of(op, at);
    let none = Working::default;
    let parts = [
        if ways.outputs == Way::Channels { channels::Layout::of(op, at).working(op) } else { none() },
        if ways.input == Way::Channels && !winners::fits_input(op, at) { channels::Return::of(op, at).working(op) } else { none() },
        if ways.any(Way::Depthwise) { depthwise::working(op, at) } else { none() },
        if ways.any(Way::Strips) { strips::working(op, at) } else { none() },
        if ways.any(Way::Planes) { layout::Layout::of(op, at).working(op, at) } else { none() },
        if winners::fits(op, at) { winners::working(op, at) } else { none() },
        if windows::fits(op, at) { windows::working(op, at) } else { none() },
    ];
    let mut table = Vec::new();
    let mut start = parts.len();
    for part in &parts {
        table.push(start as u32);
        start += part.table.len();
    }
    table.extend(parts.iter().flat_map(|part| &part.table));
    Working { scratch_len: parts.iter().map(|part| part.scratch_len).max().unwrap_or(0), table }
}

/// What each of the ways put into the table.
struct Tables<'t> {
    channels: &'t [u32],
    input: &'t [u32],
    depthwise: &'t [u32],
    strips: &'t [u32],
    planes: &'t [u32],
    winners: &'t [u32],
    windows: &'t [u32],
}

impl<'t> Tables<'t> {
    fn of(table: &'t [u32]) -> Self {
        let starts: [usize; 7] = std::array::from_fn(|i| table[i] as usize);
        let part = |i: usize| &table[starts[i]..starts.get(i + 1).copied().unwrap_or(table.len())];
        Self { channels: part(0), input: part(1), depthwise: part(2), strips: part(3), planes: part(4), winners: part(5), windows: part(6) }
    }
}

pub(super) fn forward(op: &Conv2d, at: &Placement, io: Forward<'_>) {
    let tables = Tables::of(io.table);
    match Ways::of(op, at).outputs {
        way if windows::fits(op, at) => windows::forward(op, at, tables.windows, way == Way::Strips, io),
        Way::Channels => channels::forward(op, at, tables.channels, io),
        Way::Depthwise => depthwise::forward(op, at, tables.depthwise, io),
        Way::Strips => strips::forward(op, at, tables.strips, io),
        Way::Planes => planes::forward(op, at, tables.planes, io),
    }
}

pub(super) fn backward(op: &Conv2d, at: &Placement, mut io: Backward<'_>) {
    let (ways, tables) = (Ways::of(op, at), Tables::of(io.table));
    match ways.outputs {
        _ if winners::fits(op, at) => winners::backward_weight(op, at, tables.winners, &mut io),
        Way::Channels => channels::backward_weight(op, at, tables.channels, &mut io),
        Way::Depthwise => depthwise::backward_weight(op, at, tables.depthwise, &mut io),
        Way::Strips => strips::backward_weight(op, at, tables.strips, &mut io),
        Way::Planes => planes::backward_weight(op, at, tables.planes, &mut io),
    }
    match ways.input {
        _ if winners::fits_input(op, at) => winners::backward_input(op, at, tables.winners, &mut io),
        Way::Channels => channels::backward_input(op, at, tables.input, &mut io),
        Way::Depthwise => depthwise::backward_input(op, at, tables.depthwise, &mut io),
        Way::Strips => strips::backward_input(op, at, tables.strips, &mut io),
        Way::Planes => planes::backward_input(op, at, tables.planes, &mut io),
    }
}
