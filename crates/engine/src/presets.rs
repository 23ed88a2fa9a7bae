//! Networks by name. One line in the list per network.

use crate::{
    Init, LayerSpec, ModelSpec, Padding, Pair, Shape,
    blocks::block,
    ops::{AvgPool2d, BatchNorm2d, Concat, Conv2d, Dense, Dropout, Flatten, GlobalAvgPool2d, MaxPool2d, Relu, Tanh, UpsampleNearest2d},
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
    Preset { slug: "lenet5", title: "LeNet-5 of 1998", about: "With tanh and average pooling, as the paper has it.", build: lenet5 },
    Preset { slug: "two-blocks", title: "Two blocks", about: "Two convolutions each, batch norm, global pooling.", build: two_blocks },
    Preset { slug: "all-conv", title: "All-convolutional", about: "Strides instead of pooling (Springenberg 2014).", build: all_conv },
    Preset { slug: "resnet", title: "Mini ResNet", about: "Three residual blocks, 16-32-64.", build: resnet },
    Preset { slug: "mobilenet", title: "Mini MobileNet", about: "Depthwise separable convolutions, 16-32-64.", build: mobilenet },
    Preset { slug: "inception", title: "Mini Inception", about: "Kernels of three sizes side by side.", build: inception },
    Preset { slug: "densenet", title: "Mini DenseNet", about: "Every layer sees all maps before it.", build: densenet },
    Preset {
        slug: "unet",
        title: "U-Net",
        about: "Down to 7×7 and up again, with the fine maps beside: a map of each class at every pixel, whose mean is its score.",
        build: unet,
    },
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

/// The layers of a block, which must be in the list.
fn blocks(slug: &str, in_ch: usize, out_ch: usize, stride: usize) -> Vec<LayerSpec> {
    block(slug).map(|b| b.layers(in_ch, out_ch, stride)).unwrap_or_default()
}

/// Mean of every map, and a score for each class from these.
fn head() -> Vec<LayerSpec> {
    vec![GlobalAvgPool2d {}.into(), dense(10)]
}

fn lenet5() -> Vec<LayerSpec> {
    let tanh = || Tanh {}.into();
    let pool = || AvgPool2d::default().into();
    vec![conv(6, 5, 2), tanh(), pool(), conv(16, 5, 0), tanh(), pool(), Flatten {}.into(), dense(120), tanh(), dense(84), tanh(), dense(10)]
}

fn two_blocks() -> Vec<LayerSpec> {
    let twice = |from, to| [blocks("conv", from, to, 1), blocks("conv", to, to, 1), vec![pool()]].concat();
    [twice(1, 32), twice(32, 64), head()].concat()
}

fn all_conv() -> Vec<LayerSpec> {
    let widths = [(1, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)];
    let body = widths.into_iter().flat_map(|(from, to, stride)| blocks("conv", from, to, stride));
    body.chain([conv(10, 1, 0), GlobalAvgPool2d {}.into()]).collect()
}

fn resnet() -> Vec<LayerSpec> {
    let body = [blocks("residual", 16, 16, 1), blocks("residual", 16, 32, 2), blocks("residual", 32, 64, 2)];
    [blocks("conv", 1, 16, 1), body.concat(), head()].concat()
}

fn mobilenet() -> Vec<LayerSpec> {
    let separable = |from, to, stride| blocks("depthwise-separable", from, to, stride);
    [blocks("conv", 1, 16, 1), separable(16, 32, 2), separable(32, 32, 1), separable(32, 64, 2), separable(64, 64, 1), head()].concat()
}

fn inception() -> Vec<LayerSpec> {
    let mixed = |from, to| blocks("inception", from, to, 1);
    [blocks("conv", 1, 16, 1), vec![pool()], mixed(16, 32), vec![pool()], mixed(32, 64), head()].concat()
}

fn densenet() -> Vec<LayerSpec> {
    let end = vec![BatchNorm2d::default().into(), relu()];
    [vec![bare_conv(16)], blocks("dense", 16, 40, 1), blocks("dense", 40, 48, 2), blocks("dense", 48, 56, 2), end, head()].concat()
}

fn unet() -> Vec<LayerSpec> {
    let block = |from, to| blocks("conv", from, to, 1);
    let up = |to| vec![UpsampleNearest2d::default().into(), bare_conv(to)];
    let beside = |deeper: Vec<LayerSpec>| vec![Concat { branches: vec![vec![], deeper] }.into()];
    let deepest = beside([vec![pool()], block(16, 32), up(16)].concat());
    let deeper = beside([vec![pool()], block(8, 16), deepest, block(32, 16), up(8)].concat());
    [block(1, 8), deeper, block(16, 8), vec![conv(10, 1, 0), GlobalAvgPool2d {}.into()]].concat()
}
