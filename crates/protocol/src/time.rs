//! Going back in a run, and taking one of its steps apart.

use engine::{ParamId, json::Read};
use serde::Serialize;

use crate::{RunId, View};

/// What can be done with the moments that a session keeps of its run. A moment is all that training
/// changes, as it was after so many updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(tag = "travel", rename_all = "snake_case")]
pub enum Travel {
    /// The sample is shown as the network of the kept moment nearest to `step` sees it; a run that plays is paused.
    /// Answered by `Looked`.
    To { step: u32 },
    /// The sample is shown as the network now sees it. Answered by `Looked`.
    Now,
    /// The run stands at the kept moment nearest to `step` and goes on from there, bit for bit as it did: later
    /// points of its curves, scores and moments are void. Answered by `Resumed`.
    Resume { step: u32 },
    /// As `Resume`, but as a run of its own: answered by `Opened` of the run `to`.
    Branch { step: u32, to: RunId },
    /// What `param` was at the kept moments. Answered by `Filmed`.
    Film { param: ParamId },
    /// A kept moment as a file, for the browser's store: answered by `Saved`.
    Save { step: u32, ask: u32 },
    /// A moment of this run out of [`Message::file`](crate::Message::file). One that does not fit is `Declined`;
    /// else `Kept` names it.
    Recall,
}

/// One step of training, followed for one image of its batch: what was computed before the update, and the update.
/// The numbers travel beside the message.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Trace {
    /// Updates made before this step.
    pub step: u32,
    /// Place in the batch of the image that is followed.
    pub place: u32,
    pub batch: u32,
    pub label: u8,
    /// What the rule is given, after the schedule.
    pub rate: f32,
    /// Mean of the batch.
    pub loss: f64,
    /// Of the followed image alone.
    pub example_loss: f64,
    /// Right answers in the batch.
    pub correct: u32,
    /// Of the classes, for the followed image.
    pub probabilities: Vec<f32>,
    /// In the order of the network's parameters.
    pub changes: Vec<ParamChange>,
    /// The image, outputs of layers and the loss's gradients with respect to them, for the followed image (a batch
    /// of one); parameters before the update, and their gradients as the rule saw them.
    pub views: Vec<View>,
    /// Parameters after the update.
    pub after: Vec<View>,
}

/// What the update does to one tensor of parameters, as lengths of vectors (roots of sums of squares).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
pub struct ParamChange {
    pub before: f64,
    pub gradient: f64,
    pub change: f64,
}
