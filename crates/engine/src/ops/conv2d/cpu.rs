//! Fast kernels. Each pass goes one of two ways: eight channels together (`channels`), or eight neighbours
//! or eight images together (`planes`), which suits few channels.

use super::{Conv2d, channels, layout, planes};
use crate::ops::{Backward, Forward, Placement, Working};

/// Fewest channels, of the eight of a vector, that pay for computing all eight.
const LEAST_CHANNELS: usize = 5;
/// Fewest terms of a sum that pay for transposing what goes in and out.
const LEAST_TERMS: usize = 24;

/// Which passes compute channels together. It depends on the layer alone, so that the batch does not matter.
#[derive(Clone, Copy)]
struct Ways {
    forward: bool,
    weight: bool,
    input: bool,
}

impl Ways {
    fn of(op: &Conv2d, at: &Placement) -> Self {
        let (in_ch, out_ch, area) = (at.input.ch / op.groups, at.output.ch / op.groups, op.kernel.h * op.kernel.w);
        let pays = |columns: usize, terms: usize| columns >= LEAST_CHANNELS && terms >= LEAST_TERMS;
        let forward = pays(out_ch, in_ch * area);
        Self { forward, weight: forward, input: pays(in_ch, out_ch * area) }
    }
}

/// The tables of the ways that any pass takes, one after another.
pub(super) fn working(op: &Conv2d, at: &Placement) -> Working {
    let Ways { forward, weight, input } = Ways::of(op, at);
    let none = Working::default;
    let parts = [
        if forward || weight { channels::Layout::of(op, at).working() } else { none() },
        if input { channels::Return::of(op, at).working() } else { none() },
        if forward && weight && input { none() } else { layout::Layout::of(op, at).working(op) },
    ];
    // First where the second and third part begin.
    let second = 2 + parts[0].table.len();
    let mut table = vec![second as u32, (second + parts[1].table.len()) as u32];
    table.extend(parts.iter().flat_map(|part| &part.table));
    Working { scratch_len: parts.iter().map(|part| part.scratch_len).max().unwrap_or(0), table }
}

/// What each of the ways put into the table.
struct Tables<'t> {
    channels: &'t [u32],
    input: &'t [u32],
    planes: &'t [u32],
}

impl<'t> Tables<'t> {
    fn of(table: &'t [u32]) -> Self {
        let (second, third) = (table[0] as usize, table[1] as usize);
        Self { channels: &table[2..second], input: &table[second..third], planes: &table[third..] }
    }
}

pub(super) fn forward(op: &Conv2d, at: &Placement, io: Forward<'_>) {
    let (ways, tables) = (Ways::of(op, at), Tables::of(io.table));
    if ways.forward { channels::forward(op, at, tables.channels, io) } else { planes::forward(op, at, tables.planes, io) }
}

pub(super) fn backward(op: &Conv2d, at: &Placement, mut io: Backward<'_>) {
    let (ways, tables) = (Ways::of(op, at), Tables::of(io.table));
    if ways.weight {
        channels::backward_weight(op, at, tables.channels, &mut io);
    } else {
        planes::backward_weight(op, at, tables.planes, &mut io);
    }
    if ways.input {
        channels::backward_input(op, at, tables.input, &mut io);
    } else {
        planes::backward_input(op, at, tables.planes, &mut io);
    }
}
