//! What the tables of runs and of races tell of a run.

use protocol::{EvalSet, Record};

use crate::widgets::number;

#[derive(Clone, Copy)]
pub struct Column {
    pub slug: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// What it is sorted by; `None` where it is not known.
    pub value: fn(&Record) -> Option<f64>,
    shown: fn(f64) -> String,
    /// The more, the better.
    pub is_gain: bool,
}

impl Column {
    pub fn text(&self, record: &Record) -> String {
        (self.value)(record).map_or_else(|| "–".to_owned(), self.shown)
    }
}

fn whole(value: f64) -> String {
    number::grouped(value as u64)
}

fn seconds(value: f64) -> String {
    if value < 60.0 { format!("{value:.1} s") } else { format!("{:.0} min {:02.0} s", (value / 60.0).floor(), (value % 60.0).floor()) }
}

fn trained(record: &Record) -> Option<&Record> {
    (record.last.step > 0).then_some(record)
}

#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    Column { slug: "params", title: "Parameters", about: "Numbers that are learnt", value: |r| (r.params > 0).then_some(f64::from(r.params)), shown: whole, is_gain: false },
    Column { slug: "steps", title: "Steps", about: "Updates made", value: |r| Some(f64::from(r.last.step)), shown: whole, is_gain: true },
    Column { slug: "train-loss", title: "Train loss", about: "Of the last batches", value: |r| trained(r).map(|r| r.last.loss), shown: figures::axis::short, is_gain: false },
    Column { slug: "validation-loss", title: "Val. loss", about: "The newest on the validation digits", value: |r| r.score(EvalSet::Validation).map(|s| s.loss), shown: figures::axis::short, is_gain: false },
    Column { slug: "validation", title: "Val. acc.", about: "The newest on the validation digits", value: |r| r.score(EvalSet::Validation).map(|s| s.accuracy), shown: number::percent, is_gain: true },
    Column { slug: "test", title: "Test acc.", about: "The newest on the test digits", value: |r| r.score(EvalSet::Test).map(|s| s.accuracy), shown: number::percent, is_gain: true },
    Column { slug: "speed", title: "Images/s", about: "Images trained on by the time that it took; in a race on one core, or on the card", value: |r| Some(r.images_per_second()).filter(|s| *s > 0.0), shown: |v| whole(v.round()), is_gain: true },
    Column { slug: "time", title: "Time", about: "Spent on training, as far as this page has seen it", value: |r| (r.train_ms > 0.0).then_some(r.train_ms / 1e3), shown: seconds, is_gain: false },
];
