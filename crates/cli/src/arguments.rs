//! What can be typed.

mod regime;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::Wish;
use regime::Regime;
use values::{backend, batch, init_help, loss_help, optimizer_help, peak, preset_help, schedule_help, seconds, threads};

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
    Train(Box<Train>),
    /// Score saved weights on the test digits
    Eval(Eval),
    /// Work out the scores of given images
    Predict(Predict),
    /// Write a network for another program
    Export(Export),
    /// Make a checkpoint of weights that another program saved
    Import(Import),
    /// Measure the speed of training or inference
    Bench(Bench),
    /// Show a network layer by layer: shapes, parameters, multiply-adds, memory, receptive fields
    Describe(Describe),
    /// Compare with the numbers of golden cases
    Conformance(Conformance),
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
    /// What training makes small
    #[arg(long, value_name = "NAME", help = loss_help())]
    pub loss: Option<String>,
    /// Update rule, with its usual settings
    #[arg(long, value_name = "NAME", help = optimizer_help())]
    pub optimizer: Option<String>,
    /// Weight decay of the update rule
    #[arg(long, value_name = "NUMBER")]
    pub weight_decay: Option<f32>,
    /// How the learning rate changes over the run, with its usual settings
    #[arg(long, value_name = "NAME", help = schedule_help())]
    pub schedule: Option<String>,
    /// Steps over which the learning rate rises first
    #[arg(long, value_name = "STEPS")]
    pub warmup: Option<u32>,
    /// Penalty on the sizes of the weights
    #[arg(long, value_name = "NUMBER")]
    pub l1: Option<f32>,
    /// Penalty on half their squares
    #[arg(long, value_name = "NUMBER")]
    pub l2: Option<f32>,
    /// Cut each number of the gradient to at most this
    #[arg(long, value_name = "NUMBER")]
    pub clip_value: Option<f32>,
    /// Shorten the gradient to at most this length
    #[arg(long, value_name = "NUMBER")]
    pub clip_norm: Option<f32>,
    /// Radius of sharpness-aware minimisation, which takes two passes a step
    #[arg(long, value_name = "NUMBER")]
    pub sam: Option<f32>,
    /// Batches to an update
    #[arg(long, value_name = "COUNT")]
    pub accumulate: Option<u32>,
    /// Layers whose weights stay as they are, counted from 1, separated by commas
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    pub freeze: Vec<u32>,
    /// How weights start, with its usual number
    #[arg(long, value_name = "NAME", help = init_help())]
    pub init: Option<String>,
    /// Draws the first weights, the order of the digits, dropout and how images are moved
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u32>,
    /// Move each image of training at random by up to so many pixels to any side, at most 8
    #[arg(long, value_name = "PIXELS")]
    pub shift: Option<f32>,
    /// Turn each by up to so many degrees either way, at most 45
    #[arg(long, value_name = "DEGREES")]
    pub rotate: Option<f32>,
    /// Make each larger or smaller by up to this share, at most 0.5
    #[arg(long, value_name = "SHARE")]
    pub scale: Option<f32>,
    #[command(flatten)]
    pub regime: Regime,
    /// Processor cores that share each step; the results are the same for any number [default: all, at most 8]
    #[arg(long, value_name = "COUNT", value_parser = threads)]
    pub threads: Option<usize>,
    /// How else each is changed at random, as in a link: elastic:3,noise:0.1,mixup:0.2
    #[arg(long, value_name = "SETTINGS", help = augment_help())]
    pub augment: Option<String>,
    /// Stop after so many steps
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// What computes
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = backend())]
    pub backend: Wish,
    /// Folder of the digits [default: assets/mnist, here or above], or `shapes`, which are drawn
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Folder for the results
    #[arg(long, value_name = "FOLDER", default_value = "kernelscope-run")]
    pub out: PathBuf,
    /// Look of the saved curves
    #[arg(long, value_enum, default_value_t = Look::Light)]
    pub theme: Look,
}

fn augment_help() -> String {
    let keys: Vec<&str> = engine::augment::AUGMENTATIONS.iter().flat_map(|a| a.settings).map(|s| s.key).collect();
    format!("How each is changed at random, as in elastic:3,noise:0.1,mixup:0.2. Of: {}", keys.join(", "))
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
    /// What computes
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = backend())]
    pub backend: Wish,
    /// Processor cores that share the work [default: all, at most 8]
    #[arg(long, value_name = "COUNT", value_parser = threads)]
    pub threads: Option<usize>,
    /// Folder of the digits [default: assets/mnist, here or above], or `shapes`, which are drawn
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

/// A network with its numbers.
#[derive(Debug, Args)]
pub struct Model {
    /// A preset, with the weights that it starts from, or a file of weights or a checkpoint (safetensors)
    pub model: String,
    /// Draws a preset's weights
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u32,
    /// The network that the file's weights belong to, where it does not say it
    #[command(flatten)]
    pub network: Network,
}

#[derive(Debug, Args)]
pub struct Predict {
    #[command(flatten)]
    pub model: Model,
    /// Images as safetensors: `images`, (batch, 1, 28, 28) in F32, 0 to 1
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Where the scores go as safetensors: `logits`, (batch, 10)
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub model: Model,
    /// Which program the file is for
    #[arg(long, value_enum)]
    pub to: Format,
    /// The file; beside it, but for ONNX, which holds them itself, the weights are written as .safetensors
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Python code for PyTorch
    Pytorch,
    /// Python code for Keras 3
    Keras,
    /// The specification that --spec reads
    Json,
    /// A file for onnxruntime and others, opset 17, with the weights inside
    Onnx,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The weights, as safetensors, under the names that `export --to pytorch` gives them
    pub weights: PathBuf,
    /// The network that they belong to
    #[command(flatten)]
    pub network: Network,
    /// The checkpoint
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Presets to measure, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "n1,n2,n3,n4", value_delimiter = ',')]
    pub net: Vec<String>,
    /// What to measure [default: train; on the graphics card both]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Images of a step, separated by commas [default: 64; on the graphics card 64,256,1024 in training and 1,256 in inference]
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', value_parser = batch)]
    pub batch: Vec<usize>,
    /// Processor cores that share each step of training; above 1 the speed on one is measured beside it, and what
    /// stays serial
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = threads)]
    pub threads: usize,
    /// Length of a round
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub seconds: f64,
    /// Rounds, of which the median counts
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// What computes
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = backend())]
    pub backend: Wish,
    /// Time every pass of every layer too, on the CPU
    #[arg(long)]
    pub layers: bool,
    /// What the graphics card can do at most in f32, by its maker: kernels are held against it
    #[arg(long, value_name = "GFLOP/S", value_parser = peak)]
    pub peak_gflops: Option<f64>,
    /// What the graphics card's memory can do at most, by its maker: kernels are held against it
    #[arg(long, value_name = "GB/S", value_parser = peak)]
    pub peak_gbs: Option<f64>,
    /// First weights as raw f32, instead of those drawn here
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// Folder of the digits [default: assets/mnist, here or above]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Only JSON: one line a measurement
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Describe {
    #[command(flatten)]
    pub network: Network,
    /// Images of a training step, for which memory is given
    #[arg(long, value_name = "COUNT", default_value = "64", value_parser = batch)]
    pub batch: usize,
    /// JSON instead of a table: one line a layer
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Conformance {
    /// Folder of golden files, SUITE.json with SUITE.safetensors
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// One suite alone
    #[arg(long, value_name = "NAME")]
    pub suite: Option<String>,
    /// What computes
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Computes::Cpu)]
    pub backend: Computes,
    /// JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// One of the two, and no other instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Computes {
    /// The CPU
    Cpu,
    /// The graphics card, however slow
    #[value(alias = "webgpu")]
    Gpu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    Train,
    Infer,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};
    use protocol::Wish;

    use super::{Arguments, Task};

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn backends_are_read() {
        let wish = |words: &str| match Arguments::try_parse_from(words.split(' ')).unwrap().task {
            Task::Train(order) => order.backend,
            Task::Eval(order) => order.backend,
            Task::Bench(order) => order.backend,
            other => panic!("{other:?} has no backend"),
        };
        for order in ["k train", "k eval --weights w", "k bench"] {
            for (word, wanted) in
                [("auto", Wish::Auto), ("cpu", Wish::Cpu), ("gpu", Wish::Gpu), ("webgpu", Wish::Gpu), ("twin", Wish::Twin)]
            {
                assert_eq!(wish(&format!("{order} --backend {word}")), wanted, "{order}");
            }
        }
        assert_eq!([wish("k train"), wish("k eval --weights w"), wish("k bench")], [Wish::Auto, Wish::Auto, Wish::Cpu]);
    }
}
