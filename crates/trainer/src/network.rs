//! A specification made ready to run, on whatever machine.

use std::sync::Arc;

use data::{CLASSES, Dataset, SIDE, Set, Source};
use engine::{
    Graph, LossSpec, Mode, Plan, PlanOptions, ScheduleSpec, Shape, SpecError, Tensor, UpdateError,
    json::Read,
    loss::{Given, LossError},
    optim::Clock,
    plan::Watch,
    shards::{Job, SCORE_BATCH},
};
use protocol::{ClassWeights, RunError, RunSpec};
use serde::Serialize;

use crate::{
    Portion,
    evaluation::Scored,
    feed::{Feed, Origin},
    machine::Numbers,
};

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
    #[error("it trains on other images than those that are open here: another data set begins another run")]
    OtherSource,
    #[error("there are no images of your own to train on: keep some first")]
    NoImages,
    #[error("all images are of one class: at least two are needed")]
    OneClass,
    #[error("`batch` is {batch}, but there are only {digits} training digits")]
    Batch { batch: usize, digits: usize },
    #[error("`class_weights` are balanced, which cross-entropy alone knows; the loss is `{loss}`")]
    ClassWeights { loss: &'static str },
    #[error("the digits that are to be chosen from have not all arrived")]
    Waits,
}

/// Where a run stands that was changed on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Standing {
    /// From where batches are counted.
    pub origin: Origin,
    /// From where updates are counted.
    pub clock: Clock,
}

/// What all machines share: the network without its numbers.
#[derive(Clone, Debug)]
pub struct Network {
    pub spec: RunSpec,
    pub graph: Arc<Graph>,
    pub portion: Portion,
    pub feed: Feed,
    /// That of `spec`, with the class weights that follow from the digits.
    pub loss: LossSpec,
    pub clock: Clock,
    /// Which digits score it.
    pub split: Scored,
    /// That of `spec`, its lengths fitted to the run.
    pub schedule: ScheduleSpec,
    /// Training mode, the batch of `spec`.
    pub train: Plan,
    /// What CPU cores share: the batch in leaves, and the plan by which images are scored.
    pub job: Job,
    /// The plan by which a card scores images, which pools in launches of its own.
    pub score: Plan,
    /// Evaluation mode, one image, everything watched.
    pub sample: Plan,
}

/// Whether `data` is what is asked for, and images of one's own are there where they are part of it.
fn check_images(source: Source, data: &Dataset) -> Result<(), OpenError> {
    if source != data.source() {
        return Err(OpenError::OtherSource);
    }
    if !source.has_own() {
        return Ok(());
    }
    if data.own_count() == 0 {
        return Err(OpenError::NoImages);
    }
    let mut classes = (0..data.own_train()).filter_map(|i| data.image(Set::Train, i)).map(|(_, class)| class);
    let first = classes.next();
    if source == Source::Own && classes.all(|class| Some(class) == first) {
        return Err(OpenError::OneClass);
    }
    Ok(())
}

impl Network {
    /// # Errors
    /// A network that is none, settings out of range, or a loss that cannot train it.
    pub fn open(spec: &RunSpec, portion: Portion) -> Result<Self, OpenError> {
        let train = &spec.train;
        let feed = Feed::plain(portion.train, train.batch, train.seed);
        Self::with_feed(spec, portion, feed, Standing::default())
    }

    /// As [`Network::open`], with the digits that the run chooses from `data`, from `standing` on.
    ///
    /// # Errors
    /// Besides, [`OpenError::Waits`] where something has to be chosen and not all digits have arrived.
    pub fn open_on(spec: &RunSpec, portion: Portion, standing: Standing, data: &Dataset) -> Result<Self, OpenError> {
        let train = &spec.train;
        train.check()?;
        check_images(train.data, data)?;
        let portion = portion.of(data);
        let feed = if train.selection.is_plain() && train.class_weights == ClassWeights::AsGiven {
            Feed::plain(portion.train, train.batch, train.seed)
        } else {
            Feed::selected(&train.selection, portion, train.batch, train.seed, data).ok_or(OpenError::Waits)?
        };
        Self::with_feed(spec, portion, feed, standing)
    }

    fn with_feed(spec: &RunSpec, portion: Portion, feed: Feed, standing: Standing) -> Result<Self, OpenError> {
        let train = &spec.train;
        train.check()?;
        let graph = Arc::new(Graph::check_classifier(&spec.model, CLASSES)?);
        train.loss.check(graph.output())?;
        if graph.spec.input != Shape::new(1, SIDE, SIDE) {
            return Err(OpenError::Input { got: graph.spec.input });
        }
        train.update().check(&graph)?;
        if train.batch > feed.train {
            return Err(OpenError::Batch { batch: train.batch, digits: feed.train });
        }
        let mut loss = train.loss.clone();
        if train.class_weights == ClassWeights::Balanced {
            let weights = feed.chosen().map(data::Chosen::balanced_weights).unwrap_or_default();
            if !loss.set_class_weights(&weights) {
                return Err(OpenError::ClassWeights { loss: train.loss.name() });
            }
        }
        let feed = feed.starting(standing.origin);
        let plan = |batch, mode, watch| Plan::compile(&graph, &PlanOptions { batch, mode, watch });
        Ok(Self {
            spec: spec.clone(),
            portion,
            clock: standing.clock,
            split: Scored::of(train.selection.validation, portion),
            schedule: train.schedule.fitted(feed.end_of(train.epochs)),
            feed,
            train: plan(train.batch, Mode::Train, Watch::Nothing)?,
            job: Job::new(&graph, train.batch, loss.clone(), train.augment)?,
            score: plan(SCORE_BATCH, Mode::Eval, Watch::Nothing)?,
            sample: plan(1, Mode::Eval, Watch::Everything)?,
            loss,
            graph,
        })
    }

    /// The same, from `standing` on.
    #[must_use]
    pub fn standing_at(mut self, standing: Standing) -> Self {
        self.feed = self.feed.starting(standing.origin);
        self.clock = standing.clock;
        self.schedule = self.spec.train.schedule.fitted(self.feed.end_of(self.spec.train.epochs));
        self
    }

    /// The same for batches of another size, at the start of the data.
    ///
    /// # Errors
    /// More memory than a plan may take, or more images than there are.
    pub fn resized(&self, batch: usize) -> Result<Self, OpenError> {
        let mut feed = self.feed.clone().starting(Origin::default());
        feed.batch = batch;
        if batch > feed.train {
            return Err(OpenError::Batch { batch, digits: feed.train });
        }
        let train = Plan::compile(&self.graph, &PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing })?;
        let job = Job::new(&self.graph, batch, self.loss.clone(), self.spec.train.augment)?;
        Ok(Self { feed, train, job, ..self.clone() })
    }

    /// Where the run stands: what a checkpoint keeps besides the step.
    pub fn standing(&self) -> Standing {
        Standing { origin: self.feed.origin, clock: self.clock }
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
