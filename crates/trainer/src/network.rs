//! A specification made ready to run, on whatever machine.

use std::sync::Arc;

use data::{CLASSES, SIDE};
use engine::{
    Graph, Mode, Plan, PlanOptions, ScheduleSpec, Shape, SpecError, Tensor, UpdateError,
    loss::{Given, LossError},
    plan::Watch,
    shards::Job,
};
use protocol::{RunError, RunSpec};

use crate::{Portion, feed::Feed, machine::Numbers};

/// Why a run cannot be opened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Spec(#[from] SpecError),
    #[error("{0}")]
    Setting(#[from] RunError),
    #[error("{0}")]
    Loss(#[from] LossError),
    #[error(transparent)]
    Update(#[from] UpdateError),
    #[error("the network takes images of {got}, but the digits are 1×{SIDE}×{SIDE}")]
    Input { got: Shape },
    #[error("`batch` is {batch}, but there are only {digits} training digits")]
    Batch { batch: usize, digits: usize },
}

/// What all machines share: the network without its numbers.
#[derive(Clone, Debug)]
pub struct Network {
    pub spec: RunSpec,
    pub graph: Arc<Graph>,
    pub portion: Portion,
    pub feed: Feed,
    /// That of `spec`, its lengths fitted to the run.
    pub schedule: ScheduleSpec,
    /// Training mode, the batch of `spec`.
    pub train: Plan,
    /// What CPU cores share: the batch in leaves, and the plan by which images are scored.
    pub job: Job,
    /// Evaluation mode, one image, everything watched.
    pub sample: Plan,
}

impl Network {
    /// # Errors
    /// A network that is none, settings out of range, or a loss that cannot train it.
    pub fn open(spec: &RunSpec, portion: Portion) -> Result<Self, OpenError> {
        let train = &spec.train;
        train.check()?;
        let graph = Arc::new(Graph::check_classifier(&spec.model, CLASSES)?);
        train.loss.check(graph.output())?;
        if graph.spec.input != Shape::new(1, SIDE, SIDE) {
            return Err(OpenError::Input { got: graph.spec.input });
        }
        train.update().check(&graph)?;
        let feed = Feed { train: portion.train, batch: train.batch, seed: train.seed };
        let plan = |batch, mode, watch| Plan::compile(&graph, &PlanOptions { batch, mode, watch });
        let mut network = Self {
            spec: spec.clone(),
            portion,
            feed,
            schedule: train.schedule,
            train: plan(train.batch, Mode::Train, Watch::Nothing)?,
            job: Job::new(&graph, train.batch, train.loss.clone(), train.augment)?,
            sample: plan(1, Mode::Eval, Watch::Everything)?,
            graph,
        };
        if train.batch > portion.train {
            return Err(OpenError::Batch { batch: train.batch, digits: portion.train });
        }
        network.schedule = train.schedule.fitted(train.epochs.saturating_mul(feed.steps_per_epoch()));
        Ok(network)
    }

    /// The numbers of a network that has learnt nothing, drawn from the run's seed.
    pub fn first_numbers(&self) -> Numbers {
        let train = &self.spec.train;
        Numbers {
            params: self.graph.initial_params(train.seed),
            state: self.graph.initial_state(),
            optimizer_state: vec![0.0; train.update().state_len(self.graph.params_len())],
        }
    }

    /// What the batches of training have as targets: classes, or shares of classes where images are mixed.
    pub fn given(&self) -> Given {
        if self.spec.train.augment.mixes() { Given::DENSE } else { Given::LABELS }
    }

    /// Extents of a tensor that a pass over one image can show; `None` where it cannot.
    pub fn sample_dims(&self, tensor: Tensor) -> Option<Vec<usize>> {
        let plan = &self.sample;
        let is_there = match tensor {
            Tensor::Input | Tensor::Param(_) | Tensor::ParamGrad(_) | Tensor::State(_) => true,
            Tensor::Output(id) => plan.output_of(id).is_some() || plan.shows_image(id),
            Tensor::OutputGrad(id) => plan.output_grad_of(id).is_some(),
        };
        if is_there { plan.dims(tensor) } else { None }
    }
}
