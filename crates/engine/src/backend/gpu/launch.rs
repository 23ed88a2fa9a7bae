//! What to run on a graphics card, as plain data: an operator says it without knowing a device.
//!
//! # What a shader looks like
//! A whole valid WGSL file with one entry point, `main`. Group 0 holds, at binding 0, the uniform
//! `dims: Dims` (whole numbers and `f32`, nothing else; the fields are those of [`Launch::dims`] in that
//! order) and from binding 1 on the tensors, first those of [`Launch::reads`]
//! (`var<storage, read>`), then those of [`Launch::writes`] (`var<storage, read_write>`). Group 1, where
//! the shader asks for it, holds at binding 0 the uniform `now: Now`, what changes from step to step:
//!
//! ```wgsl
//! struct Now {
//!     rule: vec4<f32>, // what the optimizer's formula takes from the step's number
//!     rate: f32,       // learning rate
//!     step: u32,       // updates made before this one
//!     seed: u32,
//!     slot: u32,       // place of this batch in the results
//!     first: u32,      // where the batch begins in the order of the digits
//!     count: u32,      // examples of the batch that count
//! }
//! ```
//!
//! Activations are `array<Stored>`, read by `f32(…)` and written by `Stored(…)`; the file says
//! `alias Stored = f32;`, and where a plan stores them in half precision, that line alone becomes
//! `enable f16; alias Stored = f16;`. Everything else is `f32` or `u32`.
//!
//! Each invocation owns the numbers that it writes and sums in a fixed order, so a run repeats.

use std::borrow::Cow;

use crate::{
    ops::{INPUTS_LIMIT, join},
    plan::{InputGrad, Step},
};

/// A WGSL file.
#[derive(Debug, PartialEq, Eq)]
pub struct Shader {
    /// Folder and file, without the ending: `conv2d/forward`.
    pub name: &'static str,
    pub source: &'static str,
}

/// Adds one gradient to another.
pub static SUM_INTO: Shader = Shader { name: "gpu/sum_into", source: include_str!("sum_into.wgsl") };

/// The line that says how activations are stored.
const STORED: &str = "alias Stored = f32;";

/// The line without which a browser refuses subgroup functions. Naga knows the functions, but not yet
/// the line (issue 5555 of wgpu).
const SUBGROUPS: &str = "enable subgroups;\n";

impl Shader {
    /// The text for a plan that stores activations so, as the device's compiler wants it.
    pub fn text(&self, storage: Storage) -> Cow<'static, str> {
        let text = match storage {
            Storage::F32 => Cow::Borrowed(self.source),
            Storage::F16 => Cow::Owned(self.source.replace(STORED, "enable f16;\nalias Stored = f16;")),
        };
        if cfg!(not(target_arch = "wasm32")) && text.contains(SUBGROUPS) { Cow::Owned(text.replace(SUBGROUPS, "")) } else { text }
    }

    /// Whether the text depends on how activations are stored.
    pub fn knows_storage(&self) -> bool {
        self.source.contains(STORED)
    }

    /// Whether the shader reads what changes from step to step.
    pub fn reads_now(&self) -> bool {
        self.source.contains("var<uniform> now: Now;")
    }
}

/// How the activations of a training plan lie in the card's memory. Weights, gradients and
/// statistics are always `f32`, and so is all arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Storage {
    #[default]
    F32,
    F16,
}

/// A buffer, by what it is to the step that is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// What the layer takes in: `Stored`.
    Input,
    /// What it gives out: `Stored`.
    /// The further inputs of a join, from 1 on: `Stored`.
    Side(u8),
    Output,
    DOutput,
    DInput,
    /// Gradients of the further inputs.
    DSide(u8),
    /// Where several layers read the same numbers: all of the gradient of that input of a step, to which the
    /// step's own is added. Input 0 is the first.
    Sum(u8),
    /// All weights of the network; the layer's own begin at [`Site::params`].
    Params,
    /// All gradients, laid out as the weights.
    Grads,
    /// All running statistics; the layer's own begin at [`Site::state`].
    State,
    /// What the layer keeps from forward to backward.
    Saved,
    /// Working space: at least [`Launches::scratch_len`] numbers, undefined before the layer's first launch.
    Scratch,
    /// The optimizer's slots, one after another, each as long as the weights.
    OptimizerState,
    /// The groups of weights that are updated alike, four words each (`u32`): see
    /// [`crate::Update::rates_table`].
    Rates,
    /// The classes of the batch: `u32`.
    Labels,
    /// What the outputs are compared with beside or instead of classes: (batch, outputs).
    Targets,
    /// Class weights of a loss, those of all its terms one after another.
    ClassWeights,
    /// The loss of each example of the batch.
    Losses,
    /// What became of each example: 1 where it is answered right, 2 where an output is no number: `u32`.
    Answers,
    /// For each batch of a submission the sum of losses (`f32`), right answers, examples, and 0 (`u32`).
    Results,
    /// A set's grey values, four to a `u32`, the first in the lowest byte.
    Pixels,
    /// A set's classes: `u32`.
    Classes,
    /// How each image of a batch is changed: [`crate::augment::ROW`] numbers each.
    Draws,
    /// Shares of mixup and of cutmix: see [`crate::augment::Quantiles`].
    Quantiles,
    /// The batch while it is being put together, in `f32`: as sampled, where it is blurred then; and on its way.
    Sampled,
    Staged,
    /// Numbers of digits, in the order in which they are asked for: `u32`.
    Order,
}

/// A number of a shader's `dims`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    U32(u32),
    I32(i32),
    F32(f32),
}

impl Word {
    pub fn bits(self) -> u32 {
        match self {
            Self::U32(n) => n,
            Self::I32(n) => n.cast_unsigned(),
            Self::F32(x) => x.to_bits(),
        }
    }
}

/// Extents are checked before any plan: all are far below 2³².
impl From<usize> for Word {
    fn from(n: usize) -> Self {
        Self::U32(n as u32)
    }
}

impl From<u32> for Word {
    fn from(n: u32) -> Self {
        Self::U32(n)
    }
}

impl From<bool> for Word {
    fn from(yes: bool) -> Self {
        Self::U32(u32::from(yes))
    }
}

impl From<f32> for Word {
    fn from(x: f32) -> Self {
        Self::F32(x)
    }
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    pub shader: &'static Shader,
    pub reads: &'static [Slot],
    pub writes: &'static [Slot],
    /// The fields of the shader's `Dims`, in order, by name.
    pub dims: Vec<(&'static str, Word)>,
    /// Workgroups along x, y and z; at most [`GROUPS_LIMIT`] each.
    pub groups: [u32; 3],
}

/// What a layer launches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Launches {
    pub forward: Vec<Launch>,
    pub backward: Vec<Launch>,
    /// Numbers of working space that the two need at once.
    pub scratch_len: usize,
}

/// Where a layer's launches run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Site {
    /// Place of the layer's first weight among all.
    pub params: usize,
    /// Place of its first running statistic among all.
    pub state: usize,
    /// Whether somebody asks for the gradient of the input.
    pub wants_d_input: bool,
    /// The same for each further input of a join.
    pub wants_d_sides: [bool; INPUTS_LIMIT - 1],
    /// The device can sum across a subgroup.
    pub subgroups: bool,
}

impl Site {
    /// Whether somebody asks for the gradient of input `k`.
    pub fn wants(&self, k: usize) -> bool {
        if k == 0 { self.wants_d_input } else { self.wants_d_sides.get(k - 1).is_some_and(|w| *w) }
    }

    /// Where a step of a plan stands.
    pub fn of(step: &Step, subgroups: bool) -> Self {
        let [wants_d_input, wants_d_sides @ ..] = step.wants();
        Self { params: step.params.start, state: step.state.start, wants_d_input, wants_d_sides, subgroups }
    }
}

/// What adds up the gradients of numbers that several layers read: after a step's own backward launches.
pub fn sums(step: &Step) -> Vec<Launch> {
    const SUMS: [&[Slot]; INPUTS_LIMIT] = [
        &[Slot::Sum(0)],
        &[Slot::Sum(1)],
        &[Slot::Sum(2)],
        &[Slot::Sum(3)],
        &[Slot::Sum(4)],
        &[Slot::Sum(5)],
        &[Slot::Sum(6)],
        &[Slot::Sum(7)],
    ];
    let grads = step.inputs.iter().enumerate().filter_map(|(k, i)| Some((k, i.grad.as_ref()?)));
    let launch = |(k, grad): (usize, &InputGrad)| {
        let len = grad.range.len();
        Launch { shader: &SUM_INTO, reads: join::D_INPUT[k], writes: SUMS[k], dims: vec![("len", len.into())], groups: spread(len, 64) }
    };
    grads.filter(|(_, grad)| grad.sum.is_some()).map(launch).collect()
}

/// Most workgroups along one axis, by WebGPU's defaults.
pub const GROUPS_LIMIT: u32 = 65_535;

/// Workgroups of `size` invocations for `count` numbers, one each. Where one axis does not do, they
/// are spread over two: the shader's number is then
/// `(group.y · groups.x + group.x) · size + place in the group`, and the last may lie beyond `count`.
pub fn spread(count: usize, size: usize) -> [u32; 3] {
    let groups = count.div_ceil(size).max(1) as u32;
    let rows = groups.div_ceil(GROUPS_LIMIT);
    [groups.div_ceil(rows), rows, 1]
}

/// Whether so many tiles, taken by twos, leave no more than a quarter of the work in vain: then a shader may have
/// the four invocations of a quad share what they read.
pub fn quads_fit(tiles: usize) -> bool {
    tiles.is_multiple_of(2) || tiles > 2
}

/// Planes that an invocation takes where each takes one place of a plane after another.
const PLANES: usize = 16;

/// Workgroups of 64 invocations along x for the places of a plane, and along y for the planes: an invocation
/// takes its place in every so many planes, as there are workgroups along y. What a place is, is so worked
/// out only once.
pub fn by_plane(places: usize, planes: usize) -> [u32; 3] {
    [places.div_ceil(64).max(1) as u32, (planes.div_ceil(PLANES) as u32).clamp(1, GROUPS_LIMIT), 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gets_an_invocation() {
        for count in [0, 1, 64, 65, 4_194_240, 4_194_241, 100_000_000] {
            let [x, y, z] = spread(count, 64);
            assert!(x <= GROUPS_LIMIT && y <= GROUPS_LIMIT && z == 1);
            assert!(x as usize * y as usize * 64 >= count.max(1));
        }
    }

    #[test]
    fn half_precision_changes_one_line() {
        let shader = Shader { name: "a/b", source: "// Words.\nalias Stored = f32;\nfn f() {}\n" };
        assert_eq!(shader.text(Storage::F16), "// Words.\nenable f16;\nalias Stored = f16;\nfn f() {}\n");
        assert!(shader.knows_storage() && !shader.reads_now());
    }
}
