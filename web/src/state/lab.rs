//! What can be done with the run: every control of the page ends here.

mod browse;
mod building;
mod hearing;
mod moments;
mod monitors;
mod own;
mod page;
mod preview;
mod recovery;
mod runs;
mod stage;
mod time;
pub mod toolbox;
mod transport;

use std::{collections::HashMap, rc::Rc};

use data::FramingOptions;
use engine::Tensor;
use leptos::prelude::*;
use protocol::{Command, RunSpec, Save, Wish};

use super::{
    AppState, NoticeKind, Phase, Remedy,
    keep::{self, Keeper},
    url,
};
use crate::{
    dom::{
        self,
        store::{SavedRun, page::SavedPage},
    },
    link::{
        Heard, Link,
        message::{Ask, Parcel, Which},
    },
    shards,
};

/// Deaths of workers after which the page no longer restarts by itself.
const DEATHS_LIMIT: u32 = 3;
/// A worker that lived this long had started well.
const LIFE_MS: f64 = 20_000.0;

/// What a file was asked for.
#[derive(Clone, Debug, PartialEq)]
enum Purpose {
    Download,
    Keep,
    /// For the browser's store.
    Moment(u32),
    /// To be written for other programs.
    Onnx,
    /// For a run that is to begin with what fits of it.
    Graft(Box<RunSpec>),
}

#[derive(Debug, Default)]
struct Inner {
    link: Option<Link>,
    keeper: Keeper,
    last_ask: u32,
    asked: HashMap<u32, Purpose>,
    watched: Vec<Tensor>,
    /// What the worker takes apart.
    dissected: Option<protocol::Opened>,
    /// Play as soon as the run stands ready.
    play_when_ready: bool,
    /// `Play` was sent and not answered yet.
    play_sent: bool,
    /// Play again once more digits have arrived.
    play_with_data: bool,
    /// The file that is being loaded, until it stands ready.
    loading: Option<Loading>,
    /// The user has asked for a digit of the data set.
    digit_wanted: bool,
    looks: preview::Looks,
    /// What the run trains on; the first image that is shown is a digit.
    source: data::Source,
    /// As it was kept last.
    page: SavedPage,
    /// The draft of last time, until its run stands ready.
    draft: Option<RunSpec>,
    deaths: u32,
    born_ms: f64,
    /// Counts the workers; what an earlier one still says is not heard.
    generation: u32,
}

#[derive(Clone, Debug)]
struct Loading {
    /// What to open where it cannot be loaded; nothing where a run is open already.
    instead: Option<RunSpec>,
    told: String,
}

/// The state and the worker behind it. Copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    pub state: AppState,
    inner: StoredValue<Inner, LocalStorage>,
}

impl Lab {
    /// Reads the link, starts the worker, and goes on with the run of last time where it is the
    /// one that the link asks for.
    pub fn start() -> Self {
        let asked = url::read();
        let state = AppState::new(asked.spec.clone(), asked.wish);
        for problem in &asked.problems {
            state.notify(NoticeKind::Warned, problem.clone(), None);
        }
        let inner = Inner { play_when_ready: url::page_value("play").as_deref() != Some("0"), ..Inner::default() };
        let lab = Self { state, inner: StoredValue::new_local(inner) };
        state.builder.follow(state.spec);
        lab.connect(asked.wish);
        lab.begin_sample();
        leptos::task::spawn_local(async move {
            let wanted = protocol::link::encode(&asked.spec);
            let (keeper, found) = Keeper::open(|run| run.step > 0 && (!asked.explicit || run.link == wanted)).await;
            for told in found.told {
                state.notify(NoticeKind::Warned, told, None);
            }
            lab.inner.update_value(|inner| inner.keeper = keeper);
            lab.recall_runs();
            if let Some(own) = found.own {
                state.own.update(|kept| *kept = own);
            }
            if let Some(page) = found.page {
                lab.put_page_back(&page);
            }
            match found.run {
                Some(run) => {
                    lab.inner.update_value(|inner| inner.play_when_ready &= run.playing);
                    let told = format!("Continued from step {}.", run.step);
                    lab.restore(run, told);
                }
                None => lab.open(asked.spec),
            }
        });
        keep::schedule(lab);
        lab.follow_stops();
        lab.follow_time();
        lab
    }

    fn connect(&self, wish: Wish) {
        let lab = *self;
        self.state.card.set(None);
        let generation = self.inner.try_update_value(|inner| {
            inner.generation += 1;
            inner.generation
        });
        let ear: Rc<dyn Fn(Heard)> = Rc::new(move |heard| {
            if lab.inner.try_with_value(|inner| inner.generation) == generation {
                lab.hear(heard);
            }
        });
        let worker = if url::page_value("workers").as_deref() == Some("0") {
            None
        } else {
            let spawned = Link::spawn(wish, shards::cores(url::page_value("threads").as_deref()), Rc::clone(&ear));
            let told = |why: &String| {
                let text = format!("This browser gave no worker ({why}). The network trains on the page instead, in small slices.");
                self.state.notify(NoticeKind::Warned, text, None);
            };
            spawned.inspect_err(told).ok()
        };
        let link = worker.map_or_else(|| Link::on_page(wish, ear), Ok);
        if let Err(why) = &link {
            self.state.notify(NoticeKind::Failed, format!("Nothing can be trained in this browser: {why}."), None);
        }
        self.inner.update_value(|inner| {
            inner.link = link.ok();
            inner.born_ms = dom::now_ms();
        });
    }

    fn send(&self, ask: Ask) {
        self.post(Parcel::new(ask));
    }

    fn post(&self, parcel: Parcel<Ask>) {
        self.inner.with_value(|inner| {
            if let Some(link) = &inner.link {
                link.send(parcel);
            }
        });
    }

    fn command(&self, command: Command) {
        self.send(Ask::Session(Box::new(command)));
    }

    /// A command that only an open run can carry out; else what it sets is told once one is open.
    fn tell_run(&self, command: Command) {
        if self.state.is_open() {
            self.command(command);
        }
    }

    /// A new run of `spec`, which begins at once unless the page was asked to wait.
    pub fn open(&self, spec: RunSpec) {
        self.send_own(&spec);
        let run = protocol::RunId(self.state.run.get_untracked().0 + 1);
        self.begin_run(run);
        self.command(Command::Open { run, spec });
    }

    fn begin_run(&self, run: protocol::RunId) {
        self.state.run.set(run);
        self.state.phase.set(Phase::Starting);
        self.inner.update_value(|inner| inner.loading = None);
    }

    /// A new run that starts to train at once.
    pub fn open_and_play(&self, spec: RunSpec) {
        self.inner.update_value(|inner| inner.play_when_ready = true);
        self.open(spec);
    }

    /// Back to step 0 with the same seed; goes on playing if it was.
    pub fn reset(&self) {
        let playing = self.state.phase.get_untracked() == Phase::Playing;
        self.inner.update_value(|inner| inner.play_when_ready = playing);
        self.open(self.state.spec.get_untracked());
    }

    /// The same set-up from other first weights.
    pub fn reseed(&self) {
        let mut spec = self.state.spec.get_untracked();
        // Short seeds are easier to read out in a room.
        spec.train.seed = (js_sys::Math::random() * 9999.0) as u32 + 1;
        self.open_and_play(spec);
    }

    fn restore(&self, run: SavedRun, told: String) {
        let spec = protocol::link::decode(&run.link).0;
        self.send_own(&spec);
        self.inner.update_value(|inner| inner.loading = Some(Loading { instead: Some(spec), told }));
        if self.state.run.get_untracked().0 == 0 {
            self.state.run.set(protocol::RunId(1));
        }
        self.send_file(run.file);
    }

    /// Weights or a checkpoint from a file of the user's.
    pub fn load(&self, name: &str, file: Vec<u8>) {
        let told = format!("{name} was loaded.");
        // It may be a run on images of one's own, which the worker has only where it trains on them.
        if !self.state.spec.with_untracked(|s| s.train.data.has_own()) {
            self.lend_own();
        }
        self.inner.update_value(|inner| inner.loading = Some(Loading { instead: None, told }));
        self.send_file(file);
    }

    fn send_file(&self, file: Vec<u8>) {
        let run = self.state.run.get_untracked();
        let playing = self.state.phase.get_untracked() == Phase::Playing;
        self.inner.update_value(|inner| inner.play_when_ready |= playing);
        self.post(Parcel { head: Ask::Session(Box::new(Command::Load { run })), bulk: Vec::new(), file });
    }

    /// Replaces what frames bring.
    pub fn watch(&self, tensors: Vec<Tensor>) {
        let changed = self.inner.try_update_value(|inner| {
            let changed = inner.watched != tensors;
            inner.watched.clone_from(&tensors);
            changed
        });
        if changed == Some(true) {
            self.tell_run(Command::Watch { run: self.state.run.get_untracked(), tensors });
        }
    }

    pub fn pick(&self, which: Which) {
        self.leave_walk();
        self.inner.update_value(|inner| inner.digit_wanted = true);
        self.send(Ask::Pick(which));
    }

    /// Shows the network a drawing.
    pub fn draw(&self, ink: &[f32], width: usize) {
        self.leave_walk();
        self.state.sample.update(|sample| sample.draw(ink, width));
        self.show();
    }

    pub fn frame_by(&self, options: FramingOptions) {
        self.state.sample.update(|sample| sample.framing = options);
    }

    fn show(&self) {
        if !self.state.is_open() {
            return;
        }
        let image = self.state.sample.with_untracked(|s| s.image.clone());
        self.post(Parcel::with_bulk(Ask::Session(Box::new(Command::Show { run: self.state.run.get_untracked() })), image));
    }

    /// The weights as a file for the user.
    pub fn save_weights(&self) {
        self.save(Save::Weights, Purpose::Download);
    }

    /// A checkpoint for the browser's store, where there is something new to keep.
    pub fn keep(&self) {
        let step = self.state.progress_now().step;
        let wanted = self.inner.with_value(|inner| inner.keeper.wants(step) && !inner.asked.values().any(|p| *p == Purpose::Keep));
        if wanted {
            self.save(Save::Checkpoint, Purpose::Keep);
        }
        self.keep_moment();
    }

    fn save(&self, what: Save, purpose: Purpose) {
        if !self.state.is_open() {
            return;
        }
        let ask = self.inner.try_update_value(|inner| {
            inner.last_ask += 1;
            inner.asked.insert(inner.last_ask, purpose);
            inner.last_ask
        });
        self.command(Command::Save { run: self.state.run.get_untracked(), ask: ask.unwrap_or(0), what });
    }

    pub fn remedy(&self, remedy: Remedy) {
        match remedy {
            Remedy::StartAnew => {
                self.inner.update_value(|inner| inner.deaths = 0);
                if self.inner.with_value(|inner| inner.link.is_none()) {
                    self.connect(self.state.wish.get_untracked());
                }
                self.open_and_play(self.state.spec.get_untracked());
            }
            Remedy::FetchAgain => {
                self.inner.update_value(|inner| inner.play_with_data = true);
                // What was told about the missing file is being seen to.
                self.state.notices.set(Vec::new());
                self.send(Ask::Fetch);
            }
        }
    }

    /// Makes the worker panic; on the page's own thread there is none to lose.
    pub fn crash_worker(&self) {
        if self.inner.with_value(|inner| inner.link.as_ref().is_some_and(Link::is_worker)) {
            self.send(Ask::Crash);
        }
    }

    /// Makes one of the workers that share the training panic.
    pub fn crash_shard(&self) {
        self.send(Ask::CrashShard);
    }

    /// Asks for the kernels that a card with these abilities launches for the run.
    pub fn list_kernels(&self, subgroups: bool, half: bool) {
        self.send(Ask::Kernels { spec: Box::new(self.state.spec.get_untracked()), subgroups, half });
    }

    /// Loses the graphics card, where runs are on one.
    pub fn lose_card(&self) {
        self.send(Ask::LoseCard);
    }
}
