//! Every rule of the adviser on a real run that goes wrong in its way, and on runs that are well.

#![allow(clippy::unwrap_used, clippy::expect_used)] // A test may panic.

mod healthy;
mod provoked;
mod runs;
