//! The three layers of this lesson: their weights, and how many there are.

use engine::{
    Graph, Init, LayerSpec, ModelSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten},
    rng::{Stream, uniform},
};

/// Rows and columns of the small image, of the kernel, and of what comes out.
pub const SIDE: usize = 8;
pub const KERNEL: usize = 3;
pub const OUT: usize = SIDE - KERNEL + 1;
/// Units of the dense layer and kernels of the convolution whose weights are counted.
pub const UNITS: usize = 100;
pub const KERNELS: usize = 64;
/// What is shared: brighter on the left than on the right (Sobel).
pub const SHARED: [f32; KERNEL * KERNEL] = [0.25, 0.0, -0.25, 0.5, 0.0, -0.5, 0.25, 0.0, -0.25];
/// Whoever opens the lesson sees the same weights.
const SEED: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every unit has a weight for every pixel.
    Dense,
    /// Every unit has weights of its own for the pixels near it.
    Local,
    /// All units have the same weights for the pixels near them.
    Conv,
}

impl Kind {
    pub const NAMES: &[(&str, &str)] = &[("dense", "dense"), ("local", "local"), ("conv", "shared")];

    pub fn of(word: &str) -> Self {
        match word {
            "local" => Self::Local,
            "conv" => Self::Conv,
            _ => Self::Dense,
        }
    }

    /// The layer as a matrix: a row for each unit, a column for each pixel of the small image. What is not joined is 0.
    pub fn matrix(self) -> Vec<f32> {
        let mut matrix = vec![0.0; OUT * OUT * SIDE * SIDE];
        for (unit, row) in matrix.chunks_exact_mut(SIDE * SIDE).enumerate() {
            for (pixel, weight) in row.iter_mut().enumerate() {
                let (down, right) = ((pixel / SIDE).wrapping_sub(unit / OUT), (pixel % SIDE).wrapping_sub(unit % OUT));
                let near = down < KERNEL && right < KERNEL;
                let own = uniform(SEED, Stream::INIT, (unit * SIDE * SIDE + pixel) as u32) - 0.5;
                *weight = match self {
                    Self::Dense => own,
                    Self::Local if near => own,
                    Self::Conv if near => SHARED[down * KERNEL + right],
                    Self::Local | Self::Conv => 0.0,
                };
            }
        }
        matrix
    }

    /// Weights of the small layer that can be chosen one by one.
    pub const fn free(self) -> usize {
        match self {
            Self::Dense => OUT * OUT * SIDE * SIDE,
            Self::Local => OUT * OUT * KERNEL * KERNEL,
            Self::Conv => KERNEL * KERNEL,
        }
    }

    /// Weights of the large layer on an image of `side` rows and columns: as the engine counts them; it has no locally
    /// connected layer, whose weights are those of the kernels at every place.
    pub fn count(self, side: usize) -> usize {
        let kernels = || Conv2d { out_ch: KERNELS, kernel: Pair::square(KERNEL), ..Conv2d::default() };
        match self {
            Self::Dense => graph(side, vec![Flatten {}.into(), Dense { out: UNITS, bias: false }.into()]).map_or(0, |g| weights(&g)),
            Self::Conv => graph(side, vec![kernels().into()]).map_or(0, |g| weights(&g)),
            Self::Local => {
                let alone = graph(side, vec![Conv2d { bias: false, ..kernels() }.into()]);
                alone.map_or(0, |g| weights(&g) * g.output().plane())
            }
        }
    }
}

fn graph(side: usize, layers: Vec<LayerSpec>) -> Option<Graph> {
    Graph::check(&ModelSpec { input: Shape::new(1, side, side), layers, init: Init::default() }).ok()
}

fn weights(graph: &Graph) -> usize {
    graph.params.iter().map(|param| param.range.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_counted() {
        assert_eq!([Kind::Dense, Kind::Local, Kind::Conv].map(Kind::free), [2304, 324, 9]);
        for kind in [Kind::Dense, Kind::Local] {
            assert_eq!(kind.matrix().iter().filter(|w| **w != 0.0).count(), kind.free(), "{kind:?}");
        }
        assert_eq!((Kind::Dense.count(28), Kind::Conv.count(28), Kind::Local.count(28)), (78_400, 640, 64 * 9 * 26 * 26));
        assert!(Kind::Dense.count(100) == 1_000_000 && Kind::Conv.count(256) == 640);
    }
}
