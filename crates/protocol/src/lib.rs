//! What page and worker say to each other ([`Command`], [`Event`]) and what a link says ([`link`]).
//!
//! Commands are imperatives, events past participles. Every message about a run carries its
//! [`RunId`]; the page drops events of runs that it has left. Numbers that travel in bulk go beside
//! the message as one buffer of `f32` ([`Bulk`]), named by ranges; the buffer is moved, not copied.

pub mod command;
pub mod event;
pub mod link;
pub mod run;

pub use command::Command;
pub use event::{Event, EvalSet, Progress, Score, Summary, View};
pub use run::{FrameId, Hyper, Pace, RunId, RunSpec, TrainSpec};

/// Numbers that travel beside a message. A message without any carries an empty one.
pub type Bulk = Vec<f32>;
