//! What a run computes on, and what is known about the graphics card.

use std::str::FromStr;

use engine::json::Read;
use serde::Serialize;

/// What a run computes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    #[default]
    Cpu,
    /// The graphics card.
    Gpu,
    /// Both, side by side: the CPU's numbers count, the card's are compared with them.
    Twin,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Twin => "twin",
        }
    }
}

/// What somebody wants a run to compute on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The card where it is right and faster, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The card if there is any, however slow.
    Gpu,
    Twin,
}

/// A word that is no wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no backend; there are auto, cpu, gpu and twin")]
pub struct WishError(pub String);

impl Wish {
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Twin => "twin",
        }
    }
}

/// As the page's link and the command line say it: `?backend=gpu`.
impl FromStr for Wish {
    type Err = WishError;

    fn from_str(word: &str) -> Result<Self, WishError> {
        let all = [Self::Auto, Self::Cpu, Self::Gpu, Self::Twin];
        all.into_iter().find(|wish| wish.name() == word).ok_or_else(|| WishError(word.to_owned()))
    }
}

/// What was found out about the graphics card at start, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct CardReport {
    /// Absent where there is no card.
    pub adapter: Option<Adapter>,
    pub checks: Vec<Check>,
    /// Absent where nothing was timed: no card, a check that failed, or a wish that decides.
    pub timing: Option<Timing>,
    pub chosen: Backend,
    /// Why that was chosen, in words.
    pub reason: String,
}

/// A graphics card as its driver names it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Adapter {
    pub name: String,
    pub vendor: String,
    /// What it is spoken to through: `vulkan`, `browser webgpu`.
    pub backend: String,
    /// It only pretends to be a card; the CPU does its work.
    pub software: bool,
    /// It can store numbers in half precision.
    pub half: bool,
    /// It can sum across a subgroup.
    pub subgroups: bool,
    /// It can time single kernels.
    pub timestamps: bool,
}

/// A comparison of what the card computed with numbers that are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Check {
    pub name: String,
    /// Largest relative error: finite, also where the card gave something that is no number.
    pub worst: f64,
    pub passed: bool,
}

/// A step of training on both, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
pub struct Timing {
    pub cpu_step_ms: f64,
    pub gpu_step_ms: f64,
    /// Which network was timed.
    pub network: String,
    pub batch: u32,
}

/// What goes to the card and comes back, over the last moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
pub struct Traffic {
    pub dispatches_per_step: f64,
    pub dispatches_per_second: f64,
    pub submissions_per_second: f64,
    pub read_backs_per_second: f64,
}
