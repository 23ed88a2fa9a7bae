//! What a batch looks like.

use engine::{Augment, json::Read};
use serde::Serialize;

/// A look at the next batch of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Preview {
    /// Comes back with the answer.
    pub ask: u32,
    /// In place of the run's own.
    pub augment: Augment,
    /// What is drawn, in place of the run's seed. The images are those of the run.
    pub seed: u32,
    /// So many images, from the first of the batch on.
    pub count: u32,
}

/// An image of the batch: of which class, and with which it is mixed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
pub struct Previewed {
    pub label: u8,
    pub other: u8,
    /// The own class's share of the target; 1 where nothing is mixed.
    pub share: f32,
}
