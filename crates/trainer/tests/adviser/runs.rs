//! Real runs on real digits, with the adviser at their side.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use data::Dataset;
use engine::{LayerSpec, ModelSpec, OptimizerSpec, ops::Dense, presets::preset};
use protocol::{Advice, Command, Event, Probing, Reading, RunId, RunSpec, TrainSpec};
use trainer::{Portion, Session, Stage};

pub const RUN: RunId = RunId(1);

fn digits() -> Arc<Dataset> {
    static DIGITS: OnceLock<Arc<Dataset>> = OnceLock::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/mnist");
    Arc::clone(DIGITS.get_or_init(|| Arc::new(Dataset::read_dir(path).unwrap())))
}

/// A run and what was said about it.
pub struct Told {
    pub session: Session,
    now_ms: f64,
    /// What each rule said when it first found something.
    pub ever: BTreeMap<String, Advice>,
    /// What was said the first time.
    pub first: Vec<Advice>,
    pub last: Vec<Advice>,
    pub readings: Vec<Reading>,
    pub step: u32,
    pub loss: f64,
}

impl Told {
    pub fn open(spec: RunSpec, train: usize) -> Self {
        let session = Session::with_portion(digits(), Portion { train, scored: 400 });
        let mut told = Self {
            session,
            now_ms: 0.0,
            ever: BTreeMap::new(),
            first: Vec::new(),
            last: Vec::new(),
            readings: Vec::new(),
            step: 0,
            loss: 0.0,
        };
        told.send(Command::Open { run: RUN, spec });
        told.send(Command::Probe { run: RUN, what: Probing::Layers });
        told
    }

    pub fn send(&mut self, command: Command) {
        self.session.handle(command.into(), self.now_ms);
        self.hear();
    }

    /// Plays until `steps` updates are made, or the run stops.
    pub fn play(&mut self, steps: u32) {
        self.send(Command::Play { run: RUN });
        while self.step < steps && matches!(self.session.stage(), Stage::Playing | Stage::Scoring) {
            let now_ms = &mut self.now_ms;
            // A step takes 40 ms, so there are twelve to a probe; what a probe does takes next to nothing.
            *now_ms += 40.0;
            self.session.turn(0.0, &mut || {
                *now_ms += 0.01;
                *now_ms
            });
            self.hear();
        }
        assert!(self.step > 0, "nothing was trained");
    }

    fn hear(&mut self) {
        for message in self.session.take_events() {
            match message.head {
                Event::Progressed { progress, .. } => (self.step, self.loss) = (progress.step, progress.loss),
                Event::Probed { probe, .. } => self.readings.push(Reading::from_bulk(probe, &message.bulk).unwrap()),
                Event::Advised { advice, .. } => {
                    for advice in &advice {
                        self.ever.entry(advice.rule.clone()).or_insert_with(|| advice.clone());
                    }
                    if self.first.is_empty() {
                        self.first.clone_from(&advice);
                    }
                    self.last = advice;
                }
                Event::Declined { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
    }

    /// What the rule of this name says at the end.
    pub fn says(&self, rule: &str) -> &Advice {
        let found = self.last.iter().find(|a| a.rule == rule);
        found.unwrap_or_else(|| {
            panic!("{rule} says nothing at step {} (loss {}); ever: {:?}, now {:?}", self.step, self.loss, self.ever.keys(), self.last)
        })
    }

    /// What the rule of this name said when it first found something: noise may have hidden it since.
    pub fn said(&self, rule: &str) -> &Advice {
        self.ever.get(rule).unwrap_or_else(|| panic!("{rule} never said anything (loss {}); ever: {:?}", self.loss, self.ever.keys()))
    }
}

pub fn run(net: &str, train: TrainSpec) -> RunSpec {
    RunSpec { model: preset(net).unwrap().model(), train }
}

pub fn of(layers: Vec<LayerSpec>, train: TrainSpec) -> RunSpec {
    RunSpec { model: ModelSpec { layers, ..RunSpec::default().model }, train }
}

pub fn dense(out: usize) -> LayerSpec {
    Dense { out, bias: true }.into()
}

/// The rule of this name at this rate.
pub fn by(optimizer: &str, rate: f32) -> TrainSpec {
    let all = OptimizerSpec::all();
    let optimizer = all.into_iter().find(|o| o.rule().name() == optimizer).unwrap();
    TrainSpec { optimizer, rate, epochs: 100, ..TrainSpec::default() }
}
