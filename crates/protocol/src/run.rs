//! A run as it is asked for.

use std::ops::RangeInclusive;

use data::Source;
use engine::{Augment, LossSpec, ModelSpec, OptimizerSpec, ScheduleSpec, Treatment, UpdateSpec, json::Read, presets::PRESETS};
use serde::Serialize;

use crate::{ClassWeights, Precision, Selection, Stopping};

/// A setting of a run that lies outside its limits (or is no number).
pub use engine::SettingError as RunError;

/// Number of a run, counted up by the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Read)]
#[serde(transparent)]
pub struct RunId(pub u32);

/// Number of a frame within a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Read)]
#[serde(transparent)]
pub struct FrameId(pub u32);

/// Network and training of one run: everything that determines its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    pub model: ModelSpec,
    pub train: TrainSpec,
}

impl Default for RunSpec {
    /// What the page opens with.
    fn default() -> Self {
        Self { model: PRESETS[0].model(), train: TrainSpec::default() }
    }
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSpec {
    /// What it is trained on.
    #[serde(skip_serializing_if = "is_usual")]
    #[read(serde)]
    pub data: Source,
    pub loss: LossSpec,
    pub optimizer: OptimizerSpec,
    /// What stands around the optimizer: penalties, clipping, rates of layers and the like.
    pub treatment: Treatment,
    /// Learning rate.
    pub rate: f32,
    /// How the rate changes over the run; lengths of 0 fit its epochs.
    pub schedule: ScheduleSpec,
    /// Images per step.
    pub batch: usize,
    /// Passes over the training digits, after which the run finishes.
    pub epochs: u32,
    /// Draws weights, shuffles, dropout and augmentation.
    pub seed: u32,
    /// How the images of training are changed at random.
    pub augment: Augment,
    /// Which digits train, and with which labels.
    pub selection: Selection,
    /// When the run ends before its last epoch.
    pub stopping: Stopping,
    /// How much the classes count.
    pub class_weights: ClassWeights,
    /// How the graphics card stores activations.
    pub precision: Precision,
}

impl Default for TrainSpec {
    fn default() -> Self {
        Self {
            data: Source::default(),
            loss: LossSpec::default(),
            optimizer: OptimizerSpec::default(),
            treatment: Treatment::default(),
            rate: 2e-3,
            schedule: ScheduleSpec::default(),
            batch: 64,
            epochs: 3,
            seed: 1,
            augment: Augment::default(),
            selection: Selection::default(),
            stopping: Stopping::default(),
            class_weights: ClassWeights::default(),
            precision: Precision::default(),
        }
    }
}

/// Nothing need be said of MNIST.
fn is_usual(data: &Source) -> bool {
    *data == Source::default()
}

/// What can be changed at the cost of nothing: see [`crate::Command::Tune`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
pub struct Hyper {
    pub rate: f32,
}

/// How fast to train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// As fast as the machine can.
    #[default]
    Full,
    /// At most so many steps per second.
    StepsPerSecond(f32),
}

pub const RATES: RangeInclusive<f32> = 0.0..=100.0;
pub const BATCHES: RangeInclusive<usize> = 1..=1024;
pub const EPOCHS: RangeInclusive<u32> = 1..=1000;
/// Of [`Pace::StepsPerSecond`].
pub const PACES: RangeInclusive<f32> = 0.01..=10_000.0;

impl TrainSpec {
    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), RunError> {
        Hyper { rate: self.rate }.check()?;
        within("batch", self.batch, &BATCHES)?;
        within("epochs", self.epochs, &EPOCHS)?;
        self.augment.check()?;
        self.optimizer.check()?;
        self.treatment.check_settings()?;
        self.schedule.check()?;
        self.selection.check()?;
        self.selection.check_on(self.data)?;
        self.stopping.check()
    }

    /// The optimizer and what stands around it.
    pub fn update(&self) -> UpdateSpec {
        UpdateSpec { optimizer: self.optimizer, treatment: self.treatment.clone() }
    }
}

impl Hyper {
    /// # Errors
    /// A rate outside [`RATES`].
    pub fn check(&self) -> Result<(), RunError> {
        within("rate", self.rate, &RATES)
    }
}

impl Pace {
    /// # Errors
    /// Steps per second outside [`PACES`].
    pub fn check(&self) -> Result<(), RunError> {
        match *self {
            Self::Full => Ok(()),
            Self::StepsPerSecond(hz) => within("steps per second", hz, &PACES),
        }
    }
}

fn within<T: PartialOrd + ToString + Copy>(setting: &'static str, value: T, limits: &RangeInclusive<T>) -> Result<(), RunError> {
    RunError::within(setting, value, *limits.start(), *limits.end())
}
