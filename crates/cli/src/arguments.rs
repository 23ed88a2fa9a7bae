//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Trains, scores and times convolutional networks on handwritten digits.
#[derive(Debug, Parser)]
#[command(name = "kernelscope", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Train a network, and save its weights and learning curves
    Train(Train),
    /// Score saved weights on the test digits
    Eval(Eval),
    /// Measure the speed of training or inference
    Bench(Bench),
}

/// Which network; the first of the presets where nothing is said.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub struct Network {
    /// A preset
    #[arg(long, value_name = "NAME", help = preset_help())]
    pub net: Option<String>,
    /// A specification as JSON: that of a network, or that of a run (the `spec` of a run.json)
    #[arg(long, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// A link of the page, or the part of it after the question mark
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
}

fn preset_help() -> String {
    let names: Vec<&str> = engine::presets::PRESETS.iter().map(|p| p.slug).collect();
    format!("A preset: {}", names.join(", "))
}

#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    pub network: Network,
    /// Passes over the 50,000 training digits
    #[arg(long, value_name = "COUNT")]
    pub epochs: Option<u32>,
    /// Digits of a step
    #[arg(long, value_name = "COUNT")]
    pub batch: Option<usize>,
    /// Learning rate
    #[arg(long)]
    pub rate: Option<f32>,
    /// Update rule, with its usual settings
    #[arg(long, value_name = "NAME", help = optimizer_help())]
    pub optimizer: Option<String>,
    /// Draws the first weights, the order of the digits and dropout
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u32>,
    /// Stop after so many steps
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// Folder of the digits [default: assets/mnist, here or above]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Folder for the results
    #[arg(long, value_name = "FOLDER", default_value = "kernelscope-run")]
    pub out: PathBuf,
    /// Look of the saved curves
    #[arg(long, value_enum, default_value_t = Look::Light)]
    pub theme: Look,
}

fn optimizer_help() -> String {
    let names: Vec<String> = engine::OptimizerSpec::all().iter().map(|o| o.rule().name().to_owned()).collect();
    format!("Update rule, with its usual settings: {}", names.join(", "))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Look {
    Light,
    Dark,
}

impl From<Look> for figures::Theme {
    fn from(look: Look) -> Self {
        match look {
            Look::Light => Self::Light,
            Look::Dark => Self::Dark,
        }
    }
}

#[derive(Debug, Args)]
pub struct Eval {
    /// Weights or a checkpoint, as safetensors
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The network that the weights belong to, where the file does not say it
    #[command(flatten)]
    pub network: Network,
    /// Digits to score
    #[arg(long, value_enum, default_value_t = ScoredSet::Test)]
    pub set: ScoredSet,
    /// Folder of the digits [default: assets/mnist, here or above]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScoredSet {
    Test,
    Validation,
}

impl From<ScoredSet> for protocol::EvalSet {
    fn from(set: ScoredSet) -> Self {
        match set {
            ScoredSet::Test => Self::Test,
            ScoredSet::Validation => Self::Validation,
        }
    }
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Presets to measure, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "n1,n2,n3,n4", value_delimiter = ',')]
    pub net: Vec<String>,
    /// What to measure
    #[arg(long, value_enum, default_value_t = Mode::Train)]
    pub mode: Mode,
    /// Images of a step
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = batch)]
    pub batch: usize,
    /// Threads: 1
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub threads: usize,
    /// Length of a round
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub seconds: f64,
    /// Rounds, of which the median counts
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// What computes: cpu
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub backend: String,
    /// First weights as raw f32, instead of those drawn here
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// Folder of the digits [default: assets/mnist, here or above]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Only JSON: one line a network
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    Train,
    Infer,
}

fn batch(text: &str) -> Result<usize, String> {
    let limits = protocol::run::BATCHES;
    match text.parse() {
        Ok(count) if limits.contains(&count) => Ok(count),
        _ => Err(format!("must be {} to {}", limits.start(), limits.end())),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err(String::from("must be 0.001 to 600")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
