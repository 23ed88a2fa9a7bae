//! A session with a card, or without.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use data::Dataset;
use engine::{
    backend::gpu::{Card, launch::Storage, reader::block_on},
    presets::preset,
};
use protocol::{Backend, Command, EvalSet, Event, Message, Progress, RunId, RunSpec, Save};
use trainer::{
    Portion, Rest, Session,
    machine::{CardMaker, Clock},
};

pub const RUN: RunId = RunId(1);
pub const FEW: Portion = Portion { train: 320, scored: 200 };

pub fn card() -> Option<Rc<Card>> {
    match block_on(Card::open()) {
        Ok(card) => Some(card),
        Err(error) => {
            let required = std::env::var("REQUIRE_GPU").is_ok_and(|v| !v.is_empty() && v != "0");
            assert!(!required, "REQUIRE_GPU is set, but {error}");
            println!("SKIPPED: {error}");
            None
        }
    }
}

pub fn clock() -> Clock {
    let start = Instant::now();
    Rc::new(move || start.elapsed().as_secs_f64() * 1e3)
}

pub struct Rig {
    pub session: Session,
    pub clock: Clock,
    pub events: Vec<Message<Event>>,
}

impl Rig {
    /// A run of `spec` over [`FEW`], opened.
    pub fn open(spec: &RunSpec, card: Option<(&Rc<Card>, Backend, Storage)>) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
        let session = Session::with_portion(Arc::new(Dataset::read_dir(path).unwrap()), FEW);
        let mut rig = Self { session, clock: clock(), events: Vec::new() };
        if let Some((card, backend, storage)) = card {
            rig.give(card, backend, storage);
        }
        rig.send(Command::Open { run: RUN, spec: spec.clone() }.into());
        let opened = rig.until(|e| matches!(e, Event::Opened { .. }));
        let Event::Opened { summary, .. } = opened.head else { panic!("{opened:?}") };
        assert_eq!(summary.backend, card.map_or(Backend::Cpu, |(_, backend, _)| backend));
        rig
    }

    pub fn give(&mut self, card: &Rc<Card>, backend: Backend, storage: Storage) {
        self.session.set_maker(Some(Box::new(CardMaker::new(card, backend, storage, Rc::clone(&self.clock)))));
    }

    pub fn send(&mut self, message: Message<Command>) {
        self.session.handle(message, (self.clock)());
        self.collect();
    }

    pub fn collect(&mut self) {
        for message in self.session.take_events() {
            if let Event::Framed { run, frame, .. } = message.head {
                self.session.handle(Command::Ack { run, frame }.into(), (self.clock)());
            }
            self.events.push(message);
        }
    }

    pub fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Message<Event> {
        let started = Instant::now();
        let mut seen = 0;
        loop {
            if let Some(found) = self.events[seen..].iter().find(|m| wanted(&m.head)) {
                return found.clone();
            }
            seen = self.events.len();
            assert!(started.elapsed() < Duration::from_secs(300), "it never came; the last: {:?}", self.events.last().map(|m| &m.head));
            let clock = Rc::clone(&self.clock);
            let rest = self.session.turn(10.0, &mut || clock());
            self.collect();
            if let Rest::UntilWoken(ms) | Rest::After(ms) = rest {
                std::thread::sleep(Duration::from_secs_f64(ms.clamp(0.0, 1.0) / 1e3));
            }
        }
    }

    pub fn finish(&mut self) {
        self.events.clear();
        self.send(Command::Play { run: RUN }.into());
        self.until(|e| matches!(e, Event::Finished { .. }));
    }

    pub fn points(&self) -> Vec<Progress> {
        let points = self.events.iter().flat_map(|m| match &m.head {
            Event::Progressed { history, .. } => &history[..],
            _ => &[],
        });
        points.copied().collect()
    }

    pub fn accuracy(&self, set: EvalSet) -> f64 {
        let scores = self.events.iter().filter_map(|m| match &m.head {
            Event::Evaluated { score, .. } if score.set == set => Some(score),
            _ => None,
        });
        let last = scores.reduce(|_, score| score).unwrap();
        assert_eq!(last.count, 200);
        assert_eq!(last.confusion.iter().sum::<u32>(), 200);
        last.accuracy
    }

    pub fn save(&mut self) -> Vec<u8> {
        self.events.clear();
        self.send(Command::Save { run: RUN, ask: 3, what: Save::Checkpoint }.into());
        self.until(|e| matches!(e, Event::Saved { ask: 3, .. })).file
    }
}

/// The first preset, which drops out, over three epochs of twenty steps.
pub fn spec() -> RunSpec {
    let mut spec = RunSpec { model: preset("lens").unwrap().model(), ..RunSpec::default() };
    (spec.train.batch, spec.train.epochs) = (16, 3);
    spec
}
