//! What a network is and how it runs.
//!
//! ```text
//! ModelSpec --check--> Graph --compile(batch, mode)--> Plan --load--> Cpu --run--> tensors
//! ```
//!
//! A [`ModelSpec`] is what somebody asked for and may be wrong. A [`Graph`] exists only if every
//! shape agrees. A [`Plan`] knows every buffer and every step before step 0. After that no code
//! asks about shapes again.
//!
//! Layout is batch, channel, row, column, contiguous, in `f32`, at every interface.

extern crate self as engine; // What `#[derive(Read)]` writes names it.

pub mod arena;
pub mod augment;
pub mod backend;
pub mod blocks;
pub mod draft;
pub mod edit;
pub mod graph;
pub mod init;
pub mod json;
pub mod kept;
pub mod loss;
pub mod ops;
pub mod optim;
pub mod order;
pub mod plan;
pub mod presets;
pub mod reach;
pub mod repair;
pub mod rng;
pub mod schedule;
pub mod setting;
pub mod settings;
pub mod shape;
pub mod shards;
pub mod spec;
mod tagged;

pub use augment::{Augment, Augmenter};
pub use backend::cpu::{Cpu, Run};
pub use draft::Draft;
pub use graph::{Graph, Node, NodeId, Param, ParamId};
pub use init::Init;
pub use loss::LossSpec;
pub use ops::{LayerSpec, Op};
pub use optim::{OptimizerSpec, Treatment, Update, UpdateError, UpdateSpec};
pub use plan::{Mode, Plan, PlanOptions, Tensor};
pub use reach::Reach;
pub use repair::Repair;
pub use schedule::ScheduleSpec;
pub use setting::{Setting, SettingError, SettingKind};
pub use settings::{Padding, Pair, Sides};
pub use shape::{Shape, ShapeError};
pub use spec::{ModelSpec, SpecError};

/// What changes from one training step to the next; handed to every kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepInputs {
    /// Learning rate.
    pub rate: f32,
    /// Number of updates made before this one.
    pub step: u32,
    /// Seed of the run: dropout masks are drawn from (seed, node, step, index).
    pub seed: u32,
}
