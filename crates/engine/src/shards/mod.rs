//! A step of training on several cores, with the same bits however many there are.
//!
//! ```text
//! batch --Split--> leaves --Worker--> a gradient for each --Tree--> the batch's gradient --> update
//! ```
//!
//! A batch falls into **leaves**, a number of images that follows from network and batch alone. Forward and backward
//! run leaf by leaf, and the leaves' gradients are added pairwise, in a tree that is fixed too. So it does not matter
//! who computes a leaf: the [`Crew`]'s leader owns parameters, optimizer and data, and gives each of its
//! [`Shard`]s a run of leaves and the parameters; a shard answers with the sums of whole branches of the tree. It keeps
//! nothing from step to step. Where one is lost, the step begins anew with those left, and nothing else changes. Where all
//! can see a [`Board`], one that is through takes leaves from the others' runs ([`claims`]).
//!
//! Batch norm takes its statistics from the whole batch: there all workers stop, the leaves' statistics are joined
//! in the same tree, and all go on with those of the batch: once forward and once backward for each such layer.
//!
//! What a shard runs on is none of this module's business: natively a thread ([`threads`]), in a page a worker.

pub mod claims;
mod crew;
mod inline;
mod task;
#[cfg(not(target_family = "wasm"))]
pub mod threads;
mod tree;
mod worker;

use std::{ops::Range, sync::Arc};

pub use claims::Board;
pub use crew::{Crew, Scored, Spent};
pub use inline::Inline;
pub use task::{Hand, Loan, Lost, Shard, Task, What};
pub use tree::{GradSum, Node, Tree};
pub use worker::{Part, Worker};

use crate::{Augment, Graph, LayerSpec, LossSpec, Mode, Plan, PlanOptions, SpecError, plan::Watch};

/// Images that are scored at once: few enough that a turn stays short, enough to keep kernels busy.
pub const SCORE_BATCH: usize = 100;

/// A batch cut into leaves of `size` images; the last may be smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    pub batch: usize,
    pub size: usize,
}

/// Fewest and most images that a leaf is meant to have.
const LEAF: Range<usize> = 16..64;
/// A leaf's gradient is written and added once for each leaf: the leaf's multiply-adds are to be so many times that.
const WORK_PER_WEIGHT: u64 = 64;

impl Split {
    /// How a batch of this network is cut: into leaves as equal as can be.
    pub fn new(graph: &Graph, batch: usize) -> Self {
        let (params, work) = (graph.params_len() as u64, graph.cost().multiply_adds.max(1));
        let wanted = params.saturating_mul(WORK_PER_WEIGHT).div_ceil(work).next_power_of_two();
        let most = wanted.clamp(LEAF.start as u64, LEAF.end as u64) as usize;
        let batch = batch.max(1);
        Self { batch, size: batch.div_ceil(batch.div_ceil(most)) }
    }

    /// One leaf, the batch itself.
    pub fn whole(batch: usize) -> Self {
        Self { batch, size: batch.max(1) }
    }

    pub fn leaves(&self) -> usize {
        self.batch.div_ceil(self.size)
    }

    /// The images of a leaf.
    pub fn images(&self, leaf: usize) -> Range<usize> {
        leaf * self.size..((leaf + 1) * self.size).min(self.batch)
    }

    /// The images of several leaves in a row.
    pub fn images_of(&self, leaves: &Range<usize>) -> Range<usize> {
        leaves.start * self.size..(leaves.end * self.size).min(self.batch)
    }

    /// The leaves of worker `worker` of `workers`: runs as equal as can be.
    pub fn share(&self, worker: usize, workers: usize) -> Range<usize> {
        let leaves = self.leaves();
        worker * leaves / workers..(worker + 1) * leaves / workers
    }
}

/// What workers know about a run: all that stays the same from step to step.
#[derive(Clone, Debug)]
pub struct Job {
    pub graph: Arc<Graph>,
    pub split: Split,
    pub loss: LossSpec,
    pub augment: Augment,
    /// Of a leaf.
    pub leaf: Plan,
    /// Of the last leaf, where that is smaller.
    pub last: Option<Plan>,
    /// Evaluation mode, [`SCORE_BATCH`] images.
    pub score: Plan,
}

impl Job {
    /// # Errors
    /// [`SpecError::Memory`].
    pub fn new(graph: &Arc<Graph>, batch: usize, loss: LossSpec, augment: Augment) -> Result<Self, SpecError> {
        Self::cut(graph, Split::new(graph, batch), loss, augment, &Watch::Nothing)
    }

    fn cut(graph: &Arc<Graph>, split: Split, loss: LossSpec, augment: Augment, watch: &Watch) -> Result<Self, SpecError> {
        let plan = |batch, mode, watch: &Watch| Plan::compile_for_cpu(graph, &PlanOptions { batch, mode, watch: watch.clone() });
        let last = split.images(split.leaves() - 1).len();
        Ok(Self {
            graph: Arc::clone(graph),
            leaf: plan(split.size, Mode::Train, watch)?,
            last: if last < split.size { Some(plan(last, Mode::Train, watch)?) } else { None },
            score: plan(SCORE_BATCH, Mode::Eval, &Watch::Nothing)?,
            split,
            loss,
            augment,
        })
    }

    /// The same with the batch in one piece, so that its tensors can be read after a step.
    ///
    /// # Errors
    /// [`SpecError::Memory`].
    pub fn whole(&self, watch: &Watch) -> Result<Self, SpecError> {
        Self::cut(&self.graph, Split::whole(self.split.batch), self.loss.clone(), self.augment, watch)
    }

    /// The images that whoever works on these leaves must see: where images are mixed, all of the batch.
    pub fn lent(&self, leaves: &Range<usize>) -> Range<usize> {
        if self.augment.mixes() { 0..self.split.batch } else { self.split.images_of(leaves) }
    }

    /// Whether any worker may compute any leaf: those that wait for each other stay where their buffers are.
    pub(crate) fn is_free(&self) -> bool {
        (2..=claims::MOST_LEAVES).contains(&self.split.leaves()) && !self.is_joint()
    }

    /// Whether leaves must wait for each other: a layer needs statistics of the whole batch, which has several.
    pub(crate) fn is_joint(&self) -> bool {
        self.split.leaves() > 1 && self.graph.nodes.iter().any(|n| matches!(n.layer, LayerSpec::BatchNorm2d(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::{PRESETS, preset};

    #[test]
    fn leaves_cover_the_batch_and_shares_the_leaves() {
        for preset in PRESETS {
            let graph = Graph::check(&preset.model()).unwrap();
            for batch in (1..200).chain([256, 1000, 4096]) {
                let split = Split::new(&graph, batch);
                let mut next = 0;
                for leaf in 0..split.leaves() {
                    let images = split.images(leaf);
                    assert!(images.start == next && !images.is_empty() && images.len() <= LEAF.end, "{} {batch}: {images:?}", preset.slug);
                    next = images.end;
                }
                assert_eq!(next, batch);
                for workers in 1..10 {
                    let shares: Vec<usize> = (0..workers).flat_map(|w| split.share(w, workers)).collect();
                    assert_eq!(shares, (0..split.leaves()).collect::<Vec<_>>());
                }
            }
        }
    }

    /// Dense layers have a weight for each multiply-add: their leaves are larger.
    #[test]
    fn a_leaf_is_worth_its_gradient() {
        let size = |slug: &str| Split::new(&Graph::check(&preset(slug).unwrap().model()).unwrap(), 256).size;
        assert_eq!((size("n4"), size("n3")), (64, 16));
    }
}
