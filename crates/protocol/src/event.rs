//! Worker to page.

use std::ops::Range;

use engine::{ParamId, SpecError, Tensor, json::Read};
use serde::Serialize;

use crate::{
    Advice, Backend, CardReport, Finding, FrameId, Note, Opened, PartView, Previewed, Probed, Racer, RunId, RunSpec, Trace, Traffic,
};

/// What the worker tells the page.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The worker runs and listens. Always the first event.
    Ready {
        version: String,
    },
    /// Digits that have arrived so far.
    DataArrived {
        train: u32,
        train_total: u32,
    },
    /// A run stands ready, paused. `progress` is not at zero where a checkpoint was loaded; the
    /// past of such a run is here and is not sent again as `Progressed` and `Evaluated`.
    Opened {
        run: RunId,
        spec: RunSpec,
        summary: Summary,
        progress: Progress,
        history: Vec<Progress>,
        scores: Vec<Score>,
        /// What was changed on the way.
        notes: Vec<Note>,
    },
    /// The run goes on with other settings from `step` on. `notes` are all of the run.
    Amended {
        run: RunId,
        step: u32,
        spec: RunSpec,
        summary: Summary,
        notes: Vec<Note>,
    },
    /// What a search has found so far: `over` with the last, or where it was given up; `message` says why.
    Found {
        run: RunId,
        finding: Finding,
        over: bool,
        message: String,
    },
    /// How a race stands, in the order of its entries: `over` with the last; `message` says why where it was ended.
    /// With the end come the weights of each, see [`Racer::weights_of`].
    Raced {
        run: RunId,
        racers: Vec<Racer>,
        over: bool,
        message: String,
    },
    /// The specification is no network.
    Refused {
        run: RunId,
        error: SpecError,
    },
    /// A command was not carried out; `message` names it and says why. A run goes on as it was.
    Declined {
        run: RunId,
        message: String,
    },
    Played {
        run: RunId,
    },
    Paused {
        run: RunId,
        progress: Progress,
    },
    /// What training has reached: several times a second while it goes on. `history` holds the
    /// points since the last event of this kind.
    Progressed {
        run: RunId,
        progress: Progress,
        history: Vec<Progress>,
        /// `None` on the CPU.
        traffic: Option<Traffic>,
    },
    /// The watched tensors on the sample. Bulk: their numbers, at `views[i].range`.
    Framed {
        run: RunId,
        frame: FrameId,
        step: u32,
        probabilities: Vec<f32>,
        views: Vec<View>,
    },
    /// The parts of the tile that is looked into, of the same moment as the frame that follows. Bulk: their
    /// numbers. `trouble` says why the field of a cell could not be measured.
    Dissected {
        run: RunId,
        opened: Opened,
        parts: Vec<PartView>,
        trouble: Option<String>,
    },
    /// File: the answer to each of its digits, a byte each.
    Evaluated {
        run: RunId,
        score: Score,
    },
    /// The layers were measured. Bulk: [`crate::Reading::to_bulk`].
    Probed {
        run: RunId,
        probe: Probed,
    },
    /// What goes wrong in the run has changed: all of it as it is now, the most pressing first.
    Advised {
        run: RunId,
        advice: Vec<Advice>,
    },
    /// Images of step `step` as an augmentation changes them. Bulk: for each of `images` its numbers as it lies in the
    /// data, then as it is trained on.
    Previewed {
        run: RunId,
        ask: u32,
        step: u32,
        images: Vec<Previewed>,
    },
    /// The last epoch is over and the test digits have been scored.
    /// The last epoch is over and the test digits have been scored. `message` says why it was the last, if the run was
    /// ended early, and whose weights are in place, if not the last ones.
    Finished {
        run: RunId,
        progress: Progress,
        message: Option<String>,
    },
    /// The file lies in [`Message::file`](crate::Message::file).
    Saved {
        run: RunId,
        ask: u32,
    },
    /// What was found out about the graphics card. At start, and again where it has changed.
    Checked {
        report: CardReport,
    },
    /// The run goes on elsewhere, stays on the CPU because the card cannot take it, or has lost one of its cores:
    /// `message` says why. Points of its curves and scores after `progress.step` are void.
    Moved {
        run: RunId,
        backend: Backend,
        /// Activations are stored in half precision from now on.
        half: bool,
        /// Processor cores that share a step of training.
        cores: u32,
        progress: Progress,
        message: String,
    },
    /// CPU and card, which run the same steps, have come to differ: the first step and tensor, and the
    /// number in it that differs most. Both are finite: a number that is none is 0 here, and told in
    /// words.
    Parted {
        run: RunId,
        step: u32,
        tensor: String,
        position: u32,
        cpu: f32,
        gpu: f32,
        message: String,
    },
    /// The moments that are kept now, as updates made, in order.
    Kept {
        run: RunId,
        steps: Vec<u32>,
    },
    /// The sample is shown as the network saw it after so many updates; `None`: as it does now.
    Looked {
        run: RunId,
        step: Option<u32>,
    },
    /// The run stands at an earlier moment, paused. What came after `progress.step` is void.
    Resumed {
        run: RunId,
        progress: Progress,
    },
    /// A parameter at the kept moments. Bulk: (moment, numbers of `param`).
    Filmed {
        run: RunId,
        param: ParamId,
        steps: Vec<u32>,
    },
    /// Bulk: the numbers of the views.
    Traced {
        run: RunId,
        trace: Trace,
    },
    /// A file was not taken; the run goes on as it was.
    LoadFailed {
        run: RunId,
        message: String,
    },
    /// The data cannot be had: which file, and what is wrong with it.
    DataFailed {
        file: String,
        message: String,
    },
    /// The run has stopped by itself; `message` says why and what helps. Where the worker still
    /// answers, `Paused` follows with the step at which the run now stands: later points of its
    /// curves are void. It can be tuned, played on and saved.
    Faulted {
        run: RunId,
        message: String,
    },
}

impl Event {
    /// The run that the event is about; `None` for those about data and the worker itself.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Self::Ready { .. } | Self::DataArrived { .. } | Self::DataFailed { .. } | Self::Checked { .. } => None,
            Self::Opened { run, .. }
            | Self::Amended { run, .. }
            | Self::Found { run, .. }
            | Self::Raced { run, .. }
            | Self::Refused { run, .. }
            | Self::Declined { run, .. }
            | Self::Played { run }
            | Self::Paused { run, .. }
            | Self::Progressed { run, .. }
            | Self::Framed { run, .. }
            | Self::Dissected { run, .. }
            | Self::Evaluated { run, .. }
            | Self::Probed { run, .. }
            | Self::Advised { run, .. }
            | Self::Previewed { run, .. }
            | Self::Finished { run, .. }
            | Self::Saved { run, .. }
            | Self::Moved { run, .. }
            | Self::Parted { run, .. }
            | Self::Kept { run, .. }
            | Self::Looked { run, .. }
            | Self::Resumed { run, .. }
            | Self::Filmed { run, .. }
            | Self::Traced { run, .. }
            | Self::LoadFailed { run, .. }
            | Self::Faulted { run, .. } => Some(*run),
        }
    }
}

/// Facts of a run; they change with what it computes on ([`Event::Moved`]) and else not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Summary {
    pub backend: Backend,
    /// Activations are stored in half precision.
    pub half: bool,
    /// Processor cores that share a step of training.
    pub cores: u32,
    pub params: u32,
    /// Multiply-adds of one image's forward pass.
    pub multiply_adds: f64,
    /// Memory of the training plan.
    pub memory_bytes: f64,
    pub steps_per_epoch: u32,
}

/// Where training stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
pub struct Progress {
    /// Updates made.
    pub step: u32,
    /// Epochs as a fraction: 1.5 is halfway through the second.
    pub epoch: f64,
    /// Mean loss of the batches since the last point.
    pub loss: f64,
    /// Share of right answers in those batches.
    pub accuracy: f64,
    pub rate: f32,
    /// Training speed over the last moment; 0 while paused and in points of a history.
    pub images_per_second: f64,
    /// What the penalty on the weights adds to the loss, which is given without it: as of a moment ago; 0 in points of a
    /// history.
    #[serde(default)]
    pub penalty: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum EvalSet {
    Validation,
    Test,
}

/// The network's result on a whole set.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Score {
    pub set: EvalSet,
    pub step: u32,
    pub epoch: f64,
    pub loss: f64,
    pub accuracy: f64,
    pub count: u32,
    /// Row: true class, column: answer; `classes × classes`.
    pub confusion: Vec<u32>,
    /// Absent in files of earlier versions.
    #[serde(default)]
    pub quality: Option<Quality>,
}

/// What the probabilities are worth, beyond the answers.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Quality {
    /// Share of digits whose class is among the two most probable ones.
    pub top_2: f64,
    pub top_3: f64,
    /// Expected calibration error, of 15 intervals: 0 where the network is right as often as it is sure.
    pub ece: f64,
    /// Squared distance from certainty in the right class, 0 to 2.
    pub brier: f64,
    /// Area under the ROC curve of each class against all others; `None` where the class or the others
    /// are missing.
    pub roc_auc: Vec<Option<f64>>,
}

/// One watched tensor within a frame's bulk.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct View {
    pub tensor: Tensor,
    pub dims: Vec<usize>,
    pub range: Range<usize>,
}
