//! A specification made ready to run.

use std::sync::Arc;

use data::{CLASSES, SIDE};
use engine::{Cpu, Graph, Mode, Plan, PlanOptions, Run, Shape, SpecError, StepInputs, loss::BatchResult, plan::Watch};
use protocol::{RunError, RunSpec, Summary};

/// Images that are scored at once: few enough that a turn stays short, enough to keep kernels busy.
pub const SCORE_BATCH: usize = 100;

/// Why a run cannot be opened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Spec(#[from] SpecError),
    #[error("{0}")]
    Setting(#[from] RunError),
    #[error("the network takes images of {got}, but the digits are 1×{SIDE}×{SIDE}")]
    Input { got: Shape },
    #[error("`batch` is {batch}, but there are only {digits} training digits")]
    Batch { batch: usize, digits: usize },
}

/// The numbers of a network, and the three plans that run on them.
#[derive(Clone, Debug)]
pub struct Network {
    pub spec: RunSpec,
    pub graph: Arc<Graph>,
    pub cpu: Cpu,
    pub train: Run,
    /// Evaluation mode, [`SCORE_BATCH`] images.
    pub score: Run,
    /// Evaluation mode, one image, everything watched.
    pub sample: Run,
}

impl Network {
    pub fn open(spec: &RunSpec) -> Result<Self, OpenError> {
        spec.train.check()?;
        let graph = Arc::new(Graph::check_classifier(&spec.model, CLASSES)?);
        if graph.spec.input != Shape::new(1, SIDE, SIDE) {
            return Err(OpenError::Input { got: graph.spec.input });
        }
        let run = |batch, mode, watch| Ok::<_, SpecError>(Run::new(Plan::compile(&graph, &PlanOptions { batch, mode, watch })?));
        Ok(Self {
            spec: spec.clone(),
            train: run(spec.train.batch, Mode::Train, Watch::Nothing)?,
            score: run(SCORE_BATCH, Mode::Eval, Watch::Nothing)?,
            sample: run(1, Mode::Eval, Watch::Everything)?,
            cpu: Cpu::new(&graph, spec.train.optimizer, spec.train.seed),
            graph,
        })
    }

    /// Forward and backward through the batch in `train`: loss and gradients. Weights stay as they are.
    pub fn learn(&mut self, now: &StepInputs) -> BatchResult {
        self.cpu.forward(&mut self.train, now);
        self.cpu.backward(&mut self.train, &self.spec.train.loss, self.spec.train.batch, now)
    }

    /// True where every weight and running statistic is a number.
    pub fn is_sound(&self) -> bool {
        [&self.cpu.params, &self.cpu.state, &self.cpu.optimizer_state].into_iter().flatten().all(|x| x.is_finite())
    }

    pub fn summary(&self, steps_per_epoch: u32) -> Summary {
        let own = self.cpu.grads.len() + self.cpu.optimizer_state.len();
        Summary {
            backend: "cpu".to_owned(),
            params: self.graph.params_len() as u32,
            multiply_adds: self.graph.cost().multiply_adds as f64,
            memory_bytes: (self.train.plan.regions.size_bytes() + 4 * own) as f64,
            steps_per_epoch,
        }
    }
}
