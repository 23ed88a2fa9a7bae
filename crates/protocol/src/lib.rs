//! What page and worker say to each other ([`Command`], [`Event`]) and what a link says ([`link`]).
//!
//! Commands are imperatives, events past participles. Every message about a run carries its
//! [`RunId`]; the page drops events of runs that it has left, the worker drops commands to runs that
//! are not open.
//!
//! A [`Message`] has a head, which is serialised, and two buffers beside it, which are moved and not
//! copied (in a browser: two transferred `ArrayBuffer`s): numbers in bulk, named by ranges in the head,
//! and a file. No head holds bytes: an internally tagged enum would take them apart into a list of
//! numbers on its way through serde. Heads go through `serde_json` and `serde_wasm_bindgen` alike,
//! because their numbers are finite (JSON has no NaN; a fault is told in words) and whole numbers fit
//! into 53 bits.

pub mod advice;
pub mod card;
pub mod change;
pub mod command;
pub mod compact;
pub mod contest;
pub mod difference;
pub mod dissection;
pub mod event;
pub mod link;
pub mod preview;
pub mod probe;
pub mod quest;
pub mod record;
pub mod regime;
pub mod run;
pub mod time;

pub use advice::{Advice, Change, Remedy};
pub use card::{Adapter, Backend, CardReport, Check, Timing, Traffic, Wish, WishError};
pub use change::Note;
pub use command::{Command, Save};
pub use contest::{Race, Racer};
pub use dissection::{Opened, PartView};
pub use event::{EvalSet, Event, Progress, Quality, Score, Summary, View};
pub use preview::{Preview, Previewed};
pub use probe::{Histogram, LayerReading, Probed, Probing, Reading};
pub use quest::{BatchRow, BatchSuggestion, Finding, Quest, RatePoint, RateSuggestion};
pub use record::Record;
pub use regime::{ClassWeights, Precision, Selection, Stopping};
pub use run::{FrameId, Hyper, Pace, RunError, RunId, RunSpec, TrainSpec};
pub use time::{ParamChange, Trace, Travel};

/// Numbers that travel beside a message. A message without any carries an empty one.
pub type Bulk = Vec<f32>;

/// A [`Command`] or an [`Event`] with what travels beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message<T> {
    pub head: T,
    pub bulk: Bulk,
    /// Bytes: a file with [`Command::Load`] and [`Event::Saved`], answers with [`Event::Evaluated`]; empty with all
    /// others.
    pub file: Vec<u8>,
}

impl<T> From<T> for Message<T> {
    fn from(head: T) -> Self {
        Self { head, bulk: Vec::new(), file: Vec::new() }
    }
}
