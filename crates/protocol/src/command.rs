//! Page to worker.

use engine::{Tensor, json::Read};
use serde::Serialize;

use crate::{FrameId, Hyper, Opened, Pace, Preview, Probing, Quest, Race, RunId, RunSpec, Travel};

/// What the page asks of the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "commands are rare, and none is kept")]
pub enum Command {
    /// Starts a run, paused; any other run ends. Answered by `Opened`, by `Refused` where the network
    /// is none, or by `Declined` where the training settings are out of range (no run is open then). With weights of
    /// another run in [`Message::file`](crate::Message::file) it begins with those tensors that fit: layers that both
    /// networks have, with the same extents.
    Open { run: RunId, spec: RunSpec },
    /// Answered by `Played`. After `Finished`: goes on for as many epochs again.
    Play { run: RunId },
    /// Answered by `Paused`.
    Pause { run: RunId },
    /// So many steps, then pause: answered by `Played` and, after the last, by `Paused`.
    Step { run: RunId, count: u32 },
    /// The rate from the next step on; answered by `Amended`. Out of range: `Declined`.
    Tune { run: RunId, hyper: Hyper },
    /// Goes on with other settings, with the same weights: once the steps under way have come back; answered by
    /// `Amended`. `Declined` where settings are out of range, or weights would have other shapes or another start.
    Amend { run: RunId, spec: RunSpec },
    /// Looks for a rate or a batch size on a copy of the network, while training waits: answered by `Found`, more than
    /// once. `None` ends a search. The run's numbers stay as they are.
    Seek { run: RunId, quest: Option<Quest> },
    /// Lets several networks train side by side, each on a machine of its own, while the run rests: answered by
    /// `Paused` where it played, and by `Raced` again and again. `None` ends a race. Until it is over, what would train
    /// the run is `Declined`.
    Race { run: RunId, race: Option<Race> },
    /// Out of range: `Declined`.
    SetPace { run: RunId, pace: Pace },
    /// What to send with each frame, taken from an evaluation of the sample. Replaces the whole set.
    Watch { run: RunId, tensors: Vec<Tensor> },
    /// The tile that is taken apart from now on: `Dissected` comes with every frame. `None`: no more.
    Dissect { run: RunId, opened: Option<Opened> },
    /// The image that the page shows. Bulk: the input's numbers, 0 to 1.
    Show { run: RunId },
    /// The page has drawn this frame and takes the next.
    Ack { run: RunId, frame: FrameId },
    /// What to measure inside the network from now on, answered by `Probed` and `Advised` again and again.
    /// Costs a twentieth of the worker's time at most; changes no number of the run.
    Probe { run: RunId, what: Probing },
    /// Scores the network on a set now; answered by `Evaluated`.
    Evaluate { run: RunId, set: crate::EvalSet },
    /// What augmentation makes of the images of the next step; answered by `Previewed`.
    Preview { run: RunId, preview: Preview },
    /// Answered by `Saved` with a file in the form of safetensors: the weights under PyTorch's names
    /// and, in a checkpoint, what is needed to go on exactly where the run stands.
    Save { run: RunId, ask: u32, what: Save },
    /// Weights or a checkpoint, in [`Message::file`](crate::Message::file). A checkpoint brings its own
    /// spec and position along: the run is opened anew under `run`, whatever was open before. Weights
    /// alone go into the network of the open run, which starts again from them at step 0. Both are
    /// answered by `Opened`; a file that does not fit by `LoadFailed`.
    Load { run: RunId },
    /// To and from the moments that the session keeps of the run.
    Time { run: RunId, travel: Travel },
    /// Takes the step that comes next apart without making it, and follows image `place` of its batch; a run that
    /// plays is paused. Computed on the CPU, whatever the run is on. Answered by `Traced`.
    Trace { run: RunId, place: u32 },
    /// Ends the run.
    Close { run: RunId },
}

impl Command {
    /// The run that the command is about.
    pub fn run(&self) -> RunId {
        match self {
            Self::Open { run, .. }
            | Self::Play { run }
            | Self::Pause { run }
            | Self::Step { run, .. }
            | Self::Tune { run, .. }
            | Self::Amend { run, .. }
            | Self::Seek { run, .. }
            | Self::Race { run, .. }
            | Self::SetPace { run, .. }
            | Self::Watch { run, .. }
            | Self::Dissect { run, .. }
            | Self::Show { run }
            | Self::Ack { run, .. }
            | Self::Probe { run, .. }
            | Self::Evaluate { run, .. }
            | Self::Preview { run, .. }
            | Self::Save { run, .. }
            | Self::Load { run }
            | Self::Time { run, .. }
            | Self::Trace { run, .. }
            | Self::Close { run } => *run,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Save {
    Weights,
    Checkpoint,
}
