//! Fast kernels. Forward is a product, what each pixel stamps, and the stamps' sum; nothing is multiplied with the
//! zeros that a stride leaves between pixels. The way back is a convolution's way forth, and is handed to it.
//!
//! Images are taken in chunks, their planes end to end, so that vectors are full however small the map. For a block of
//! output channels the stamps of a chunk stay in the cache.

use std::ops::Range;

use super::ConvTranspose2d;
use crate::{
    Pair,
    backend::cpu::{
        product::{pack, packed_len, spread},
        simd::{self, LANES},
    },
    ops::{Backward, Conv2d, Forward, Op, Others, Placement, Working},
};

/// The stamps of a block and a chunk, and the chunk's input, stay below so many numbers each (128 KiB).
const BLOCK_LEN: usize = 32 * 1024;

/// How the work is divided.
struct Layout {
    /// Channels of a group.
    in_ch: usize,
    out_ch: usize,
    /// Taps of a kernel.
    area: usize,
    /// Images in a full chunk.
    images: usize,
    /// Output channels in a full block.
    block: usize,
}

impl Layout {
    fn of(op: &ConvTranspose2d, at: &Placement) -> Self {
        let (in_ch, out_ch, area) = (at.input.ch / op.groups, at.output.ch / op.groups, op.kernel.h * op.kernel.w);
        // Of each image at least one channel's stamps, and the group's input.
        let images = (BLOCK_LEN / (at.input.plane() * area.max(in_ch))).clamp(1, at.batch);
        let block = (BLOCK_LEN / (pitch_of(images * at.input.plane()) * area)).clamp(1, out_ch);
        Self { in_ch, out_ch, area, images, block }
    }

    fn pitch(&self, at: &Placement) -> usize {
        pitch_of(self.images * at.input.plane())
    }

    fn blocks(&self) -> usize {
        self.out_ch.div_ceil(self.block)
    }

    /// Packed weights of a block.
    fn panel(&self) -> usize {
        packed_len(self.block * self.area, self.in_ch)
    }

    /// Packed weights, then the chunk's input, then its stamps.
    fn scratch(&self, op: &ConvTranspose2d, at: &Placement) -> [usize; 3] {
        let pitch = self.pitch(at);
        [op.groups * self.blocks() * self.panel(), self.in_ch * pitch, self.block * self.area * pitch]
    }
}

fn pitch_of(places: usize) -> usize {
    places.div_ceil(LANES) * LANES
}

/// The convolution that leads from this layer's output to its input: its weight has the same layout.
fn way_back(op: &ConvTranspose2d, at: &Placement) -> (Conv2d, Placement) {
    let conv = Conv2d {
        out_ch: at.input.ch,
        kernel: op.kernel,
        stride: op.stride,
        pad: op.pad.into(),
        dilation: op.dilation,
        groups: op.groups,
        bias: false,
        ..Conv2d::default()
    };
    (conv, Placement { input: at.output, output: at.input, others: Others::default(), activation: None, pooled: None, ..*at })
}

/// Offsets of the group's channels and bases of a chunk, for the product; then the table of the way back.
pub(super) fn working(op: &ConvTranspose2d, at: &Placement) -> Working {
    let layout = Layout::of(op, at);
    let (conv, conv_at) = way_back(op, at);
    let back = conv.working(&conv_at);
    let pitch = layout.pitch(at);
    let mut table: Vec<u32> = (0..layout.in_ch).map(|c| (c * pitch) as u32).collect();
    table.extend((0..pitch / LANES).map(|j| (j * LANES) as u32));
    table.extend(back.table);
    Working { scratch_len: layout.scratch(op, at).iter().sum::<usize>().max(back.scratch_len), table }
}

pub(super) fn forward(op: &ConvTranspose2d, at: &Placement, io: Forward<'_>) {
    let layout = Layout::of(op, at);
    let (in_ch, out_ch, area, plane) = (layout.in_ch, layout.out_ch, layout.area, at.input.plane());
    let (offsets, bases) = io.table.split_at(in_ch);
    let [packed_len, x_len, stamps_len] = layout.scratch(op, at);
    let (packed, rest) = io.scratch.split_at_mut(packed_len);
    let (x, rest) = rest.split_at_mut(x_len);
    let stamps = &mut rest[..stamps_len];
    let (weight, bias) = io.params.split_at(op.weights(at));
    let channels = |block: usize| block * layout.block..((block + 1) * layout.block).min(out_ch);
    for (index, packed) in packed.chunks_exact_mut(layout.panel()).enumerate() {
        let (group, block) = (index / layout.blocks(), channels(index % layout.blocks()));
        // Row: output channel and tap; column: input channel.
        let weight = &weight[group * in_ch * out_ch * area + block.start * area..];
        pack(packed, block.len() * area, in_ch, |row, c| weight[c * out_ch * area + row]);
    }
    for (o, values) in io.output.chunks_exact_mut(at.output.plane()).enumerate() {
        values.fill(bias.get(o % at.output.ch).copied().unwrap_or(0.0));
    }
    let rows = Steps { stride: op.stride.h, dilation: op.dilation.h, pad: op.pad.top, from: at.input.h, to: at.output.h };
    let columns = Steps { stride: op.stride.w, dilation: op.dilation.w, pad: op.pad.left, from: at.input.w, to: at.output.w };
    for first in (0..at.batch).step_by(layout.images) {
        let count = layout.images.min(at.batch - first);
        let bases = &bases[..(count * plane).div_ceil(LANES)];
        let pitch = layout.pitch(at);
        for g in 0..op.groups {
            for (c, row) in x.chunks_exact_mut(pitch).enumerate() {
                for (i, to) in row.chunks_exact_mut(plane).take(count).enumerate() {
                    let from = ((first + i) * at.input.ch + g * in_ch + c) * plane;
                    to.copy_from_slice(&io.inputs[0][from..from + plane]);
                }
                row[count * plane..].fill(0.0);
            }
            for b in 0..layout.blocks() {
                let block = channels(b);
                let packed = &packed[(g * layout.blocks() + b) * layout.panel()..];
                spread(packed, block.len() * area, x, offsets, bases, stamps, bases, pitch, &[], false);
                for (i, o) in (0..count).flat_map(|i| block.clone().map(move |o| (i, o))) {
                    let to = ((first + i) * at.output.ch + g * out_ch + o) * at.output.plane();
                    let to = &mut io.output[to..to + at.output.plane()];
                    for tap in 0..area {
                        let from = ((o - block.start) * area + tap) * pitch + i * plane;
                        let kernel = Pair::new(tap / op.kernel.w, tap % op.kernel.w);
                        stamp(&stamps[from..from + plane], to, &rows, &columns, kernel);
                    }
                }
            }
        }
    }
}

/// Where a tap of the kernel takes pixels, along one axis.
struct Steps {
    stride: usize,
    dilation: usize,
    pad: usize,
    from: usize,
    to: usize,
}

impl Steps {
    /// Pixels of the input that land in the output, and where the first one does.
    fn of(&self, tap: usize) -> (Range<usize>, usize) {
        let shift = tap * self.dilation;
        let first = self.pad.saturating_sub(shift).div_ceil(self.stride);
        // Pixel p lands at p · stride + shift − pad, which must be below `to`.
        let end = (self.to + self.pad).saturating_sub(shift).div_ceil(self.stride).min(self.from);
        (first..end.max(first), (first * self.stride + shift).saturating_sub(self.pad))
    }
}

/// Adds what one tap takes from a plane.
fn stamp(from: &[f32], to: &mut [f32], rows: &Steps, columns: &Steps, tap: Pair) {
    let ((ys, to_y), (xs, to_x)) = (rows.of(tap.h), columns.of(tap.w));
    if xs.is_empty() {
        return;
    }
    for (i, y) in ys.enumerate() {
        let from = &from[y * columns.from..][xs.clone()];
        let to = &mut to[(to_y + i * rows.stride) * columns.to + to_x..];
        if columns.stride == 1 {
            to.iter_mut().zip(from).for_each(|(to, v)| *to += v);
        } else {
            to.iter_mut().step_by(columns.stride).zip(from).for_each(|(to, v)| *to += v);
        }
    }
}

pub(super) fn backward(op: &ConvTranspose2d, at: &Placement, io: Backward<'_>) {
    let layout = Layout::of(op, at);
    let (conv, conv_at) = way_back(op, at);
    let table = &io.table[layout.in_ch + layout.pitch(at) / LANES..];
    let (weight, _) = io.params.split_at(op.weights(at));
    let (d_weight, d_bias) = io.d_params.split_at_mut(op.weights(at));
    for (o, sum) in d_bias.iter_mut().enumerate() {
        let planes = io.d_output.chunks_exact(at.output.plane()).skip(o).step_by(at.output.ch);
        *sum = planes.map(simd::sum).sum();
    }
    conv.backward(
        &conv_at,
        Backward {
            inputs: &[io.d_output],
            output: io.inputs[0],
            d_output: io.inputs[0],
            params: weight,
            saved: &[],
            d_inputs: &mut [],
            d_params: d_weight,
            table,
            scratch: io.scratch,
            first: io.first,
            now: io.now,
        },
    );
    if let [d_input] = io.d_inputs {
        let io = Forward {
            inputs: &[io.d_output],
            params: weight,
            state: &mut [],
            output: d_input,
            saved: &mut [],
            table,
            scratch: io.scratch,
            first: io.first,
            now: io.now,
        };
        conv.forward(&conv_at, io);
    }
}
