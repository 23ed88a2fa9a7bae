//! Networks by name. One line in the list per network.

use crate::{
    Init, LayerSpec, ModelSpec, Padding, Pair, Shape,
    ops::{BatchNorm2d, Conv2d, Dense, Dropout, Flatten, GlobalAvgPool2d, MaxPool2d, Relu},
};

/// A network that can be picked by name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// In links and on the command line.
    pub slug: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    build: fn() -> Vec<LayerSpec>,
}

impl Preset {
    /// The network for 28×28 digits.
    pub fn model(&self) -> ModelSpec {
        ModelSpec { input: Shape::new(1, 28, 28), layers: (self.build)(), init: Init::default() }
    }
}

/// The first is the one that the page opens with.
pub const PRESETS: &[Preset] = &[
    Preset { slug: "lens", title: "Lens", about: "Two convolutions with 5×5 kernels, large enough to see edges in.", build: lens },
    Preset { slug: "n1", title: "Three convolutions", about: "3×3 kernels, 16-32-32, as in the TensorFlow.js MNIST example.", build: n1 },
    Preset { slug: "n2", title: "LeNet-5", about: "After LeCun 1998, with ReLU and max pooling.", build: n2 },
    Preset { slug: "n3", title: "Batch norm and global pooling", about: "32-64-128 with normalisation; no hidden dense layer.", build: n3 },
    Preset { slug: "n4", title: "MLP", about: "784-128-64-10: no convolution at all.", build: n4 },
];

/// The preset of this name.
pub fn preset(slug: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.slug == slug)
}

fn conv(out_ch: usize, kernel: usize, pad: usize) -> LayerSpec {
    Conv2d { out_ch, kernel: Pair::square(kernel), pad: Padding::all(pad), ..Conv2d::default() }.into()
}

fn bare_conv(out_ch: usize) -> LayerSpec {
    Conv2d { out_ch, kernel: Pair::square(3), pad: Padding::all(1), bias: false, ..Conv2d::default() }.into()
}

fn pool() -> LayerSpec {
    MaxPool2d::default().into()
}

fn relu() -> LayerSpec {
    Relu {}.into()
}

fn dense(out: usize) -> LayerSpec {
    Dense { out, bias: true }.into()
}

fn lens() -> Vec<LayerSpec> {
    vec![
        conv(8, 5, 2),
        relu(),
        pool(),
        conv(16, 5, 0),
        relu(),
        pool(),
        Flatten {}.into(),
        dense(64),
        relu(),
        Dropout { p: 0.25 }.into(),
        dense(10),
    ]
}

fn n1() -> Vec<LayerSpec> {
    vec![
        conv(16, 3, 0),
        relu(),
        pool(),
        conv(32, 3, 0),
        relu(),
        pool(),
        conv(32, 3, 0),
        relu(),
        Flatten {}.into(),
        dense(64),
        relu(),
        dense(10),
    ]
}

fn n2() -> Vec<LayerSpec> {
    vec![conv(6, 5, 2), relu(), pool(), conv(16, 5, 0), relu(), pool(), Flatten {}.into(), dense(120), relu(), dense(84), relu(), dense(10)]
}

fn n3() -> Vec<LayerSpec> {
    [32, 64, 128]
        .into_iter()
        .flat_map(|ch| [bare_conv(ch), BatchNorm2d::default().into(), relu(), pool()])
        .chain([GlobalAvgPool2d {}.into(), dense(10)])
        .collect()
}

fn n4() -> Vec<LayerSpec> {
    vec![Flatten {}.into(), dense(128), relu(), dense(64), relu(), dense(10)]
}
