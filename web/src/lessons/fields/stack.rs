//! A stack of layers as a link writes it, and what its units see.

use engine::{
    Graph, Init, LayerSpec, ModelSpec, Padding, Pair, Reach, Shape, Sides,
    ops::{AvgPool2d, Conv2d, Window},
};

pub const SIDE: usize = data::SIDE;
pub const IMAGE: Shape = Shape::new(1, SIDE, SIDE);
pub const MOST: usize = 5;
pub const KERNELS: [usize; 5] = [1, 2, 3, 5, 7];
pub const STRIDES: [usize; 3] = [1, 2, 3];
pub const DILATIONS: [usize; 4] = [1, 2, 3, 4];

/// A convolution with one channel, or a mean pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    pub pool: bool,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
}

impl Layer {
    pub const fn conv(kernel: usize, stride: usize, dilation: usize) -> Self {
        Self { pool: false, kernel, stride, dilation }
    }

    /// What stands around the input, so that at stride 1 the map keeps its size.
    pub const fn pad(self, padded: bool) -> usize {
        if padded && !self.pool { (self.kernel - 1) * self.dilation / 2 } else { 0 }
    }

    pub fn spec(self, padded: bool, channels: usize) -> LayerSpec {
        let (kernel, stride) = (Pair::square(self.kernel), Pair::square(self.stride));
        if self.pool {
            return AvgPool2d { kernel, stride, ..AvgPool2d::default() }.into();
        }
        let (pad, dilation) = (Padding::all(self.pad(padded)), Pair::square(self.dilation));
        Conv2d { out_ch: channels, kernel, stride, pad, dilation, bias: false, ..Conv2d::default() }.into()
    }
}

/// `c3.1.1,p2.2.1`: kind and kernel, stride, dilation of each layer. What makes no sense becomes what is nearest.
pub fn read(text: &str) -> Vec<Layer> {
    let layer = |word: &str| {
        let pool = word.starts_with('p');
        let mut numbers = word.trim_start_matches(['c', 'p']).split('.').map(|n| n.parse().unwrap_or(1_usize));
        let mut next = |most: usize| numbers.next().unwrap_or(1).clamp(1, most);
        let (kernel, stride, dilation) = (next(7), next(3), next(4));
        Layer { pool, kernel, stride, dilation: if pool { 1 } else { dilation } }
    };
    text.split(',').take(MOST).map(layer).collect()
}

pub fn write(layers: &[Layer]) -> String {
    let word = |l: &Layer| format!("{}{}.{}.{}", if l.pool { 'p' } else { 'c' }, l.kernel, l.stride, l.dilation);
    layers.iter().map(word).collect::<Vec<_>>().join(",")
}

pub fn specs(layers: &[Layer], padded: bool, channels: usize) -> Vec<LayerSpec> {
    layers.iter().map(|l| l.spec(padded, channels)).collect()
}

pub fn graph(layers: &[Layer], padded: bool) -> Result<Graph, String> {
    let spec = ModelSpec { input: IMAGE, layers: specs(layers, padded, 1), init: Init::default() };
    Graph::check(&spec).map_err(|e| e.to_string())
}

/// Weights with which every unit gives the mean of what it reads.
pub fn means(layers: &[Layer]) -> Vec<f32> {
    let of = |l: &Layer| vec![1.0 / (l.kernel * l.kernel) as f32; l.kernel * l.kernel];
    layers.iter().filter(|l| !l.pool).flat_map(of).collect()
}

/// What a unit behind these layers sees in the map before them.
pub fn reach(layers: &[Layer], padded: bool) -> Reach {
    let window = |l: &Layer| Window::Slide {
        kernel: Pair::square(l.kernel),
        stride: Pair::square(l.stride),
        dilation: Pair::square(l.dilation),
        pad: Sides::all(l.pad(padded)),
    };
    // Nothing here sees the whole of an image whatever its size, which is all that the shapes are for.
    layers.iter().fold(Reach::PIXEL, |reach, l| reach.through(window(l), IMAGE, IMAGE))
}

/// From where to where unit `i` sees, without the end, as far as there are `extent` rows.
pub fn span(reach: &Reach, i: usize, extent: usize) -> (usize, usize) {
    let from = reach.start[0] + (i * reach.jump[0]) as i64;
    let within = |x: i64| usize::try_from(x).unwrap_or(0).min(extent);
    (within(from), within(from + reach.size[0] as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_come_back() {
        for text in ["c3.1.1", "c3.2.1,c5.1.4,p2.2.1", "p3.1.1"] {
            assert_eq!(write(&read(text)), text);
        }
        assert_eq!(write(&read("x,c9.9.9,p2.2.2")), "c1.1.1,c7.3.4,p2.2.1");
        assert_eq!(read("").len(), 1);
    }

    #[test]
    fn fields_are_those_of_the_graph() {
        for text in ["c3.1.1,c3.2.1,c3.1.1", "c3.1.1,p2.2.1,c3.1.1", "c3.1.1,c3.1.2,c3.1.4"] {
            let layers = read(text);
            for padded in [false, true] {
                let graph = graph(&layers, padded).unwrap();
                for (i, node) in graph.nodes.iter().enumerate() {
                    assert_eq!(reach(&layers[..=i], padded), node.reach, "{text}");
                }
            }
        }
        // Often told wrong: 3, 5, 9.
        assert_eq!(reach(&read("c3.1.1,c3.2.1,c3.1.1"), false).size, [9, 9]);
    }

    #[test]
    fn fields_end_at_the_edge() {
        let reach = reach(&read("c3.1.1,c3.2.1,c3.1.1"), true);
        assert_eq!(reach.start, [-4, -4]);
        assert_eq!((span(&reach, 0, SIDE), span(&reach, 5, SIDE)), ((0, 5), (6, 15)));
    }

    #[test]
    fn even_weights_give_means() {
        assert_eq!(means(&read("c2.1.1,p2.2.1,c1.1.1")), [0.25, 0.25, 0.25, 0.25, 1.0]);
    }
}
