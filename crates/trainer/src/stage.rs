//! Which command is carried out when.

use protocol::Command;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// No run is open.
    Idle,
    Paused,
    Playing,
    /// Playing, and scoring the network between two epochs or after the last.
    Scoring,
    /// The last epoch is over and scored.
    Finished,
}

impl Stage {
    pub const ALL: [Self; 5] = [Self::Idle, Self::Paused, Self::Playing, Self::Scoring, Self::Finished];
}

/// A command without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    Open,
    Play,
    Pause,
    Step,
    Tune,
    Amend,
    Seek,
    Race,
    SetPace,
    Watch,
    Dissect,
    Show,
    Ack,
    Probe,
    Evaluate,
    Preview,
    Save,
    Load,
    Time,
    Trace,
    Close,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Carried out, answered as [`Command`] says. (`Play` while playing and `Pause` while paused
    /// change nothing and are answered again.)
    Do,
    /// Answered by `Declined`.
    Decline,
    /// Nothing happens and nothing is answered: the page may send it before it knows of the change.
    Pass,
}

use Verdict::{Decline, Do, Pass};

/// Every command in every stage, in the order of [`Stage::ALL`].
#[rustfmt::skip]
pub const TABLE: [(Ask, [Verdict; 5]); 21] = [
    //                 Idle     Paused  Playing  Scoring  Finished
    (Ask::Open,     [Do,      Do,     Do,      Do,      Do]),
    (Ask::Play,     [Decline, Do,     Do,      Do,      Do]), // Finished: for as many epochs again.
    (Ask::Pause,    [Decline, Do,     Do,      Do,      Do]), // Finished stays finished.
    (Ask::Step,     [Decline, Do,     Do,      Do,      Do]), // Finished: into the next epochs.
    (Ask::Tune,     [Decline, Do,     Do,      Do,      Do]),
    (Ask::Amend,    [Decline, Do,     Do,      Do,      Do]),
    (Ask::Seek,     [Decline, Do,     Do,      Do,      Do]),
    (Ask::Race,     [Decline, Do,     Do,      Do,      Do]), // Pauses.
    (Ask::SetPace,  [Decline, Do,     Do,      Do,      Do]),
    (Ask::Watch,    [Decline, Do,     Do,      Do,      Do]),
    (Ask::Dissect,  [Decline, Do,     Do,      Do,      Do]),
    (Ask::Show,     [Decline, Do,     Do,      Do,      Do]),
    (Ask::Ack,      [Pass,    Do,     Do,      Do,      Do]),
    (Ask::Probe,    [Decline, Do,     Do,      Do,      Do]),
    (Ask::Evaluate, [Decline, Do,     Do,      Do,      Do]),
    (Ask::Preview,  [Decline, Do,     Do,      Do,      Do]),
    (Ask::Save,     [Decline, Do,     Do,      Do,      Do]),
    (Ask::Load,     [Do,      Do,     Do,      Do,      Do]), // Idle: a checkpoint only.
    (Ask::Time,     [Decline, Do,     Do,      Do,      Do]),
    (Ask::Trace,    [Decline, Do,     Do,      Do,      Do]), // Pauses.
    (Ask::Close,    [Pass,    Do,     Do,      Do,      Do]),
];

impl From<&Command> for Ask {
    fn from(command: &Command) -> Self {
        match command {
            Command::Open { .. } => Self::Open,
            Command::Play { .. } => Self::Play,
            Command::Pause { .. } => Self::Pause,
            Command::Step { .. } => Self::Step,
            Command::Tune { .. } => Self::Tune,
            Command::Amend { .. } => Self::Amend,
            Command::Seek { .. } => Self::Seek,
            Command::Race { .. } => Self::Race,
            Command::SetPace { .. } => Self::SetPace,
            Command::Watch { .. } => Self::Watch,
            Command::Dissect { .. } => Self::Dissect,
            Command::Show { .. } => Self::Show,
            Command::Ack { .. } => Self::Ack,
            Command::Probe { .. } => Self::Probe,
            Command::Evaluate { .. } => Self::Evaluate,
            Command::Preview { .. } => Self::Preview,
            Command::Save { .. } => Self::Save,
            Command::Load { .. } => Self::Load,
            Command::Time { .. } => Self::Time,
            Command::Trace { .. } => Self::Trace,
            Command::Close { .. } => Self::Close,
        }
    }
}

impl Ask {
    /// What becomes of this command in `stage`.
    pub fn verdict(self, stage: Stage) -> Verdict {
        let (_, row) = TABLE[self as usize];
        row[stage as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enums() {
        assert!(TABLE.iter().enumerate().all(|(i, (ask, _))| *ask as usize == i));
        assert!(Stage::ALL.iter().enumerate().all(|(i, stage)| *stage as usize == i));
    }
}
