//! Kernels for small or strided maps of few channels: copies of a chunk of images (see `layout`), and the two products
//! over neighbours.

use super::{
    Conv2d,
    frame::NOWHERE,
    layout::{Layout, Tables},
};
use crate::{
    backend::cpu::{
        product::{correlate, pack, packed_len, spread},
        simd::{self, LANES},
    },
    ops::{Activation, Backward, Forward, Placement},
};

pub(super) fn forward(op: &Conv2d, at: &Placement, table: &[u32], io: Forward<'_>) {
    let layout = Layout::of(op, at);
    let tables = layout.split(table);
    let ((in_ch, out_ch), depth) = (layout.channels(), layout.depth());
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let (x, rest) = rest.split_at_mut(layout.x_len());
    let y = &mut rest[..layout.y_len()];
    let panel = packed_len(out_ch, depth);
    let (weight, bias) = io.params.split_at(at.output.ch * depth);
    for g in 0..op.groups {
        pack(&mut packed[g * panel..], out_ch, depth, |r, k| weight[(g * out_ch + r) * depth + k]);
    }
    for (first, count) in layout.chunks() {
        copy_padded(op, &layout, &tables, at, &io.inputs[0][first * at.input.len()..], count, x);
        let bases = &tables.bases[..layout.bases_len(count)];
        let pitch = bases.len() * LANES;
        for g in 0..op.groups {
            let source = &x[g * in_ch * layout.hp * layout.wp * layout.unit()..];
            spread(
                &packed[g * panel..],
                out_ch,
                source,
                tables.offsets,
                bases,
                &mut y[g * out_ch * pitch..],
                tables.places,
                pitch,
                &[],
                false,
            );
        }
        let relu = at.activation == Some(Activation::Relu);
        let output = &mut io.output[first * at.output.len()..][..count * at.output.len()];
        for (i, image) in output.chunks_exact_mut(at.output.len()).enumerate() {
            for (o, plane) in image.chunks_exact_mut(at.output.plane()).enumerate() {
                let b = bias.get(o).copied().unwrap_or(0.0);
                let row = &y[o * pitch..(o + 1) * pitch];
                for (yy, out) in plane.chunks_exact_mut(at.output.w).enumerate() {
                    let from = layout.place(i, yy, 0);
                    let finish = |v: f32| if relu && v + b <= 0.0 { 0.0 } else { v + b };
                    if layout.lanes {
                        for (x, value) in out.iter_mut().enumerate() {
                            *value = finish(row[from + x * LANES]);
                        }
                    } else {
                        for (value, v) in out.iter_mut().zip(&row[from..]) {
                            *value = finish(*v);
                        }
                    }
                }
            }
        }
    }
}

/// Gradients of the weights and the biases.
pub(super) fn backward_weight(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let layout = Layout::of(op, at);
    let tables = layout.split(table);
    let ((in_ch, out_ch), depth) = (layout.channels(), layout.depth());
    let (x, rest) = io.scratch.split_at_mut(layout.x_len());
    let dy = &mut rest[..layout.y_len()];
    let (d_weight, d_bias) = io.d_params.split_at_mut(at.output.ch * depth);
    for (first, count) in layout.chunks() {
        let pitch = layout.bases_len(count) * LANES;
        copy_padded(op, &layout, &tables, at, &io.inputs[0][first * at.input.len()..], count, x);
        copy_gradient(&layout, at, [io.d_output, io.output], first, count, &mut dy[..at.output.ch * pitch]);
        for (o, b) in d_bias.iter_mut().enumerate() {
            let sum = simd::sum(&dy[o * pitch..(o + 1) * pitch]);
            *b = if first == 0 { sum } else { *b + sum };
        }
        let bases = &tables.bases[..pitch / LANES];
        for g in 0..op.groups {
            let source = &x[g * in_ch * layout.hp * layout.wp * layout.unit()..];
            let rows = &dy[g * out_ch * pitch..];
            let into = &mut d_weight[g * out_ch * depth..(g + 1) * out_ch * depth];
            correlate(rows, out_ch, pitch, source, tables.offsets, bases, into, first > 0);
        }
    }
}

/// Gradient of the input, where somebody asks for it.
pub(super) fn backward_input(op: &Conv2d, at: &Placement, table: &[u32], io: &mut Backward<'_>) {
    let [d_input] = &mut *io.d_inputs else { return };
    let layout = Layout::of(op, at);
    let tables = layout.split(table);
    let ((in_ch, out_ch), depth, depth_back) = (layout.channels(), layout.depth(), layout.depth_back());
    let (packed, rest) = io.scratch.split_at_mut(layout.packed_len());
    let (d, dx) = rest.split_at_mut(layout.d_len());
    let (weight, area, panel) = (&io.params[..at.output.ch * depth], depth / in_ch, packed_len(in_ch, depth_back));
    for g in 0..op.groups {
        // Row: input channel; column: (output channel, ky, kx).
        pack(&mut packed[g * panel..], in_ch, depth_back, |c, k| weight[(g * out_ch + k / area) * depth + c * area + k % area]);
    }
    for (first, count) in layout.chunks() {
        spread_gradient(op, &layout, at, [io.d_output, io.output], first, count, d);
        let bases = &tables.bases_back[..layout.bases_back_len(count)];
        let pitch = bases.len() * LANES;
        for g in 0..op.groups {
            let source = &d[g * out_ch * layout.hd * layout.wd * layout.unit()..];
            spread(
                &packed[g * panel..],
                in_ch,
                source,
                tables.offsets_back,
                bases,
                &mut dx[g * in_ch * pitch..],
                tables.places,
                pitch,
                &[],
                false,
            );
        }
        let len = at.input.len();
        fold(&layout, &tables, at, dx, pitch, &mut d_input[first * len..(first + count) * len]);
    }
}

/// The padded input of `count` images, as rows or as lanes; lanes without an image are zero.
fn copy_padded(op: &Conv2d, layout: &Layout, tables: &Tables<'_>, at: &Placement, input: &[f32], count: usize, x: &mut [f32]) {
    let (h, w, left) = (at.input.h, at.input.w, op.sides(at.input).left);
    let unit = layout.unit();
    let group_len = unit * layout.x_image;
    for (slot, group) in x[..count.div_ceil(unit) * group_len].chunks_exact_mut(group_len).enumerate() {
        let here = (count - slot * unit).min(unit);
        if here < unit {
            group.fill(0.0);
        }
        for lane in 0..here {
            let image = &input[(slot * unit + lane) * at.input.len()..][..at.input.len()];
            for c in 0..at.input.ch {
                for (y, source_row) in tables.rows.iter().enumerate() {
                    let to = &mut group[(c * layout.hp + y) * layout.wp * unit..][..layout.wp * unit];
                    let row = match *source_row {
                        NOWHERE => None,
                        r => Some(&image[(c * h + r as usize) * w..][..w]),
                    };
                    match (row, layout.lanes) {
                        (None, false) => to.fill(0.0),
                        (None, true) => to[lane..].iter_mut().step_by(LANES).for_each(|v| *v = 0.0),
                        (Some(row), true) => {
                            for (value, source) in to[lane..].iter_mut().step_by(LANES).zip(tables.columns) {
                                *value = if *source == NOWHERE { 0.0 } else { row[*source as usize] };
                            }
                        }
                        (Some(row), false) if layout.wp == w => to.copy_from_slice(row),
                        (Some(row), false) => {
                            let pads = (0..layout.wp).filter(|p| !(left..left + w).contains(p));
                            for p in pads {
                                to[p] = if tables.columns[p] == NOWHERE { 0.0 } else { row[tables.columns[p] as usize] };
                            }
                            to[left..left + w].copy_from_slice(row);
                        }
                    }
                }
            }
        }
    }
    // The last vector may run over; what it reads must be finite, for it is multiplied by zero.
    let used = count.div_ceil(unit) * group_len;
    x[used..used + LANES].fill(0.0);
}

/// The output's gradient (through a fused activation) in rows.
fn copy_gradient(layout: &Layout, at: &Placement, [d_output, output]: [&[f32]; 2], first: usize, count: usize, dy: &mut [f32]) {
    let o = at.output;
    let pitch = layout.bases_len(count) * LANES;
    dy.fill(0.0);
    for i in 0..count {
        for c in 0..o.ch {
            for y in 0..o.h {
                let at_row = ((first + i) * o.ch + c) * o.plane() + y * o.w;
                let row = through(at, &d_output[at_row..at_row + o.w], &output[at_row..at_row + o.w]);
                let to = &mut dy[c * pitch + layout.place(i, y, 0)..];
                if layout.lanes {
                    to.iter_mut().step_by(LANES).zip(row).for_each(|(to, v)| *to = v);
                } else {
                    to.iter_mut().zip(row).for_each(|(to, v)| *to = v);
                }
            }
        }
    }
}

fn through<'a>(at: &Placement, d_output: &'a [f32], output: &'a [f32]) -> impl Iterator<Item = f32> + use<'a> {
    let relu = at.activation == Some(Activation::Relu);
    d_output.iter().zip(output).map(move |(d, out)| if relu && *out <= 0.0 { 0.0 } else { *d })
}

/// The output's gradient (through a fused activation), spread by the stride, with room for the kernel.
fn spread_gradient(
    op: &Conv2d,
    layout: &Layout,
    at: &Placement,
    [d_output, output]: [&[f32]; 2],
    first: usize,
    count: usize,
    d: &mut [f32],
) {
    let (o, unit) = (at.output, layout.unit());
    let used = count.div_ceil(unit) * unit * layout.d_image;
    d[..used + LANES].fill(0.0);
    let (edge_y, edge_x) = ((op.kernel.h - 1) * op.dilation.h, (op.kernel.w - 1) * op.dilation.w);
    for i in 0..count {
        for c in 0..o.ch {
            for y in 0..o.h {
                let at_row = ((first + i) * o.ch + c) * o.plane() + y * o.w;
                let row = through(at, &d_output[at_row..at_row + o.w], &output[at_row..at_row + o.w]);
                let start = (c * layout.hd + edge_y + y * op.stride.h) * layout.wd + edge_x;
                let to = &mut d[i / unit * unit * layout.d_image + start * unit + i % unit..];
                if layout.lanes {
                    to.iter_mut().step_by(op.stride.w * LANES).zip(row).for_each(|(to, v)| *to = v);
                } else {
                    // Rows mean stride 1.
                    to.iter_mut().zip(row).for_each(|(to, v)| *to = v);
                }
            }
        }
    }
}

/// Gradients of the padded input, brought back to the pixels that the padding was made of.
fn fold(layout: &Layout, tables: &Tables<'_>, at: &Placement, dx: &[f32], pitch: usize, d_input: &mut [f32]) {
    let (h, w, unit) = (at.input.h, at.input.w, layout.unit());
    let whole = layout.th == h && layout.tw == w;
    if !whole {
        d_input.fill(0.0);
    }
    for (i, image) in d_input.chunks_exact_mut(at.input.len()).enumerate() {
        for c in 0..at.input.ch {
            for y in 0..layout.th {
                let from = &dx[c * pitch + layout.place_back(i, y, 0)..];
                if whole {
                    for (x, value) in image[(c * h + y) * w..][..w].iter_mut().enumerate() {
                        *value = from[x * unit];
                    }
                } else if tables.rows[y] != NOWHERE {
                    let row = &mut image[(c * h + tables.rows[y] as usize) * w..][..w];
                    for (x, &source) in tables.columns.iter().enumerate() {
                        row[source as usize] += from[x * unit];
                    }
                }
            }
        }
    }
}
