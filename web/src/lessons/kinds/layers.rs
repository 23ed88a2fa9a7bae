//! The kinds of convolution, from channels to as many channels.

use engine::{
    Graph, Init, LayerSpec, ModelSpec, Padding, Pair, Shape,
    ops::{Conv2d, ConvTranspose2d},
    rng::{Stream, uniform},
};

/// Channels of the maps that are drawn.
pub const DRAWN: usize = 4;
/// Rows and columns of the maps for which costs are counted.
pub const SIDE: usize = data::SIDE;
/// Whoever opens the lesson sees the same weights.
const SEED: u32 = 9;

/// Four maps of the person's image: brighter on the left, brighter above, outline, blur.
pub const BANK: [f32; 9 * DRAWN] = [
    0.5, 0.0, -0.5, 1.0, 0.0, -1.0, 0.5, 0.0, -0.5, //
    0.5, 1.0, 0.5, 0.0, 0.0, 0.0, -0.5, -1.0, -0.5, //
    -0.25, -0.25, -0.25, -0.25, 2.0, -0.25, -0.25, -0.25, -0.25, //
    0.1, 0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Full,
    Pointwise,
    Grouped,
    Depthwise,
    Separable,
    /// From maps half as large, with stride 2.
    Transposed,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Full, Self::Pointwise, Self::Grouped, Self::Depthwise, Self::Separable, Self::Transposed];
    /// Those that keep a map's size, and so can stand in each other's place.
    pub const NAMES: &[(&str, &str)] =
        &[("full", "full"), ("pointwise", "1×1"), ("grouped", "grouped"), ("depthwise", "depthwise"), ("separable", "separable")];

    /// One of [`Kind::NAMES`].
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.word() == word && *kind != Self::Transposed).unwrap_or(Self::Full)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Pointwise => "pointwise",
            Self::Grouped => "grouped",
            Self::Depthwise => "depthwise",
            Self::Separable => "separable",
            Self::Transposed => "transposed",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "Full",
            Self::Pointwise => "1×1",
            Self::Grouped => "2 groups",
            Self::Depthwise => "Depthwise",
            Self::Separable => "Depthwise, then 1×1",
            Self::Transposed => "Transposed, stride 2",
        }
    }

    /// The word of the captions for it.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Full => "input",
            Self::Pointwise | Self::Grouped | Self::Transposed => "other",
            Self::Depthwise => "kernel",
            Self::Separable => "output",
        }
    }

    /// One or two layers on `channels` maps.
    pub fn layers(self, channels: usize, kernel: usize) -> Vec<LayerSpec> {
        let conv = |kernel: usize, groups: usize| -> LayerSpec {
            Conv2d { out_ch: channels, kernel: Pair::square(kernel), pad: Padding::Same, groups, bias: false, ..Conv2d::default() }.into()
        };
        match self {
            Self::Full => vec![conv(kernel, 1)],
            Self::Pointwise => vec![conv(1, 1)],
            Self::Grouped => vec![conv(kernel, 2)],
            Self::Depthwise => vec![conv(kernel, channels)],
            Self::Separable => vec![conv(kernel, channels), conv(1, 1)],
            Self::Transposed => {
                let (kernel, stride) = (Pair::square(kernel), Pair::square(2));
                vec![ConvTranspose2d { out_ch: channels, kernel, stride, bias: false, ..ConvTranspose2d::default() }.into()]
            }
        }
    }

    /// Which channels each layer joins: from, to.
    pub fn joined(self) -> Vec<Vec<(usize, usize)>> {
        let groups = |groups: usize| -> Vec<(usize, usize)> {
            let each = DRAWN / groups;
            let pairs = (0..DRAWN * DRAWN).map(|i| (i / DRAWN, i % DRAWN));
            pairs.filter(|(from, to)| from / each == to / each).collect()
        };
        match self {
            Self::Full | Self::Pointwise | Self::Transposed => vec![groups(1)],
            Self::Grouped => vec![groups(2)],
            Self::Depthwise => vec![groups(DRAWN)],
            Self::Separable => vec![groups(DRAWN), groups(1)],
        }
    }

    /// Weights and multiply-adds, as the engine counts them.
    pub fn cost(self, channels: usize, kernel: usize) -> (u64, u64) {
        let side = if self == Self::Transposed { SIDE / 2 } else { SIDE };
        graph(Shape::new(channels, side, side), self.layers(channels, kernel)).map_or((0, 0), |graph| {
            let work = graph.nodes.iter().map(|node| node.cost.multiply_adds).sum();
            (graph.params_len() as u64, work)
        })
    }
}

pub fn graph(input: Shape, layers: Vec<LayerSpec>) -> Option<Graph> {
    Graph::check(&ModelSpec { input, layers, init: Init::default() }).ok()
}

/// So many weights, drawn, between −1/2 and 1/2.
pub fn drawn(count: usize) -> Vec<f32> {
    (0..count).map(|i| uniform(SEED, Stream::INIT, i as u32) - 0.5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_counted() {
        assert_eq!(Kind::Full.cost(64, 3), (36_864, 28 * 28 * 36_864));
        assert_eq!(Kind::Pointwise.cost(64, 3).0, 4096);
        assert_eq!(Kind::Grouped.cost(64, 3).0, 18_432);
        assert_eq!(Kind::Depthwise.cost(64, 3).0, 576);
        assert_eq!(Kind::Separable.cost(64, 3), (576 + 4096, 28 * 28 * (576 + 4096)));
        assert_eq!(Kind::Transposed.cost(64, 3), (36_864, 14 * 14 * 36_864));
    }

    #[test]
    fn what_is_joined_has_weights() {
        for kind in Kind::ALL {
            let kernels: usize = kind.joined().iter().map(Vec::len).sum();
            // With kernels of 1×1 a weight for each line.
            assert_eq!(kind.cost(DRAWN, 1).0, kernels as u64, "{kind:?}");
            assert_eq!(Kind::of(kind.word()) == kind, Kind::NAMES.iter().any(|(word, _)| *word == kind.word()));
        }
    }
}
