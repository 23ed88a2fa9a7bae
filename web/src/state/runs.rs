//! Earlier runs, and the race that is under way.

use figures::{Curves, Ghost, Measured, MeasuredOn, TrainPoint};
use leptos::prelude::*;
use protocol::{
    EvalSet, Progress, Racer, Record, RunSpec,
    difference::{SAME, difference, network_name},
    record::{RUNS_LIMIT, free_slot, merge},
};

use super::AppState;
use crate::dom::now_ms;

/// A run of fewer steps is not worth remembering.
const LEAST_STEPS: u32 = 10;

/// Below are the numbers of runs that an earlier version has kept.
const OLD_IDS: u32 = 1 << 16;

/// A race, under way or over.
#[derive(Clone, Debug, PartialEq)]
pub struct RaceView {
    pub names: Vec<String>,
    pub specs: Vec<RunSpec>,
    pub steps: u32,
    /// With all of their points; empty before the first report.
    pub racers: Vec<Racer>,
    pub over: bool,
    pub message: String,
}

/// How long the run has trained, and since which step that is known.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    spent_ms: f64,
    since: Option<f64>,
    from: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Runs {
    /// Oldest first.
    pub list: RwSignal<Vec<Record>>,
    /// As the browser's store had it when it was looked at last: what differs in `list` is of this tab.
    pub stored: StoredValue<Vec<Record>>,
    pub race: RwSignal<Option<RaceView>>,
    /// The step at which the run left an earlier one.
    pub branched: RwSignal<Option<u32>>,
    /// The same of the run that is being opened.
    pub branching: StoredValue<Option<u32>>,
    clock: StoredValue<Clock>,
}

impl Runs {
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            stored: StoredValue::new(Vec::new()),
            race: RwSignal::new(None),
            branched: RwSignal::new(None),
            branching: StoredValue::new(None),
            clock: StoredValue::new(Clock::default()),
        }
    }

    /// Adds a run; the oldest makes room.
    pub fn add(&self, mut record: Record) {
        self.list.update(|list| {
            if list.len() >= RUNS_LIMIT {
                list.remove(0);
            }
            record.slot = free_slot(list);
            // Of two tabs that draw the same number one loses a run: once in billions.
            record.id = (js_sys::Math::random() * f64::from(u32::MAX - OLD_IDS)) as u32 + OLD_IDS;
            list.push(record);
        });
    }

    /// The store has this list now: what this tab has not kept yet is added to it.
    pub fn take(&self, stored: Vec<Record>) {
        let base = self.stored.get_value();
        let now = self.list.with_untracked(|mine| merge(&base, mine, &stored));
        if self.list.with_untracked(|list| *list != now) {
            self.list.set(now);
        }
        self.stored.set_value(stored);
    }

    pub fn time(&self, plays: bool) {
        self.clock.update_value(|clock| match (plays, clock.since) {
            (true, None) => clock.since = Some(now_ms()),
            (false, Some(since)) => {
                clock.spent_ms += now_ms() - since;
                clock.since = None;
            }
            _ => {}
        });
    }

    /// Another run, from this step on.
    pub fn begin(&self, step: u32, plays: bool) {
        self.clock.set_value(Clock { from: step, since: plays.then(now_ms), ..Clock::default() });
        self.branched.set(self.branching.try_update_value(Option::take).flatten());
    }

    /// Milliseconds of training, and the step from which they count.
    fn timed(&self) -> (f64, u32) {
        let clock = self.clock.get_value();
        (clock.spent_ms + clock.since.map_or(0.0, |since| now_ms() - since), clock.from)
    }

    /// A report of the race: points are added to those that there are, and those that have become void go.
    pub fn raced(&self, racers: Vec<Racer>, over: bool, message: String) {
        self.race.update(|race| {
            let Some(race) = race.as_mut().filter(|r| !r.over) else { return };
            let mut before: Vec<Vec<Progress>> = race.racers.iter_mut().map(|r| std::mem::take(&mut r.points)).collect();
            before.resize(racers.len(), Vec::new());
            race.racers = racers;
            for (racer, mut points) in race.racers.iter_mut().zip(before) {
                let void_from = racer.points.first().map_or(racer.progress.step + 1, |p| p.step);
                points.retain(|p| p.step < void_from);
                points.append(&mut racer.points);
                racer.points = points;
            }
            (race.over, race.message) = (over, message);
        });
    }

    /// The contestants of a race that is over become earlier runs.
    pub fn conclude(&self, before: &RunSpec) {
        let Some(race) = self.race.get_untracked() else { return };
        let number = self.list.with_untracked(|list| list.iter().map(|r| r.race).max().unwrap_or(0)) + 1;
        for (i, record) in race.records().into_iter().enumerate().filter(|(_, r)| r.last.step > 0) {
            // Each is held against the first, and that one against the run of the page.
            let line = difference(if i == 0 { before } else { &race.specs[0] }, &race.specs[i]);
            self.add(Record { difference: line, race: number, ..record });
        }
    }
}

impl RaceView {
    pub fn records(&self) -> Vec<Record> {
        let record = |(i, (name, spec)): (usize, (&String, &RunSpec))| {
            let racer = self.racers.get(i).cloned().unwrap_or_default();
            Record {
                name: name.clone(),
                slot: i as u32,
                params: racer.params,
                train_ms: racer.train_ms,
                images: f64::from(racer.progress.step) * spec.train.batch as f64,
                on_card: racer.on_card,
                last: racer.progress,
                ..Record::of(spec, &racer.points, &racer.scores)
            }
        };
        self.names.iter().zip(&self.specs).enumerate().map(record).collect()
    }
}

impl AppState {
    /// The run of the page as it would be remembered now.
    pub fn record_now(&self) -> Record {
        let spec = self.spec.get_untracked();
        let (train_ms, from) = self.runs.timed();
        let last = self.progress_now();
        let line =
            self.runs.list.with_untracked(|list| list.iter().rev().find(|r| r.race == 0).map(|before| difference(&before.spec(), &spec)));
        let branched = self.runs.branched.get_untracked().map(|step| format!("branched at step {step}"));
        // A branch is what it is beside its settings, mostly none.
        let line = match (branched, line.unwrap_or_else(|| "first run".to_owned())) {
            (Some(branched), line) if line == SAME => branched,
            (Some(branched), line) => format!("{branched}, {line}"),
            (None, line) => line,
        };
        let notes = self.toolbox.notes.get_untracked();
        let line = match notes.last() {
            Some(note) => format!("{line}; on the way {}", note.sentence()),
            None => line,
        };
        Record {
            name: network_name(&spec.model).to_owned(),
            difference: line,
            params: self.graph.with_untracked(|graph| graph.as_ref().map_or(0, |g| g.params_len() as u32)),
            train_ms,
            images: f64::from(last.step.saturating_sub(from)) * spec.train.batch as f64,
            on_card: self.summary.with_untracked(|s| s.backend != protocol::Backend::Cpu),
            notes,
            last,
            ..Record::of(&spec, &self.history_now(), &self.scores_now())
        }
    }

    /// The run of the page becomes an earlier one, where it went far enough.
    pub fn archive(&self) -> bool {
        let worth = self.progress_now().step >= LEAST_STEPS;
        if worth {
            self.runs.add(self.record_now());
        }
        worth
    }
}

/// A record as charts take it.
pub fn ghost(record: &Record, name: String) -> Ghost {
    let train = (0..record.step.len()).map(|i| TrainPoint {
        step: record.step[i],
        epoch: f64::from(record.epoch[i]),
        loss: f64::from(record.loss[i]),
        accuracy: f64::from(record.accuracy[i]),
    });
    let scores = record.scores.iter().map(|s| Measured {
        on: if s.set == EvalSet::Test { MeasuredOn::Test } else { MeasuredOn::Validation },
        step: s.step,
        epoch: s.epoch,
        loss: s.loss,
        accuracy: s.accuracy,
    });
    Ghost { name, slot: record.slot, curves: Curves { train: train.collect(), scores: scores.collect() } }
}
