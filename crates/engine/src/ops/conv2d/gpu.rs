//! The launches: `forward`; then `d_weight` and `sum_parts`; and for the gradient of the input `spread`,
//! `d_input` and, where the padding copies pixels, `fold`. There `forward_copies` and `d_weight_copies`
//! stand in for the first two: to say which pixel a tap sees takes more work. In the usual case the three
//! products have quicker kernels: see `plain.rs` and `quads.rs`.
//!
//! Working space: the parts of the weights' gradient; when they are summed, the spread gradient, and
//! behind it the gradient of the padded input.

use super::{Conv2d, PadMode, plain, quads};
use crate::{
    Mode, Sides,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, by_plane, spread},
    ops::{Activation, Placement},
};

static FORWARD: Shader = Shader { name: "conv2d/forward", source: include_str!("forward.wgsl") };
static FORWARD_COPIES: Shader = Shader { name: "conv2d/forward_copies", source: include_str!("forward_copies.wgsl") };
static D_WEIGHT: Shader = Shader { name: "conv2d/d_weight", source: include_str!("d_weight.wgsl") };
static D_WEIGHT_COPIES: Shader = Shader { name: "conv2d/d_weight_copies", source: include_str!("d_weight_copies.wgsl") };
static SUM_PARTS: Shader = Shader { name: "conv2d/sum_parts", source: include_str!("sum_parts.wgsl") };
static SPREAD: Shader = Shader { name: "conv2d/spread", source: include_str!("spread.wgsl") };
static D_INPUT: Shader = Shader { name: "conv2d/d_input", source: include_str!("d_input.wgsl") };
static FOLD: Shader = Shader { name: "conv2d/fold", source: include_str!("fold.wgsl") };

pub const SHADERS: &[&Shader] = &[
    &FORWARD,
    &FORWARD_COPIES,
    &plain::FORWARD,
    &quads::FORWARD,
    &D_WEIGHT,
    &D_WEIGHT_COPIES,
    &plain::D_WEIGHT,
    &quads::D_WEIGHT,
    &SUM_PARTS,
    &SPREAD,
    &D_INPUT,
    &plain::D_INPUT,
    &quads::D_INPUT,
    &FOLD,
];

/// Invocations of a workgroup.
pub(super) const SIZE: usize = 64;
/// Channels of a tile of the three products.
const ROWS: usize = 8;
/// Places of a workgroup of `forward` and `d_input`.
const COLUMNS: usize = 512;
/// Taps of an invocation of `d_weight`.
const TAPS: usize = 12;
/// Workgroups that keep a large card busy.
pub(super) const ENOUGH: usize = 128;
pub(super) type Dims = Vec<(&'static str, Word)>;

/// What the padding does to a place beyond the edge, as `source` in the shaders wants it.
fn edge(mode: PadMode, extent: usize) -> [i32; 3] {
    let n = extent as i32;
    match mode {
        PadMode::Zeros => [-1, -1, 0],
        PadMode::Reflect => [0, 2 * n - 2, -1],
        PadMode::Symmetric => [-1, 2 * n - 1, -1],
        PadMode::Replicate => [0, n - 1, 0],
        PadMode::Circular => [n, -n, 1],
    }
}

pub(super) fn signed(n: usize) -> Word {
    Word::I32(n as i32)
}

/// A layer with what its launches have in common.
pub(super) struct Layer<'a> {
    pub(super) op: &'a Conv2d,
    pub(super) at: &'a Placement,
    pub(super) site: &'a Site,
    /// Channels of a group.
    pub(super) in_ch: usize,
    pub(super) out_ch: usize,
    /// The input with its padding.
    padded: [usize; 2],
    /// The places at which the input's gradient is worked out: with the padding, where that copies pixels.
    pub(super) target: [usize; 2],
    pub(super) folds: bool,
}

impl<'a> Layer<'a> {
    fn new(op: &'a Conv2d, at: &'a Placement, site: &'a Site) -> Self {
        let (i, p) = (at.input, op.sides(at.input));
        let padded = [i.h + p.top + p.bottom, i.w + p.left + p.right];
        let folds = op.pad_mode != PadMode::Zeros && padded != [i.h, i.w];
        let target = if folds { padded } else { [i.h, i.w] };
        Self { op, at, site, in_ch: i.ch / op.groups, out_ch: at.output.ch / op.groups, padded, target, folds }
    }

    pub(super) fn pad(&self) -> Sides {
        self.op.sides(self.at.input)
    }

    pub(super) fn has_relu(&self) -> bool {
        self.at.activation == Some(Activation::Relu)
    }

    /// Taps of an output: terms of its sum.
    fn depth(&self) -> usize {
        self.in_ch * self.op.kernel.h * self.op.kernel.w
    }

    pub(super) fn weights(&self) -> usize {
        self.at.output.ch * self.depth()
    }

    /// Trained numbers.
    pub(super) fn len(&self) -> usize {
        self.weights() + if self.op.bias { self.at.output.ch } else { 0 }
    }

    fn places(&self) -> usize {
        self.at.batch * self.at.output.plane()
    }

    fn padded_len(&self) -> usize {
        self.at.batch * self.at.input.ch * self.padded[0] * self.padded[1]
    }

    /// The spread gradient's plane: the target, and room for the kernel.
    pub(super) fn spread(&self) -> [usize; 2] {
        let (k, d) = (self.op.kernel, self.op.dilation);
        [self.target[0] + (k.h - 1) * d.h, self.target[1] + (k.w - 1) * d.w]
    }

    pub(super) fn spread_len(&self) -> usize {
        self.at.batch * self.at.output.ch * self.spread()[0] * self.spread()[1]
    }

    pub(super) fn channels_and_kernel(&self) -> Dims {
        let (k, d) = (self.op.kernel, self.op.dilation);
        vec![
            ("groups", self.op.groups.into()),
            ("in_ch", self.in_ch.into()),
            ("out_ch", self.out_ch.into()),
            ("kernel_h", k.h.into()),
            ("kernel_w", k.w.into()),
            ("dilation_h", d.h.into()),
            ("dilation_w", d.w.into()),
            ("flipped", self.op.flipped.into()),
        ]
    }

    /// The padding, for the shaders that see the input.
    fn padding(&self) -> Dims {
        if self.folds { self.edges() } else { vec![("top", signed(self.pad().top)), ("left", signed(self.pad().left))] }
    }

    /// The padding, for the shaders that know `source`.
    fn edges(&self) -> Dims {
        let (i, p) = (self.at.input, self.pad());
        let [before_y, after_y, slope] = edge(self.op.pad_mode, i.h);
        let [before_x, after_x, _] = edge(self.op.pad_mode, i.w);
        vec![
            ("top", signed(p.top)),
            ("left", signed(p.left)),
            ("before_y", Word::I32(before_y)),
            ("after_y", Word::I32(after_y)),
            ("before_x", Word::I32(before_x)),
            ("after_x", Word::I32(after_x)),
            ("slope", Word::I32(slope)),
        ]
    }

    /// Groups of a product with so many columns and, in each group of channels, so many rows.
    fn by_tile(&self, columns: usize, rows: usize) -> ([u32; 3], usize) {
        let tiles = rows.div_ceil(ROWS);
        let [x, y, _] = spread(columns, COLUMNS);
        ([x, y, (tiles * self.op.groups) as u32], tiles)
    }

    fn forward(&self) -> Launch {
        if self.is_plain() {
            return self.forward_plain();
        }
        let (i, o, s, site) = (self.at.input, self.at.output, self.op.stride, self.site);
        let (groups, tiles) = self.by_tile(self.places(), self.out_ch);
        let mut dims = self.channels_and_kernel();
        dims.extend(self.padding());
        dims.extend([
            ("tiles", tiles.into()),
            ("columns", self.places().into()),
            ("in_h", i.h.into()),
            ("in_w", i.w.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("stride_h", s.h.into()),
            ("stride_w", s.w.into()),
            ("weight_at", site.params.into()),
            ("bias_at", (site.params + self.weights()).into()),
            ("bias", self.op.bias.into()),
            ("relu", self.has_relu().into()),
        ]);
        let shader = if self.folds { &FORWARD_COPIES } else { &FORWARD };
        Launch { shader, reads: &[Slot::Input, Slot::Params], writes: &[Slot::Output], dims, groups }
    }

    /// Parts of the long sum of `d_weight`: as many as a large card wants invocations for, yet each with enough
    /// places to be worth adding up; or with fewer where even a small card would be idle.
    fn parts(&self, tiles: usize) -> usize {
        let idle = (SIZE * ENOUGH / 4 / tiles).min(self.places() / 16);
        (self.places() / 128).min(SIZE * ENOUGH / tiles).max(idle).max(1)
    }

    /// The launch, and the parts that it leaves in the working space.
    fn d_weight(&self) -> (Launch, usize) {
        if self.is_plain() {
            return self.d_weight_plain();
        }
        let (i, o, s) = (self.at.input, self.at.output, self.op.stride);
        let (twelves, tiles) = (self.depth().div_ceil(TAPS), self.out_ch.div_ceil(ROWS));
        let all = twelves * tiles * self.op.groups;
        let parts = self.parts(all);
        let mut dims = self.channels_and_kernel();
        dims.extend(self.padding());
        dims.extend([
            ("tiles", tiles.into()),
            ("twelves", twelves.into()),
            ("places", self.places().into()),
            ("parts", parts.into()),
            ("work", (all * parts).into()),
            ("in_h", i.h.into()),
            ("in_w", i.w.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("stride_h", signed(s.h)),
            ("stride_w", signed(s.w)),
            ("relu", self.has_relu().into()),
            ("bias", self.op.bias.into()),
            ("len", self.len().into()),
        ]);
        let reads = &[Slot::Input, Slot::Output, Slot::DOutput];
        let groups = spread(all * parts, SIZE);
        let shader = if self.folds { &D_WEIGHT_COPIES } else { &D_WEIGHT };
        (Launch { shader, reads, writes: &[Slot::Scratch], dims, groups }, parts)
    }

    fn sum_parts(&self, parts: usize) -> Launch {
        let dims = vec![("len", self.len().into()), ("parts", parts.into()), ("grads_at", self.site.params.into())];
        Launch { shader: &SUM_PARTS, reads: &[Slot::Scratch], writes: &[Slot::Grads], dims, groups: spread(self.len(), SIZE) }
    }

    fn spread_gradient(&self) -> Launch {
        let (o, s, p) = (self.at.output, self.op.stride, self.pad());
        let ([h, w], planes) = (self.spread(), self.at.batch * o.ch);
        let room = |target: usize, spread: usize, pad: usize| Word::I32((spread - target) as i32 - if self.folds { 0 } else { pad as i32 });
        let dims = vec![
            ("planes", planes.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("spread_h", h.into()),
            ("spread_w", w.into()),
            ("stride_h", signed(s.h)),
            ("stride_w", signed(s.w)),
            ("room_y", room(self.target[0], h, p.top)),
            ("room_x", room(self.target[1], w, p.left)),
            ("relu", self.has_relu().into()),
        ];
        let groups = by_plane(h * w, planes);
        Launch { shader: &SPREAD, reads: &[Slot::Output, Slot::DOutput], writes: &[Slot::Scratch], dims, groups }
    }

    fn d_input(&self) -> Launch {
        if self.is_dense() {
            return self.d_input_plain();
        }
        let [h, w] = self.target;
        let columns = self.at.batch * h * w;
        let (groups, tiles) = self.by_tile(columns, self.in_ch);
        let mut dims = self.channels_and_kernel();
        dims.extend([
            ("tiles", tiles.into()),
            ("columns", columns.into()),
            ("in_h", h.into()),
            ("in_w", w.into()),
            ("spread_h", self.spread()[0].into()),
            ("spread_w", self.spread()[1].into()),
            ("weight_at", self.site.params.into()),
            ("folds", self.folds.into()),
            ("padded_at", self.spread_len().into()),
        ]);
        Launch { shader: &D_INPUT, reads: &[Slot::Params], writes: &[Slot::DInput, Slot::Scratch], dims, groups }
    }

    fn fold(&self) -> Launch {
        let (i, planes, [h, w]) = (self.at.input, self.at.batch * self.at.input.ch, self.padded);
        let mut dims: Dims =
            vec![("planes", planes.into()), ("in_h", i.h.into()), ("in_w", i.w.into()), ("padded_h", h.into()), ("padded_w", w.into())];
        dims.extend(self.edges());
        dims.push(("padded_at", self.spread_len().into()));
        Launch { shader: &FOLD, reads: &[Slot::Scratch], writes: &[Slot::DInput], dims, groups: by_plane(i.plane(), planes) }
    }
}

pub fn launches(op: &Conv2d, at: &Placement, site: &Site) -> Launches {
    let layer = Layer::new(op, at, site);
    let forward = vec![layer.forward()];
    if at.mode == Mode::Eval {
        return Launches { forward, ..Launches::default() };
    }
    let (d_weight, parts) = layer.d_weight();
    let mut backward = vec![d_weight, layer.sum_parts(parts)];
    let mut scratch_len = parts * layer.len();
    if site.wants_d_input {
        backward.extend([layer.spread_gradient(), layer.d_input()]);
        let padded_len = if layer.folds { layer.padded_len() } else { 0 };
        scratch_len = scratch_len.max(layer.spread_len() + padded_len);
        if layer.folds {
            backward.push(layer.fold());
        }
    }
    Launches { forward, backward, scratch_len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        NodeId, Padding, Pair, Shape,
        ops::{Op, Others},
    };

    /// The value of a launch's field.
    fn field(launch: &Launch, name: &str) -> usize {
        launch.dims.iter().find(|(n, _)| *n == name).map_or(0, |(_, word)| word.bits() as usize)
    }

    #[test]
    fn tiles_and_parts_cover_every_number() {
        let sizes = [1, 7, 8, 9, 33];
        let layers = sizes.iter().flat_map(|ch| sizes.iter().map(move |extent| (*ch, *extent)));
        for ((ch, extent), batch) in layers.zip([1, 3, 64, 1024].into_iter().cycle()) {
            for groups in [1, ch] {
                let op = Conv2d {
                    out_ch: 2 * ch,
                    groups,
                    kernel: Pair::square(3),
                    dilation: Pair::square(2),
                    pad: Padding::all(2),
                    ..Conv2d::default()
                };
                let input = Shape::new(ch, extent, extent);
                let output = op.infer(&[input]).unwrap().output;
                let at = Placement {
                    node: NodeId(1),
                    batch,
                    mode: Mode::Train,
                    input,
                    others: Others::default(),
                    output,
                    activation: None,
                    pooled: None,
                };
                let all = launches(&op, &at, &Site { wants_d_input: true, ..Site::default() });
                let what = format!("{ch} channels of {extent}, {groups} groups, {batch}");
                for (launch, rows) in [(&all.forward[0], 2 * ch / groups), (&all.backward[3], ch / groups)] {
                    let [x, y, z] = launch.groups.map(|n| n as usize);
                    let columns = field(launch, "columns");
                    assert_eq!(columns, batch * extent * extent, "{what}");
                    assert!(x * y * COLUMNS >= columns && z == groups * rows.div_ceil(ROWS), "{what}: {:?}", launch.groups);
                    assert_eq!(field(launch, "tiles") * groups, z, "{what}");
                }
                let launch = &all.backward[0];
                let [twelves, tiles, parts, work] = ["twelves", "tiles", "parts", "work"].map(|name| field(launch, name));
                assert!(twelves * TAPS >= ch / groups * 9 && tiles * ROWS >= 2 * ch / groups, "{what}: {launch:?}");
                assert_eq!(work, twelves * tiles * groups * parts, "{what}");
                assert!(launch.groups.iter().product::<u32>() as usize * SIZE >= work, "{what}: {launch:?}");
                assert!((1..=batch * extent * extent).contains(&parts), "{what}: {parts} parts");
                assert_eq!(field(&all.backward[1], "parts"), parts, "{what}");
                assert!(
                    parts * op.infer(&[input]).unwrap().params.iter().map(|p| p.dims.iter().product::<usize>()).sum::<usize>()
                        <= all.scratch_len
                );
            }
        }
    }

    #[test]
    fn beyond_the_edge_as_on_the_cpu() {
        for (mode, extent) in PadMode::ALL.into_iter().flat_map(|m| (4..7usize).map(move |n| (m, n))) {
            let [before, after, slope] = edge(mode, extent);
            for place in (-3..0).chain(extent as i32..extent as i32 + 3) {
                let there = if place < 0 { before } else { after } + slope * place;
                assert_eq!(usize::try_from(there).ok(), mode.source(place as isize, extent), "{mode:?}, {place} of {extent}");
            }
        }
    }
}
