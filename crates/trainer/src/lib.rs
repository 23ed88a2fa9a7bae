//! A training run as a state machine.
//!
//! ```text
//! Command --handle--> Session --turn, turn, turn--> outbox --> Event
//!                     (network, data, position)
//!                        |       ^
//!                       Work    Done
//!                        v       |
//!                        Machine: the CPU at once, a card later
//! ```
//!
//! [`Session`] knows neither clock nor browser nor terminal: time is an argument, messages come in
//! and go out as values. The worker of the page and the program on the terminal run the same one.
//!
//! What a run computes depends on its [`protocol::RunSpec`] alone: not on when it is paused, how long
//! a turn is, when data arrive or what is watched. On the CPU the same specification gives the same
//! bits everywhere.

pub mod adviser;
pub mod checkpoint;
mod dissection;
mod evaluation;
mod feed;
mod history;
pub mod machine;
mod moments;
mod network;
pub mod probes;
mod race;
mod rest;
mod safeguard;
mod sample;
mod session;
pub mod stage;
mod suggestion;
pub mod survey;
mod taken_up;
mod tempo;
mod training;
mod trial;

pub use feed::{Feed, Origin, Portion};
pub use history::Columns;
pub use moments::MOMENTS_LIMIT;
pub use network::{Network, OpenError, Standing};
pub use rest::Rest;
pub use session::Session;
pub use stage::{Ask, Stage, Verdict};
