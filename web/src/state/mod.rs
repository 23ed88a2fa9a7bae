//! What the page knows: one typed structure of signals. [`mod@lab`] acts on it, [`events`] writes what
//! the worker tells into it, panels read it.

pub mod browse;
pub mod builder;
pub mod class_names;
pub mod events;
pub mod keep;
pub mod kept_sample;
pub mod lab;
pub mod monitors;
pub mod own;
pub mod preview;
pub mod runs;
pub mod sample;
pub mod stage;
pub mod tabs;
pub mod time;
pub mod toolbox;
pub mod url;
pub mod walk;

use std::sync::Arc;

use engine::{Graph, Tensor};
use leptos::prelude::*;
use protocol::{CardReport, FrameId, Pace, Progress, RunId, RunSpec, Score, Summary, Traffic, View, Wish};

pub use browse::Catalogue;
pub use lab::Lab;
pub use monitors::Monitors;
pub use preview::{Batch, BatchView};
pub use runs::Runs;
pub use sample::{Origin, Sample};
pub use tabs::Tabs;
pub use toolbox::Toolbox;

use crate::{dom::timing::Smoothness, link::listing::Listing};

/// Where the run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The worker is starting, or the first digits are on their way.
    Starting,
    Playing,
    Paused,
    Finished,
    /// There is no run: the reason stands in the notices.
    Stopped,
}

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: u32,
    pub kind: NoticeKind,
    pub text: String,
    /// What can be done about it.
    pub remedy: Option<Remedy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Told,
    Warned,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    StartAnew,
    FetchAgain,
}

impl Remedy {
    pub fn label(self) -> &'static str {
        match self {
            Self::StartAnew => "Start anew",
            Self::FetchAgain => "Try again",
        }
    }
}

/// The newest pictures from the worker.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub id: FrameId,
    pub run: RunId,
    pub step: u32,
    pub views: Vec<View>,
    pub numbers: Vec<f32>,
}

impl Frame {
    /// The numbers of `tensor` with their extents.
    pub fn view(&self, tensor: Tensor) -> Option<(&[usize], &[f32])> {
        let view = self.views.iter().find(|v| v.tensor == tensor)?;
        Some((&view.dims, self.numbers.get(view.range.clone())?))
    }
}

/// How far the digits have arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    pub train: u32,
    pub train_total: u32,
}

/// A unit of the stage that is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Focus {
    pub tensor: Tensor,
    pub channel: usize,
    /// Row and column, where a single cell is meant.
    pub cell: Option<(usize, usize)>,
}

/// Where CPU and graphics card, running the same steps, came to differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    pub step: u32,
    pub tensor: String,
    /// Place of the number in the tensor.
    pub position: u32,
    pub cpu: f32,
    pub gpu: f32,
}

/// A key that is meant for the pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadKey {
    Undo,
    Clear,
}

/// The drawing, for the store: see [`crate::widgets::ink::Ink::to_bytes`].
#[derive(Clone, Copy, Debug)]
pub struct Pad {
    pub strokes: StoredValue<Vec<u8>>,
    /// What the pad is to take up.
    pub restore: RwSignal<Option<Vec<u8>>>,
}

/// Which look the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    System,
    Light,
    Dark,
}

/// All of it. Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct AppState {
    pub run: RwSignal<RunId>,
    pub spec: RwSignal<RunSpec>,
    pub graph: RwSignal<Option<Arc<Graph>>>,
    pub summary: RwSignal<Summary>,
    pub phase: RwSignal<Phase>,
    pub progress: RwSignal<Progress>,
    /// Every point of the run's curve; read it when `curve_tick` changes.
    pub history: StoredValue<Vec<Progress>>,
    pub curve_tick: RwSignal<u32>,
    pub scores: RwSignal<Vec<Score>>,
    pub arrived: RwSignal<Arrived>,
    /// What runs are to compute on.
    pub wish: RwSignal<Wish>,
    /// What was found out about the graphics card, once it has been looked at.
    pub card: RwSignal<Option<CardReport>>,
    /// Why this run is where it is, if it was moved.
    pub moved: RwSignal<Option<String>>,
    pub traffic: RwSignal<Option<Traffic>>,
    pub parting: RwSignal<Option<Parting>>,
    pub probabilities: RwSignal<Vec<f32>>,
    /// The newest frame; read it when `frame_tick` changes.
    pub frame: StoredValue<Frame>,
    pub frame_tick: RwSignal<u32>,
    pub sample: RwSignal<Sample>,
    pub pad_key: RwSignal<Option<PadKey>>,
    pub pad: Pad,
    pub focus: RwSignal<Option<Focus>>,
    pub stage: stage::StageState,
    pub pace: RwSignal<Pace>,
    pub rate: RwSignal<f32>,
    pub theme_choice: RwSignal<ThemeChoice>,
    /// The look that follows from the choice and the system.
    pub theme: RwSignal<figures::Theme>,
    pub time: time::Time,
    pub notices: RwSignal<Vec<Notice>>,
    /// What is chosen in the workbench and not trained yet.
    pub draft: RwSignal<RunSpec>,
    pub builder: builder::Builder,
    pub toolbox: Toolbox,
    pub tabs: Tabs,
    pub monitors: Monitors,
    pub help_open: RwSignal<bool>,
    pub setup_open: RwSignal<bool>,
    pub card_open: RwSignal<bool>,
    pub kernels_open: RwSignal<bool>,
    /// What a card launches for a step of the run, once somebody has asked.
    pub kernels: RwSignal<Option<Listing>>,
    pub smoothness: RwSignal<Smoothness>,
    /// What the classes of the run are called.
    pub classes: Memo<class_names::ClassNames>,
    pub own: own::Own,
    /// The digits of the data set, as far as somebody has asked.
    pub catalogue: Catalogue,
    /// The next batch, as far as somebody looks at it.
    pub next_batch: BatchView,
    /// Earlier runs, and races.
    pub runs: Runs,
}

impl AppState {
    pub fn new(spec: RunSpec, wish: Wish) -> Self {
        let draft = RwSignal::new(spec.clone());
        let graph = Graph::check(&spec.model).ok().map(Arc::new);
        let (rate, own) = (spec.train.rate, own::Own::new());
        let spec = RwSignal::new(spec);
        let classes = Memo::new(move |_| {
            own.tick.track();
            let source = spec.with(|s| s.train.data);
            own.with(|own| class_names::ClassNames::of(source, own))
        });
        Self {
            run: RwSignal::new(RunId(0)),
            stage: stage::StageState::new(graph.as_deref()),
            graph: RwSignal::new(graph),
            rate: RwSignal::new(rate),
            draft,
            builder: builder::Builder::new(draft),
            spec,
            classes,
            own,
            summary: RwSignal::new(Summary::default()),
            phase: RwSignal::new(Phase::Starting),
            progress: RwSignal::new(Progress::default()),
            history: StoredValue::new(Vec::new()),
            curve_tick: RwSignal::new(0),
            scores: RwSignal::new(Vec::new()),
            arrived: RwSignal::new(Arrived::default()),
            wish: RwSignal::new(wish),
            card: RwSignal::new(None),
            moved: RwSignal::new(None),
            traffic: RwSignal::new(None),
            parting: RwSignal::new(None),
            probabilities: RwSignal::new(Vec::new()),
            frame: StoredValue::new(Frame::default()),
            frame_tick: RwSignal::new(0),
            sample: RwSignal::new(Sample::default()),
            pad_key: RwSignal::new(None),
            pad: Pad { strokes: StoredValue::new(Vec::new()), restore: RwSignal::new(None) },
            focus: RwSignal::new(None),
            pace: RwSignal::new(Pace::Full),
            theme_choice: RwSignal::new(ThemeChoice::System),
            theme: RwSignal::new(figures::Theme::Light),
            time: time::Time::new(),
            notices: RwSignal::new(Vec::new()),
            toolbox: Toolbox::new(),
            tabs: Tabs::new(),
            monitors: Monitors::new(),
            help_open: RwSignal::new(false),
            setup_open: RwSignal::new(false),
            card_open: RwSignal::new(false),
            kernels_open: RwSignal::new(false),
            kernels: RwSignal::new(None),
            smoothness: RwSignal::new(Smoothness::default()),
            catalogue: Catalogue::new(),
            next_batch: BatchView::new(),
            runs: Runs::new(),
        }
    }

    /// Tells the user something. The same text is not told twice at once.
    pub fn notify(&self, kind: NoticeKind, text: impl Into<String>, remedy: Option<Remedy>) {
        let text = text.into();
        self.notices.update(|list| {
            if list.iter().all(|n| n.text != text) {
                let id = list.last().map_or(0, |n| n.id + 1);
                list.push(Notice { id, kind, text, remedy });
                // Old ones make room: four fit a small screen.
                let surplus = list.len().saturating_sub(4);
                list.drain(..surplus);
            }
        });
    }

    /// What a class of the run is called.
    pub fn class_name(&self, class: usize) -> String {
        self.classes.with(|names| names.get(class).to_owned())
    }

    /// Whether there is a run that commands can be given to.
    pub fn is_open(&self) -> bool {
        self.phase.with_untracked(|p| !matches!(p, Phase::Starting | Phase::Stopped))
    }

    pub fn dismiss(&self, id: u32) {
        self.notices.update(|list| list.retain(|n| n.id != id));
    }

    /// The newest result on a set.
    pub fn score(&self, set: protocol::EvalSet) -> Option<f64> {
        self.scores.with(|s| s.iter().rev().find(|s| s.set == set).map(|s| s.accuracy))
    }
}

/// The state, from the context that the shell provides.
pub fn app() -> AppState {
    lab().state
}

pub fn lab() -> Lab {
    #[allow(clippy::expect_used, reason = "the shell provides it before any panel exists")]
    use_context::<Lab>().expect("the shell provides the lab")
}
