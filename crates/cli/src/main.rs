//! The command `kernelscope`: the page's network and training on a terminal.
//!
//! It opens the same sessions with the same commands as the page, so the same seed gives the same
//! numbers. Results go to standard output, progress and errors to standard error; the exit code is
//! 0, 1 where something went wrong, 2 where the arguments make no sense.

mod arguments;
mod bench;
mod conformance;
mod describe;
mod digits;
mod driver;
mod error;
mod eval;
mod exchange;
mod predict;
mod source;
mod table;
mod train;
mod wanted;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use clap::Parser;

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Train(order) => train::run(&order),
        Task::Eval(order) => eval::run(&order),
        Task::Predict(order) => predict::run(&order),
        Task::Export(order) => exchange::export(&order),
        Task::Import(order) => exchange::import(&order),
        Task::Bench(order) => bench::run(&order),
        Task::Describe(order) => describe::run(&order),
        Task::Conformance(order) => conformance::run(&order),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
