//! The launches of the three products in the usual case: `forward_plain` and `d_weight_plain` for stride
//! and dilation 1 with zeros as padding, `d_input_plain` for dilation 1.
//!
//! There neighbouring places see mostly the same pixels, so an invocation that computes a patch of places
//! reads each pixel once for all of them, and keeps all its sums in registers. No invocation waits for
//! another.

use super::{
    gpu::{Dims, ENOUGH, Layer, SIZE, signed},
    quads,
};
use crate::{
    Pair,
    backend::gpu::launch::{Launch, Shader, Slot, spread},
};

pub static FORWARD: Shader = Shader { name: "conv2d/forward_plain", source: include_str!("forward_plain.wgsl") };
pub static D_WEIGHT: Shader = Shader { name: "conv2d/d_weight_plain", source: include_str!("d_weight_plain.wgsl") };
pub static D_INPUT: Shader = Shader { name: "conv2d/d_input_plain", source: include_str!("d_input_plain.wgsl") };

/// Channels of an invocation's tile.
const SIDE: usize = 4;
/// Rows and columns of that of `forward_plain` and of that of `d_input_plain`.
const PLACES: [usize; 2] = [4, 4];
const D_PLACES: [usize; 2] = [3, 5];
/// Slices of an invocation of `d_weight_plain`, and rows of the patch that it takes at a time.
const PAIR: usize = 2;
/// Taps that an invocation takes at a time, down and across.
const TAPS: usize = 3;

/// Parts of the long sum of `d_weight_plain`: as many as a large card wants invocations for, yet each with
/// sixteen patches, to be worth adding up; or with fewer, down to four, where even a small card would be idle.
fn parts(tiles: usize, patches: usize) -> usize {
    let idle = (SIZE * ENOUGH / 4 / tiles).min(patches / 4);
    (patches / 16).min(SIZE * ENOUGH / tiles).max(idle).max(1)
}

impl Layer<'_> {
    /// Neighbouring places see neighbouring pixels, and a row of the kernel has several. The kernels take
    /// three taps at once: of a kernel one pixel wide, two would be beside it. The true convolution, a setting for
    /// teaching, keeps to the general kernels.
    pub(super) fn is_dense(&self) -> bool {
        self.op.dilation == Pair::square(1) && self.op.kernel.w > 1 && !self.op.flipped
    }

    /// Besides, places side by side see pixels side by side, and beside the image is nothing but zeros.
    pub(super) fn is_plain(&self) -> bool {
        self.is_dense() && self.op.stride == Pair::square(1) && !self.folds
    }

    fn channels(&self) -> Dims {
        let k = self.op.kernel;
        vec![
            ("groups", self.op.groups.into()),
            ("in_ch", self.in_ch.into()),
            ("out_ch", self.out_ch.into()),
            ("kernel_h", k.h.into()),
            ("kernel_w", k.w.into()),
        ]
    }

    /// Groups of a shader whose invocations take tiles of four channels and so many rows and columns of
    /// planes of this size; and the dims that say so.
    fn by_square(&self, channels: usize, [h, w]: [usize; 2], [rows, columns]: [usize; 2]) -> ([u32; 3], Dims) {
        let (fours, down, across) = (channels.div_ceil(SIDE), h.div_ceil(rows), w.div_ceil(columns));
        let tiles = self.at.batch * down * across;
        let [x, y, _] = spread(tiles, SIZE);
        let dims = vec![("fours", fours.into()), ("down", down.into()), ("across", across.into()), ("tiles", tiles.into())];
        ([x, y, (fours * self.op.groups) as u32], dims)
    }

    pub(super) fn forward_plain(&self) -> Launch {
        let (i, o, p, site) = (self.at.input, self.at.output, self.pad(), self.site);
        let (groups, tiles) = self.by_square(self.out_ch, [o.h, o.w], PLACES);
        let mut dims = self.channels();
        dims.extend([("top", signed(p.top)), ("left", signed(p.left))]);
        dims.extend(tiles);
        dims.extend([
            ("in_h", i.h.into()),
            ("in_w", i.w.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("weight_at", site.params.into()),
            ("bias_at", (site.params + self.weights()).into()),
            ("bias", self.op.bias.into()),
            ("relu", self.has_relu().into()),
        ]);
        let launch = Launch { shader: &FORWARD, reads: &[Slot::Input, Slot::Params], writes: &[Slot::Output], dims, groups };
        self.by_quads(launch, &quads::FORWARD)
    }

    /// The launch, and the parts that it leaves in the working space.
    pub(super) fn d_weight_plain(&self) -> (Launch, usize) {
        let (i, o, p, k) = (self.at.input, self.at.output, self.pad(), self.op.kernel);
        let slices = self.in_ch * k.h.div_ceil(TAPS) * k.w.div_ceil(TAPS);
        let (fours, pairs) = (self.out_ch.div_ceil(SIDE), slices.div_ceil(PAIR));
        let (down, across) = (o.h.div_ceil(PAIR), o.w.div_ceil(SIDE));
        let patches = self.at.batch * down * across;
        let tiles = self.op.groups * fours * pairs;
        let parts = parts(tiles, patches);
        let mut dims = self.channels();
        dims.extend([
            ("top", signed(p.top)),
            ("left", signed(p.left)),
            ("fours", fours.into()),
            ("slices", slices.into()),
            ("pairs", pairs.into()),
            ("down", down.into()),
            ("across", across.into()),
            ("patches", patches.into()),
            ("parts", parts.into()),
            ("work", (tiles * parts).into()),
            ("in_h", i.h.into()),
            ("in_w", i.w.into()),
            ("out_h", o.h.into()),
            ("out_w", o.w.into()),
            ("relu", self.has_relu().into()),
            ("bias", self.op.bias.into()),
            ("len", self.len().into()),
        ]);
        let reads = &[Slot::Input, Slot::Output, Slot::DOutput];
        let groups = spread(tiles * parts, SIZE);
        let launch = Launch { shader: &D_WEIGHT, reads, writes: &[Slot::Scratch], dims, groups };
        (self.d_weight_by_quads(launch), parts)
    }

    pub(super) fn d_input_plain(&self) -> Launch {
        let [h, w] = self.target;
        let (groups, tiles) = self.by_square(self.in_ch, self.target, D_PLACES);
        let mut dims = self.channels();
        dims.extend(tiles);
        dims.extend([
            ("in_h", h.into()),
            ("in_w", w.into()),
            ("spread_h", self.spread()[0].into()),
            ("spread_w", self.spread()[1].into()),
            ("weight_at", self.site.params.into()),
            ("folds", self.folds.into()),
            ("padded_at", self.spread_len().into()),
        ]);
        let launch = Launch { shader: &D_INPUT, reads: &[Slot::Params], writes: &[Slot::DInput, Slot::Scratch], dims, groups };
        self.by_quads(launch, &quads::D_INPUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Mode, NodeId, Shape, Sides,
        backend::gpu::launch::Site,
        ops::{Conv2d, Op, Others, Placement, conv2d::gpu::launches},
    };

    /// The value of a launch's field.
    fn field(launch: &Launch, name: &str) -> usize {
        launch.dims.iter().find(|(n, _)| *n == name).map_or(0, |(_, word)| word.bits() as usize)
    }

    fn invocations(launch: &Launch) -> usize {
        launch.groups[0] as usize * launch.groups[1] as usize * SIZE
    }

    #[test]
    fn tiles_and_patches_cover_every_number() {
        for (ch, extent, kernel) in [(1, 1, 2), (3, 9, 3), (8, 12, 5), (33, 7, 3)] {
            for (batch, groups) in [(1, 1), (3, ch), (64, 1), (1024, ch)] {
                let pad = Sides::all(kernel - 1);
                let op = Conv2d { out_ch: 2 * ch, groups, kernel: Pair::square(kernel), pad: pad.into(), ..Conv2d::default() };
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
                let what = format!("{ch} channels of {extent}, kernel {kernel}, {groups} groups, {batch}");
                assert_eq!(all.backward.len(), 4, "{what}");
                for (launch, shader, rows, [h, w], tile) in [
                    (&all.forward[0], &FORWARD, 2 * ch / groups, [output.h, output.w], PLACES),
                    (&all.backward[3], &D_INPUT, ch / groups, [extent, extent], D_PLACES),
                ] {
                    assert_eq!(launch.shader, shader, "{what}");
                    let [down, across, fours] = ["down", "across", "fours"].map(|name| field(launch, name));
                    assert!(tile[0] * down >= h && tile[1] * across >= w && SIDE * fours >= rows, "{what}: {launch:?}");
                    assert_eq!(field(launch, "tiles"), batch * down * across, "{what}");
                    assert!(invocations(launch) >= field(launch, "tiles"), "{what}: {launch:?}");
                    assert_eq!(launch.groups[2] as usize, groups * fours, "{what}");
                }
                let launch = &all.backward[0];
                assert_eq!(launch.shader, &D_WEIGHT, "{what}");
                let [down, across, fours, pairs, parts] = ["down", "across", "fours", "pairs", "parts"].map(|name| field(launch, name));
                assert!(PAIR * down >= output.h && SIDE * across >= output.w, "{what}: {launch:?}");
                let slices = ch / groups * kernel.div_ceil(TAPS).pow(2);
                assert!(SIDE * fours * groups >= 2 * ch && PAIR * pairs >= slices, "{what}: {launch:?}");
                assert_eq!(field(launch, "patches"), batch * down * across, "{what}");
                assert_eq!(field(launch, "work"), groups * fours * pairs * parts, "{what}");
                assert!(invocations(launch) >= field(launch, "work"), "{what}: {launch:?}");
                assert!((1..=field(launch, "patches")).contains(&parts), "{what}: {parts} parts");
                assert_eq!(field(&all.backward[1], "parts"), parts, "{what}");
                let numbers: usize = op.infer(&[input]).unwrap().params.iter().map(|p| p.dims.iter().product::<usize>()).sum();
                assert!(parts * numbers <= all.scratch_len, "{what}");
            }
        }
    }
}
