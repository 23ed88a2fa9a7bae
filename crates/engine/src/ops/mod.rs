//! The operators: one folder each, one line in the list at the end of this file.
//!
//! A folder holds the settings and the shape rule (`mod.rs`), naive loops in `f64`
//! (`reference.rs`), the fast kernels (`cpu.rs`; `gpu.rs` with its WGSL files), small problems of which one is worked by hand
//! (`cases.rs`), and what the page says about it (`about.md`). The list makes [`LayerSpec`], its
//! serde tags and [`KINDS`]; the test suites and the layer editor walk them.

pub mod account;
mod adaptive;
mod boxes;
mod distribution;
mod exponential;
mod grouped;
pub(crate) mod join;
mod keep;
mod kind;
mod knob;
mod moments;
mod pointwise;
mod window;

pub use kind::{Case, Exhibit, Family, Kind, Signs, Worked};
pub use knob::{Control, Knob, KnobValue};
pub(crate) use knob::{set, written};
use serde::Serialize;

use crate::{
    Mode, NodeId, Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// What one tensor of a layer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum ParamRole {
    Weight,
    Bias,
    /// Scale of a normalisation (PyTorch's `weight` of a batch norm).
    Gain,
    /// Slope below zero of a rectifier that learns it (PyTorch's `weight` of a PReLU).
    Slope,
    RunningMean,
    RunningVar,
}

impl ParamRole {
    /// Changed by the optimizer (else kept by the layer itself).
    pub fn is_trained(self) -> bool {
        matches!(self, Self::Weight | Self::Bias | Self::Gain | Self::Slope)
    }
}

/// One tensor that a layer asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// PyTorch's name: `weight`, `bias`, `running_mean`, `running_var`.
    pub name: &'static str,
    pub role: ParamRole,
    pub dims: Vec<usize>,
    pub fan_in: usize,
    pub fan_out: usize,
}

/// What one output unit sees of the layer's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// The unit at the same place only.
    Point,
    /// A sliding window.
    Slide { kernel: Pair, stride: Pair, dilation: Pair, pad: Sides },
    /// Windows at even steps that may be fractions of a pixel: unit `i` sees the pixels from
    /// `⌊(i·step + first) / of⌋` up to, but without, `⌈(i·step + first + width) / of⌉`.
    Scale { step: Pair, first: [i64; 2], width: Pair, of: Pair },
    /// Everything.
    Whole,
}

/// Work for one example's forward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
pub struct Cost {
    pub multiply_adds: u64,
}

/// What follows from a layer's settings and its input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    pub output: Shape,
    /// Trained tensors and running statistics, in PyTorch's order.
    pub params: Vec<ParamSpec>,
    /// Numbers kept from forward to backward: per example, and once.
    pub saved: (usize, usize),
    pub window: Window,
    pub cost: Cost,
}

/// A point-wise function that a layer may apply to its own output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Relu,
}

/// Most inputs that a layer takes.
pub const INPUTS_LIMIT: usize = 8;

/// Shapes of a layer's inputs after the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Others {
    shapes: [Shape; INPUTS_LIMIT - 1],
    count: usize,
}

impl Others {
    /// Those of `shapes` that there is room for: a shape rule has refused more before.
    pub fn new(shapes: &[Shape]) -> Self {
        let mut others = Self { count: shapes.len().min(INPUTS_LIMIT - 1), ..Self::default() };
        for (own, shape) in others.shapes.iter_mut().zip(shapes) {
            *own = *shape;
        }
        others
    }
}

impl std::ops::Deref for Others {
    type Target = [Shape];

    fn deref(&self) -> &[Shape] {
        &self.shapes[..self.count]
    }
}

/// Where a layer runs: fixed when the plan is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    pub node: NodeId,
    pub batch: usize,
    pub mode: Mode,
    pub input: Shape,
    /// Shapes of the inputs after the first: joins alone have some.
    pub others: Others,
    pub output: Shape,
    /// Set where the plan fused the next layer into this one: `output` then holds its result.
    pub activation: Option<Activation>,
    /// Set where the plan also fused a max pooling of 2×2 with stride 2 into this layer: what it makes of `output`,
    /// which is then nowhere whole. The layer's saved numbers are the winners' places in their windows, 0 to 3.
    pub pooled: Option<Shape>,
}

impl Placement {
    /// The shape that the layer writes: `output`, or what is pooled out of it.
    pub fn given(&self) -> Shape {
        self.pooled.unwrap_or(self.output)
    }
}

/// Buffers of a forward pass. All are batch × shape, contiguous.
#[derive(Debug)]
pub struct Forward<'a> {
    pub inputs: &'a [&'a [f32]],
    /// All trained tensors of the layer, in the order of [`Inferred::params`].
    pub params: &'a [f32],
    /// Running statistics; written in training only.
    pub state: &'a mut [f32],
    /// Overwritten.
    pub output: &'a mut [f32],
    /// Overwritten in training; empty in evaluation.
    pub saved: &'a mut [f32],
    /// What [`Op::working`] gave for this placement.
    pub table: &'a [u32],
    pub scratch: &'a mut [f32],
    /// Number of the first example in the whole batch, of which these may be a part: what is drawn at random belongs
    /// to an example's number there.
    pub first: usize,
    pub now: &'a StepInputs,
}

/// Buffers of a backward pass.
#[derive(Debug)]
pub struct Backward<'a> {
    pub inputs: &'a [&'a [f32]],
    pub output: &'a [f32],
    pub d_output: &'a [f32],
    pub params: &'a [f32],
    pub saved: &'a [f32],
    /// One per input, overwritten. Where nobody asks for it (the image): no entry for a layer of one input, an
    /// empty one for a join.
    pub d_inputs: &'a mut [&'a mut [f32]],
    /// Overwritten.
    pub d_params: &'a mut [f32],
    /// What [`Op::working`] gave for this placement.
    pub table: &'a [u32],
    pub scratch: &'a mut [f32],
    /// Number of the first example in the whole batch, of which these may be a part: what is drawn at random belongs
    /// to an example's number there.
    pub first: usize,
    pub now: &'a StepInputs,
}

/// Working space and tables of a layer's kernels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Working {
    /// Numbers of working space that forward or backward need at once.
    pub scratch_len: usize,
    /// Whole numbers that follow from the shapes: offsets, index maps.
    pub table: Vec<u32>,
}

/// The naive twin of a layer, in `f64`: what the fast kernels are tested against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    pub output: Vec<f64>,
    /// Running statistics afterwards.
    pub state: Vec<f64>,
    pub d_input: Vec<f64>,
    pub d_params: Vec<f64>,
}

/// A layer of a network. An operator describes itself completely: only joins have branches, which are the one default.
///
/// What runs it is not for `dyn Op` but for [`LayerSpec`], which has each of those methods too: so a program that only
/// describes networks, such as the page, does not carry kernels.
pub trait Op {
    fn kind(&self) -> &'static Kind;

    /// The shape rule.
    ///
    /// # Errors
    /// Any combination of settings and inputs that has no meaning. Never panics.
    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError>;

    /// The layers that make each of a join's inputs from what reaches the join; an empty branch hands it on.
    /// All other operators have none: they take in what the layer before them gives.
    fn branches(&self) -> &[Vec<LayerSpec>] {
        &[]
    }

    /// The same join of other branches.
    fn with_branches(&self, _branches: Vec<Vec<LayerSpec>>) -> Option<LayerSpec> {
        None
    }

    /// What the kernels need beside the tensors, worked out once, when the plan is made.
    fn working(&self, at: &Placement) -> Working
    where
        Self: Sized;

    fn forward(&self, at: &Placement, io: Forward<'_>)
    where
        Self: Sized;

    fn backward(&self, at: &Placement, io: Backward<'_>)
    where
        Self: Sized;

    /// The same two passes on a graphics card; `Launches::default()` where the layer is an identity.
    fn launches(&self, at: &Placement, site: &Site) -> Launches
    where
        Self: Sized;

    /// Forward and, from `d_output`, backward by naive loops. A join's inputs stand one after another in
    /// `input`, and so do their gradients in [`Reference::d_input`].
    fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], params: &[f64], state: &[f64], d_output: &[f64]) -> Reference
    where
        Self: Sized;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Op + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind().name)
    }
}

/// Names of [`Control::Padding`].
pub const PADDINGS: &[&str] = &["valid", "same"];

/// Exactly one input, or the error that says so.
pub(crate) fn single(inputs: &[Shape]) -> Result<Shape, ShapeError> {
    match inputs {
        [one] => Ok(*one),
        _ => Err(ShapeError::InputCount { expected: 1, got: inputs.len() }),
    }
}

/// `value` of `setting` lies within `least..=most`, or the error that says so.
pub(crate) fn in_range(setting: &str, value: usize, least: usize, most: usize) -> Result<(), ShapeError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ShapeError::OutOfRange { setting: setting.to_owned(), value, least, most }) }
}

/// From the list of folders: the modules, [`LayerSpec`] with its tags, and [`KINDS`].
macro_rules! operators {
    ($($folder:ident :: $settings:ident),+ $(,)?) => {
        $(pub mod $folder;)+
        $(pub use $folder::$settings;)+

        /// One layer as it is written down; the tag `op` is the operator's folder.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "op", rename_all = "snake_case")]
        pub enum LayerSpec {
            $($settings($settings)),+
        }

        crate::tagged::read_by_name!(LayerSpec, "op", $($settings),+);

        impl LayerSpec {
            pub fn op(&self) -> &dyn Op {
                match self { $(Self::$settings(op) => op),+ }
            }

            /// [`Op::working`] of the layer.
            pub fn working(&self, at: &Placement) -> Working {
                match self { $(Self::$settings(op) => op.working(at)),+ }
            }

            /// [`Op::forward`] of the layer.
            pub fn forward(&self, at: &Placement, io: Forward<'_>) {
                match self { $(Self::$settings(op) => op.forward(at, io)),+ }
            }

            /// [`Op::backward`] of the layer.
            pub fn backward(&self, at: &Placement, io: Backward<'_>) {
                match self { $(Self::$settings(op) => op.backward(at, io)),+ }
            }

            /// [`Op::launches`] of the layer.
            pub fn launches(&self, at: &Placement, site: &Site) -> Launches {
                match self { $(Self::$settings(op) => op.launches(at, site)),+ }
            }

            /// [`Op::reference`] of the layer.
            pub fn reference(
                &self,
                at: &Placement,
                now: &StepInputs,
                input: &[f64],
                params: &[f64],
                state: &[f64],
                d_output: &[f64],
            ) -> Reference {
                match self { $(Self::$settings(op) => op.reference(at, now, input, params, state, d_output)),+ }
            }
        }

        $(impl From<$settings> for LayerSpec {
            fn from(settings: $settings) -> Self { Self::$settings(settings) }
        })+

        /// Every operator, in the order of the list.
        pub const KINDS: &[&Kind] = &[$(&$folder::KIND),+];

        /// Name and `about.md` of each.
        const ABOUTS: &[(&str, &str)] =
            &[$((stringify!($folder), include_str!(concat!(stringify!($folder), "/about.md")))),+];

        /// The same operators with their cases and shaders.
        pub const EXHIBITS: &[&Exhibit] = &[$(&$folder::EXHIBIT),+];
    };
}

operators! {
    conv2d::Conv2d,
    conv_transpose2d::ConvTranspose2d,
    max_pool2d::MaxPool2d,
    avg_pool2d::AvgPool2d,
    lp_pool2d::LpPool2d,
    global_max_pool2d::GlobalMaxPool2d,
    global_avg_pool2d::GlobalAvgPool2d,
    adaptive_max_pool2d::AdaptiveMaxPool2d,
    adaptive_avg_pool2d::AdaptiveAvgPool2d,
    fractional_max_pool2d::FractionalMaxPool2d,
    stochastic_pool2d::StochasticPool2d,
    upsample_nearest2d::UpsampleNearest2d,
    upsample_bilinear2d::UpsampleBilinear2d,
    batch_norm2d::BatchNorm2d,
    layer_norm::LayerNorm,
    group_norm::GroupNorm,
    instance_norm2d::InstanceNorm2d,
    relu::Relu,
    leaky_relu::LeakyRelu,
    prelu::Prelu,
    elu::Elu,
    gelu::Gelu,
    silu::Silu,
    sigmoid::Sigmoid,
    tanh::Tanh,
    softplus::Softplus,
    hardswish::Hardswish,
    softmax::Softmax,
    log_softmax::LogSoftmax,
    dropout::Dropout,
    dropout2d::Dropout2d,
    stochastic_depth::StochasticDepth,
    flatten::Flatten,
    dense::Dense,
    channel_pool2d::ChannelPool2d,
    add::Add,
    concat::Concat,
    scale::Scale,
}
