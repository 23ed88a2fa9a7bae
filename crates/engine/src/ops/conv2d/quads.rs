//! The launches of the three products in the usual case where the card's subgroups can exchange numbers:
//! `forward_quads`, `d_weight_quads` and `d_input_quads`.
//!
//! Four neighbours, a quad, take two tiles of two fours of channels, or two pairs of slices of two fours: what
//! one needs, its neighbour needs too, so each reads half of it. Where the tiles make no such fours, some of
//! the quad would work in vain: those layers keep to `plain.rs`.

use super::gpu::{Layer, SIZE};
use crate::backend::gpu::launch::{Launch, Shader, Word, quads_fit, spread};

pub static FORWARD: Shader = Shader { name: "conv2d/forward_quads", source: include_str!("forward_quads.wgsl") };
pub static D_WEIGHT: Shader = Shader { name: "conv2d/d_weight_quads", source: include_str!("d_weight_quads.wgsl") };
pub static D_INPUT: Shader = Shader { name: "conv2d/d_input_quads", source: include_str!("d_input_quads.wgsl") };

/// Invocations of a quad.
const QUAD: usize = 4;

/// What a field says.
fn field(launch: &Launch, name: &str) -> usize {
    launch.dims.iter().find(|(n, _)| *n == name).map_or(0, |(_, word)| word.bits() as usize)
}

impl Layer<'_> {
    /// The launch of `forward_plain` or `d_input_plain`, by quads where that pays: the dims are the same, the
    /// invocations others.
    pub(super) fn by_quads(&self, launch: Launch, shader: &'static Shader) -> Launch {
        let fours = field(&launch, "fours");
        if !self.site.subgroups || !quads_fit(fours) {
            return launch;
        }
        let [x, y, _] = spread(field(&launch, "tiles"), SIZE / 2);
        Launch { shader, groups: [x, y, (fours.div_ceil(2) * self.op.groups) as u32], ..launch }
    }

    /// The same for `d_weight_plain`.
    pub(super) fn d_weight_by_quads(&self, launch: Launch) -> Launch {
        let (fours, pairs) = (field(&launch, "fours"), field(&launch, "pairs"));
        if !self.site.subgroups || !quads_fit(fours) || !quads_fit(pairs) {
            return launch;
        }
        let quads = self.op.groups * fours.div_ceil(2) * pairs.div_ceil(2) * field(&launch, "parts");
        let with = |(name, word): (&'static str, Word)| (name, if name == "work" { quads.into() } else { word });
        let dims = launch.dims.into_iter().map(with).collect();
        Launch { shader: &D_WEIGHT, dims, groups: spread(quads, SIZE / QUAD), ..launch }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plain, *};
    use crate::{
        Mode, NodeId, Pair, Shape, Sides,
        backend::gpu::launch::Site,
        ops::{Conv2d, Op, Others, Placement, conv2d::gpu::launches},
    };

    #[test]
    fn quads_cover_every_number() {
        let mut seen = [false; 2];
        for (in_ch, out_ch, extent, kernel) in [(1, 6, 28, 5), (1, 16, 28, 3), (16, 32, 13, 3), (33, 9, 7, 3), (12, 4, 9, 2)] {
            let op = Conv2d { out_ch, kernel: Pair::square(kernel), pad: Sides::all(1).into(), ..Conv2d::default() };
            let input = Shape::new(in_ch, extent, extent);
            let output = op.infer(&[input]).unwrap().output;
            let (batch, mode) = (3, Mode::Train);
            let at = Placement { node: NodeId(1), batch, mode, input, others: Others::default(), output, activation: None, pooled: None };
            let [plain, quads] =
                [false, true].map(|subgroups| launches(&op, &at, &Site { wants_d_input: true, subgroups, ..Site::default() }));
            let what = format!("{in_ch} to {out_ch} channels of {extent}, kernel {kernel}");
            assert_eq!(plain.scratch_len, quads.scratch_len, "{what}");
            for (shader, one, all) in [(&FORWARD, &plain.forward[0], &quads.forward[0]), (&D_INPUT, &plain.backward[3], &quads.backward[3])]
            {
                assert_eq!(one.dims, all.dims, "{what}");
                let [fours, tiles] = ["fours", "tiles"].map(|name| field(all, name));
                assert_eq!(all.shader == shader, quads_fit(fours), "{what}: {fours} fours");
                let wanted = if all.shader == shader { [tiles.div_ceil(2), fours.div_ceil(2)] } else { [tiles.div_ceil(4), fours] };
                assert!(all.groups[0] as usize * all.groups[1] as usize * SIZE / QUAD >= wanted[0], "{what}: {:?}", all.groups);
                assert_eq!(all.groups[2] as usize, wanted[1], "{what}");
            }
            let launch = &quads.backward[0];
            let [fours, pairs, parts, work] = ["fours", "pairs", "parts", "work"].map(|name| field(launch, name));
            let fits = quads_fit(fours) && quads_fit(pairs);
            seen[usize::from(fits)] = true;
            assert_eq!(launch.shader, if fits { &D_WEIGHT } else { &plain::D_WEIGHT }, "{what}");
            let [share, each] = if fits { [2, QUAD] } else { [1, 1] };
            assert_eq!(work, fours.div_ceil(share) * pairs.div_ceil(share) * parts, "{what}");
            assert!(launch.groups.iter().product::<u32>() as usize * SIZE >= each * work, "{what}: {:?}", launch.groups);
        }
        assert_eq!(seen, [true, true]);
    }
}
