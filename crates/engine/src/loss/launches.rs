//! What a loss runs on a graphics card.
//!
//! Each loss of a sum is one launch over the batch: it writes the loss of each example into `Losses`
//! and, where it is wanted, the gradient into `DOutput`; the first of a sum overwrites both, the others add.
//! Then `answers` judges each example, and `tally` adds up the batch. In evaluation the same files
//! run, told to leave the gradient alone. Cross-entropy of classes without further settings does all in one launch.

use super::LossKernel;
use crate::{
    Shape,
    backend::gpu::launch::{Launch, Shader, Slot, Word, spread},
};

static ANSWERS: Shader = Shader { name: "loss/answers", source: include_str!("answers.wgsl") };
static TALLY: Shader = Shader { name: "loss/tally", source: include_str!("tally.wgsl") };
/// The files that follow every loss but the plainest.
pub(super) const SHADERS: &[&Shader] = &[&ANSWERS, &TALLY];

/// Which targets the batches of a run have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    pub labels: bool,
    pub dense: bool,
}

impl Given {
    pub const LABELS: Self = Self { labels: true, dense: false };
    pub const DENSE: Self = Self { labels: false, dense: true };
    pub const BOTH: Self = Self { labels: true, dense: true };
}

/// Where a loss runs.
#[derive(Clone, Copy, Debug)]
pub struct LossPlace {
    pub output: Shape,
    pub batch: usize,
    pub given: Given,
    /// Training: the gradient is wanted.
    pub gradient: bool,
}

/// A loss within a sum.
#[derive(Clone, Copy, Debug)]
pub struct LossTerm {
    pub weight: f32,
    /// Not the first: adds to what the ones before it wrote.
    pub add: bool,
    /// Place of its class weights among those of all.
    pub class_weights: usize,
}

/// What each invocation of a loss's shader owns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Share {
    /// An example: few outputs, each needed several times.
    Example,
    /// One of 64 parts of an example: outputs may be many.
    Part,
}

/// One launch of a loss. `settings` follow what all have in the shader's `Dims`.
pub(super) fn term(
    shader: &'static Shader,
    reads: &'static [Slot],
    share: Share,
    at: &LossPlace,
    of: &LossTerm,
    settings: &[(&'static str, Word)],
) -> Launch {
    let mut dims = vec![
        ("outputs", at.output.len().into()),
        ("batch", at.batch.into()),
        ("has_labels", at.given.labels.into()),
        ("has_targets", at.given.dense.into()),
        ("gradient", at.gradient.into()),
        ("add", of.add.into()),
        ("weight", of.weight.into()),
    ];
    dims.extend_from_slice(settings);
    let groups = match share {
        Share::Example => spread(at.batch, 64),
        Share::Part => spread(at.batch, 1),
    };
    Launch { shader, reads, writes: &[Slot::DOutput, Slot::Losses], dims, groups }
}

/// What most losses read.
pub(super) const READS: &[Slot] = &[Slot::Output, Slot::Labels, Slot::Targets];

/// Right answers of the batch, and the sum of its losses.
pub(super) fn ends(at: &LossPlace, threshold: f32) -> [Launch; 2] {
    let batch = ("batch", at.batch.into());
    let dims = vec![
        ("outputs", at.output.len().into()),
        batch,
        ("has_labels", at.given.labels.into()),
        ("is_mask", super::is_mask(at.output).into()),
        ("threshold", threshold.into()),
    ];
    let answers = Launch { shader: &ANSWERS, reads: READS, writes: &[Slot::Answers], dims, groups: spread(at.batch, 1) };
    let reads = &[Slot::Losses, Slot::Answers];
    [answers, Launch { shader: &TALLY, reads, writes: &[Slot::Results], dims: vec![batch], groups: [1, 1, 1] }]
}

/// All launches of a sum of losses, each with its weight.
pub(super) fn all(terms: &[(f32, &dyn LossKernel)], at: &LossPlace) -> Vec<Launch> {
    let mut launches = Vec::new();
    let mut class_weights = 0;
    for (i, (weight, loss)) in terms.iter().enumerate() {
        launches.push(loss.launch(at, &LossTerm { weight: *weight, add: i > 0, class_weights }));
        class_weights += loss.class_weights().len();
    }
    launches.extend(ends(at, terms.first().map_or(0.0, |(_, loss)| loss.threshold())));
    launches
}
