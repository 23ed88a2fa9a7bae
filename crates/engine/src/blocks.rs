//! Blocks: several layers that are thought of as one. A block is a function from its settings to plain
//! layers, so it costs the engine nothing. One line in the list per block.

use crate::{
    LayerSpec, Padding, Pair,
    ops::{Add, AvgPool2d, BatchNorm2d, ChannelPool2d, Concat, Conv2d, Dense, GlobalAvgPool2d, MaxPool2d, Relu, Scale, Sigmoid},
};

/// What a block is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub in_ch: usize,
    pub out_ch: usize,
    /// 1 keeps the maps' extents, 2 halves them.
    pub stride: usize,
}

/// A block that can be picked by name.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub slug: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    build: fn(Ports) -> Vec<LayerSpec>,
}

impl Block {
    /// The layers that make `out_ch` maps of `in_ch`.
    pub fn layers(&self, in_ch: usize, out_ch: usize, stride: usize) -> Vec<LayerSpec> {
        (self.build)(Ports { in_ch, out_ch, stride })
    }
}

pub const BLOCKS: &[Block] = &[
    Block { slug: "conv", title: "Convolution block", about: "3×3 convolution, batch norm, ReLU.", build: conv_block },
    Block {
        slug: "residual",
        title: "Residual block",
        about: "Two 3×3 convolutions beside a way past them (He et al. 2015); a 1×1 projection where shapes differ.",
        build: residual,
    },
    Block {
        slug: "bottleneck",
        title: "Bottleneck",
        about: "As residual, but 1×1 to a quarter of the channels, 3×3, and 1×1 back (He et al. 2015).",
        build: bottleneck,
    },
    Block {
        slug: "depthwise-separable",
        title: "Depthwise separable",
        about: "One 3×3 kernel per map, then a 1×1 mix of the maps (Howard et al. 2017): a fraction of the cost.",
        build: depthwise_separable,
    },
    Block {
        slug: "inception",
        title: "Inception",
        about: "1×1, 3×3, 5×5 and pooling side by side, stacked (Szegedy et al. 2014).",
        build: inception,
    },
    Block {
        slug: "dense",
        title: "Dense block",
        about: "Two layers, each of which sees all maps made before it (Huang et al. 2016).",
        build: dense_block,
    },
    Block {
        slug: "squeeze-excite",
        title: "Squeeze-and-excite",
        about: "Works out from the means of all channels how much each counts (Hu et al. 2017).",
        build: squeeze_excite,
    },
    Block {
        slug: "spatial-attention",
        title: "Spatial attention",
        about: "Works out from mean and maximum of the channels how much each place counts (Woo et al. 2018).",
        build: spatial_attention,
    },
];

/// The block of this name.
pub fn block(slug: &str) -> Option<&'static Block> {
    BLOCKS.iter().find(|b| b.slug == slug)
}

/// A convolution without bias (batch norm has one), that keeps the extents but for its stride.
fn bare(kernel: usize, out_ch: usize, stride: usize) -> LayerSpec {
    let stride = Pair::square(stride);
    Conv2d { out_ch, kernel: Pair::square(kernel), stride, pad: Padding::all(kernel / 2), bias: false, ..Conv2d::default() }.into()
}

fn norm() -> LayerSpec {
    BatchNorm2d::default().into()
}

fn relu() -> LayerSpec {
    Relu {}.into()
}

/// A convolution with batch norm and ReLU.
fn unit(kernel: usize, out_ch: usize, stride: usize) -> Vec<LayerSpec> {
    vec![bare(kernel, out_ch, stride), norm(), relu()]
}

pub fn conv_block(p: Ports) -> Vec<LayerSpec> {
    unit(3, p.out_ch, p.stride)
}

/// `body` beside a way past it.
fn around(p: Ports, body: Vec<LayerSpec>) -> Vec<LayerSpec> {
    let same = p.in_ch == p.out_ch && p.stride == 1;
    let past = if same { vec![] } else { vec![bare(1, p.out_ch, p.stride), norm()] };
    vec![Add { branches: vec![past, body] }.into(), relu()]
}

pub fn residual(p: Ports) -> Vec<LayerSpec> {
    let mut body = unit(3, p.out_ch, p.stride);
    body.extend([bare(3, p.out_ch, 1), norm()]);
    around(p, body)
}

pub fn bottleneck(p: Ports) -> Vec<LayerSpec> {
    let narrow = p.out_ch.div_ceil(4);
    let body = [unit(1, narrow, 1), unit(3, narrow, p.stride), vec![bare(1, p.out_ch, 1), norm()]].concat();
    around(p, body)
}

pub fn depthwise_separable(p: Ports) -> Vec<LayerSpec> {
    let (stride, pad) = (Pair::square(p.stride), Padding::all(1));
    let depthwise = Conv2d { out_ch: p.in_ch, groups: p.in_ch, stride, pad, bias: false, ..Conv2d::default() };
    [vec![depthwise.into(), norm(), relu()], unit(1, p.out_ch, 1)].concat()
}

pub fn inception(p: Ports) -> Vec<LayerSpec> {
    let quarter = (p.out_ch / 4).max(1);
    let rest = p.out_ch.saturating_sub(3 * quarter).max(1);
    let narrow = (p.in_ch / 2).max(1);
    let pool = MaxPool2d { kernel: Pair::square(3), stride: Pair::square(p.stride), pad: Padding::all(1) };
    let branches = vec![
        unit(1, rest, p.stride),
        [unit(1, narrow, 1), unit(3, quarter, p.stride)].concat(),
        [unit(1, narrow, 1), unit(5, quarter, p.stride)].concat(),
        [vec![pool.into()], unit(1, quarter, 1)].concat(),
    ];
    vec![Concat { branches }.into()]
}

pub fn dense_block(p: Ports) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    let mut ch = p.in_ch;
    if p.stride > 1 || p.out_ch < p.in_ch + 2 {
        // The transition of the paper: fewer maps, and half their extents.
        ch = (p.out_ch / 2).max(1);
        layers.extend([norm(), relu(), bare(1, ch, 1)]);
        if p.stride > 1 {
            let (kernel, stride) = (Pair::square(p.stride), Pair::square(p.stride));
            layers.push(AvgPool2d { kernel, stride, ..AvgPool2d::default() }.into());
        }
    }
    let grown = p.out_ch.saturating_sub(ch).max(2);
    for growth in [grown.div_ceil(2), grown / 2] {
        layers.push(Concat { branches: vec![vec![], vec![norm(), relu(), bare(3, growth, 1)]] }.into());
    }
    layers
}

/// The layers that make the shapes right before a gate that changes none.
fn fitted(p: Ports) -> Vec<LayerSpec> {
    if p.in_ch == p.out_ch && p.stride == 1 { vec![] } else { conv_block(p) }
}

pub fn squeeze_excite(p: Ports) -> Vec<LayerSpec> {
    let dense = |out| Dense { out, bias: true }.into();
    let gate = vec![GlobalAvgPool2d {}.into(), dense(p.out_ch.div_ceil(4)), relu(), dense(p.out_ch), Sigmoid {}.into()];
    let mut layers = fitted(p);
    layers.push(Scale { branches: vec![vec![], gate] }.into());
    layers
}

pub fn spatial_attention(p: Ports) -> Vec<LayerSpec> {
    let gate = vec![ChannelPool2d {}.into(), bare(7, 1, 1), Sigmoid {}.into()];
    let mut layers = fitted(p);
    layers.push(Scale { branches: vec![vec![], gate] }.into());
    layers
}
