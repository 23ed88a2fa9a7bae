//! A session on real digits with a clock that the test turns.

use std::sync::{Arc, OnceLock};

use data::{Dataset, PIXELS};
use engine::{
    ModelSpec, OptimizerSpec, Pair,
    ops::{BatchNorm2d, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Relu},
    optim::Momentum,
};
use protocol::{Command, Event, Message, Progress, RunId, RunSpec, Save, Score, TrainSpec};
use trainer::{Portion, Rest, Session};

pub const RUN: RunId = RunId(1);
pub const FEW: Portion = Portion { train: 500, scored: 200 };
/// Steps in an epoch of [`small`] over [`FEW`].
pub const STEPS: u32 = 25;

/// All of MNIST, read once.
pub fn digits() -> Arc<Dataset> {
    static DIGITS: OnceLock<Arc<Dataset>> = OnceLock::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
    Arc::clone(DIGITS.get_or_init(|| Arc::new(Dataset::read_dir(path).unwrap())))
}

/// A network that learns fast and has every kind of number: weights, running statistics, dropout.
pub fn small() -> RunSpec {
    let layers = vec![
        Conv2d { out_ch: 4, kernel: Pair::square(5), stride: Pair::square(2), ..Conv2d::default() }.into(),
        BatchNorm2d::default().into(),
        Relu {}.into(),
        MaxPool2d::default().into(),
        Flatten {}.into(),
        Dropout { p: 0.1 }.into(),
        Dense { out: 10, bias: true }.into(),
    ];
    RunSpec {
        model: ModelSpec { layers, ..RunSpec::default().model },
        train: TrainSpec { batch: 20, epochs: 2, rate: 0.01, ..TrainSpec::default() },
    }
}

pub fn with_momentum(spec: RunSpec) -> RunSpec {
    RunSpec { train: TrainSpec { optimizer: OptimizerSpec::Momentum(Momentum::default()), ..spec.train }, ..spec }
}

pub struct Rig {
    pub session: Session,
    pub now_ms: f64,
    /// Everything that the session has said, oldest first.
    pub events: Vec<Message<Event>>,
    /// Answer each frame with `Ack`.
    pub acknowledges: bool,
}

impl Rig {
    pub fn new(session: Session) -> Self {
        let mut rig = Self { session, now_ms: 5_000.0, events: Vec::new(), acknowledges: true };
        rig.collect();
        rig
    }

    pub fn few() -> Self {
        Self::new(Session::with_portion(digits(), FEW))
    }

    /// A run of `spec` over [`FEW`], opened.
    pub fn open(spec: RunSpec) -> Self {
        let mut rig = Self::few();
        rig.send(Command::Open { run: RUN, spec });
        assert!(matches!(rig.last(), Event::Opened { .. }), "{:?}", rig.last());
        rig
    }

    pub fn send(&mut self, head: Command) -> &[Message<Event>] {
        self.send_with(head.into())
    }

    /// The events that came at once.
    pub fn send_with(&mut self, message: Message<Command>) -> &[Message<Event>] {
        // As it would travel.
        let text = serde_json::to_string(&message.head).unwrap();
        let head = serde_json::from_str(&text).unwrap();
        self.session.handle(Message { head, ..message }, self.now_ms);
        let before = self.events.len();
        self.collect();
        &self.events[before..]
    }

    fn collect(&mut self) {
        for message in self.session.take_events() {
            let text = serde_json::to_string(&message.head).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), message.head, "a head that does not survive its way");
            let ack = match message.head {
                Event::Framed { run, frame, .. } if self.acknowledges => Some(Command::Ack { run, frame }),
                _ => None,
            };
            self.events.push(message);
            if let Some(ack) = ack {
                self.session.handle(ack.into(), self.now_ms);
            }
        }
    }

    /// One turn of 10 ms, in which every look at the clock costs 1 ms.
    pub fn turn(&mut self) -> Rest {
        let now_ms = &mut self.now_ms;
        let rest = self.session.turn(10.0, &mut || {
            *now_ms += 1.0;
            *now_ms
        });
        self.collect();
        rest
    }

    /// Turns until an event is as `wanted` says; sleeps as the session says.
    pub fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let mut seen = self.events.len();
        for _ in 0..100_000 {
            let rest = self.turn();
            if let Some(found) = self.events[seen..].iter().find(|m| wanted(&m.head)) {
                return found.head.clone();
            }
            seen = self.events.len();
            match rest {
                Rest::Now => {}
                Rest::After(ms) | Rest::UntilWoken(ms) => self.now_ms += ms,
                Rest::UntilCalled => break,
            }
        }
        panic!("it never came; the last events: {:?}", self.events.iter().rev().take(4).map(|m| &m.head).collect::<Vec<_>>());
    }

    /// Turns until there is nothing to do.
    pub fn rest(&mut self) {
        loop {
            match self.turn() {
                Rest::Now => {}
                Rest::After(ms) | Rest::UntilWoken(ms) => self.now_ms += ms,
                Rest::UntilCalled => return,
            }
        }
    }

    pub fn step(&mut self, count: u32) {
        self.send(Command::Step { run: RUN, count });
        self.until(|e| matches!(e, Event::Paused { .. }));
    }

    pub fn last(&self) -> &Event {
        &self.events.last().unwrap().head
    }

    /// The curve so far: loss and accuracy to the bit.
    pub fn curve(&self) -> Vec<(u32, u64, u64)> {
        let points = self.events.iter().flat_map(|m| match &m.head {
            Event::Opened { history, .. } | Event::Progressed { history, .. } => &history[..],
            _ => &[],
        });
        points.map(|p: &Progress| (p.step, p.loss.to_bits(), p.accuracy.to_bits())).collect()
    }

    pub fn scores(&self) -> Vec<Score> {
        self.events
            .iter()
            .filter_map(|m| match &m.head {
                Event::Evaluated { score, .. } => Some(score.clone()),
                _ => None,
            })
            .collect()
    }

    pub fn save(&mut self, what: Save) -> Vec<u8> {
        let said = self.send(Command::Save { run: RUN, ask: 5, what });
        match said {
            [Message { head: Event::Saved { run: RUN, ask: 5 }, file, .. }] => file.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The heads that came at once.
    pub fn load(&mut self, file: &[u8]) -> Event {
        let message = Message { head: Command::Load { run: RUN }, bulk: vec![], file: file.to_vec() };
        match self.send_with(message) {
            [only] => only.head.clone(),
            other => panic!("{other:?}"),
        }
    }
}

/// A training digit as the page would show it.
pub fn digit(i: usize) -> Vec<f32> {
    let dataset = digits();
    let (pixels, _) = dataset.train_image(i).unwrap();
    assert_eq!(pixels.len(), PIXELS);
    pixels.iter().map(|p| f32::from(*p) / 255.0).collect()
}

pub fn is_declined(event: &Event, part: &str) -> bool {
    matches!(event, Event::Declined { message, .. } if message.contains(part))
}

/// Header and numbers of a file. (The order of its notes is nobody's business.)
pub fn contents(file: &[u8]) -> (serde_json::Value, Vec<u8>) {
    let len = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&file[8..8 + len]).unwrap(), file[8 + len..].to_vec())
}
