//! What can go wrong, in one line each, with what helps.

use std::{io, path::PathBuf};

/// Why the command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no digits found: neither here nor in a folder above is there an assets/mnist; run `cargo xtask data` in the project, or say where they are with --data FOLDER"
    )]
    NoDigits,
    #[error("images of one's own are kept by the page, in the browser; here there are --data shapes and the digits")]
    OwnImages,
    #[error("the digits cannot be read: {cause}; run `cargo xtask data` in the project, or name another folder with --data FOLDER")]
    Digits { cause: data::DatasetError },
    #[error("there is no preset `{name}`; there are {known}")]
    Preset { name: String, known: String },
    #[error("there is no loss `{name}`; there are {known}")]
    Loss { name: String, known: String },
    #[error("the loss cannot be used: {problem}")]
    LossSettings { problem: String },
    #[error("the augmentation cannot be used: {problem}")]
    Augment { problem: String },
    #[error("there is no optimizer `{name}`; there are {known}")]
    Optimizer { name: String, known: String },
    #[error("there is no schedule `{name}`; there are {known}")]
    Schedule { name: String, known: String },
    #[error("there is no initialisation `{name}`; there are {known}")]
    Init { name: String, known: String },
    #[error("cannot read {}: {cause}", .path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error("cannot write {}: {cause}; name another folder with --out FOLDER", .path.display())]
    Write { path: PathBuf, cause: io::Error },
    #[error("cannot write {}: {cause}", .path.display())]
    WriteFile { path: PathBuf, cause: io::Error },
    #[error("`{name}` is neither a preset ({known}) nor a file")]
    NoModel { name: String, known: String },
    #[error("the images in {} cannot be used: {message}", .path.display())]
    Images { path: PathBuf, message: String },
    #[error("the network cannot be exported: {0}")]
    Exchange(#[from] exchange::ExchangeError),
    #[error("{} is no specification of a network: {cause}", .path.display())]
    Spec { path: PathBuf, cause: serde_json::Error },
    #[error("the link cannot be used: {problems}")]
    Link { problems: String },
    #[error("this is no network: {cause}")]
    Refused { cause: engine::SpecError },
    #[error("{message}")]
    Declined { message: String },
    #[error("the weights in {} cannot be used: {message}", .path.display())]
    Weights { path: PathBuf, message: String },
    #[error("{} does not say which network its weights belong to: name it with --net or --spec", .path.display())]
    NetworkUnknown { path: PathBuf },
    #[error("{} holds the weights of another network than the one asked for; leave out --net, --spec and --link to use the file's own", .path.display())]
    OtherNetwork { path: PathBuf },
    #[error("training stopped: {message}")]
    Faulted { message: String },
    #[error("the session ended without an answer to {asked}")]
    NoAnswer { asked: &'static str },
    #[error("the figures cannot be drawn: {0}")]
    Figure(#[from] figures::files::FileError),
    #[error("the results cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the score cannot be read: {0}")]
    Confusion(#[from] metrics::MetricError),
    #[error("`--backend {asked}` needs a graphics card. {why} `--backend cpu` does without")]
    NoCard { asked: &'static str, why: String },
    #[error("`--backend twin` compares numbers and is not timed; `--backend gpu` times the graphics card beside the CPU")]
    TwinTimed,
    #[error(transparent)]
    Golden(#[from] conformance::FileError),
    #[error("{failed} of {all} golden cases failed")]
    Conformance { failed: usize, all: usize },
    #[error(transparent)]
    Card(#[from] engine::backend::gpu::CardError),
    #[error("{threads} threads were asked for, but inference is timed on one, and so is every layer alone; leave --threads out")]
    Threads { threads: usize },
    #[error("{} holds {found} bytes, but the {needed} weights of `{net}` take {}", .path.display(), 4 * .needed)]
    Start { path: PathBuf, net: String, found: usize, needed: usize },
}
