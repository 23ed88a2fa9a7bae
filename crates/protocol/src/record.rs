//! A run as it is remembered: its set-up, its curve in few points, how it ended.

use std::fmt::Write as _;

use engine::{json, json::Read};
use serde::Serialize;

use crate::{EvalSet, Note, Progress, RunSpec, Score, link};

/// Points of a curve that are kept.
pub const POINTS_LIMIT: usize = 300;
/// Runs that are kept.
pub const RUNS_LIMIT: usize = 12;

/// What is kept of a run. Columns are of equal length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default)]
pub struct Record {
    /// Tells it from others, whatever tab has written it; 0 before it was given one.
    pub id: u32,
    pub name: String,
    /// Its set-up, as a link says it.
    pub link: String,
    /// What it had otherwise than the run before it.
    pub difference: String,
    /// Place in the key of the charts: colour and dashes.
    pub slot: u32,
    pub params: u32,
    pub train_ms: f64,
    /// Images trained on.
    pub images: f64,
    pub last: Progress,
    pub step: Vec<u32>,
    pub epoch: Vec<f32>,
    pub loss: Vec<f32>,
    pub accuracy: Vec<f32>,
    pub scores: Vec<Scored>,
    /// What was changed on the way.
    pub notes: Vec<Note>,
    pub on_card: bool,
    /// Contestants of one race have the same number; 0 for none.
    pub race: u32,
    /// Whether charts show it.
    pub shown: bool,
}

/// A result on a whole set, without its confusion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    pub set: EvalSet,
    pub step: u32,
    pub epoch: f64,
    pub loss: f64,
    pub accuracy: f64,
}

impl From<&Score> for Scored {
    fn from(s: &Score) -> Self {
        Self { set: s.set, step: s.step, epoch: s.epoch, loss: s.loss, accuracy: s.accuracy }
    }
}

impl Record {
    /// A run of `spec` with this curve and these scores. Points are joined in equal groups, as means, where there are
    /// more than [`POINTS_LIMIT`]; the last group keeps the last step.
    pub fn of(spec: &RunSpec, points: &[Progress], scores: &[Score]) -> Self {
        let mut record =
            Self { link: link::encode(spec), last: points.last().copied().unwrap_or_default(), shown: true, ..Self::default() };
        for group in points.chunks(points.len().div_ceil(POINTS_LIMIT).max(1)) {
            let mean = |of: fn(&Progress) -> f64| (group.iter().map(of).sum::<f64>() / group.len() as f64) as f32;
            if let Some(last) = group.last() {
                record.step.push(last.step);
                record.epoch.push(last.epoch as f32);
                record.loss.push(mean(|p| p.loss));
                record.accuracy.push(mean(|p| p.accuracy));
            }
        }
        record.scores = scores.iter().map(Scored::from).collect();
        // Of a long run the newest, which are what tables show.
        let surplus = record.scores.len().saturating_sub(POINTS_LIMIT);
        record.scores.drain(..surplus);
        record
    }

    pub fn spec(&self) -> RunSpec {
        link::decode(&self.link).0
    }

    /// The newest result on a set.
    pub fn score(&self, set: EvalSet) -> Option<&Scored> {
        self.scores.iter().rev().find(|s| s.set == set)
    }

    /// 0 where no time was measured.
    pub fn images_per_second(&self) -> f64 {
        if self.train_ms > 0.0 { self.images * 1e3 / self.train_ms } else { 0.0 }
    }

    /// Loss and accuracy of training around a place on the horizontal axis; `None` beyond its end.
    pub fn read(&self, x: f64, by_epoch: bool) -> Option<(u32, f32, f32)> {
        let place = |i: usize| if by_epoch { f64::from(self.epoch[i]) } else { f64::from(self.step[i]) };
        let count = self.step.len();
        let after = (0..count).find(|i| place(*i) >= x)?;
        let near = if after > 0 && x - place(after - 1) < place(after) - x { after - 1 } else { after };
        Some((self.step[near], self.loss[near], self.accuracy[near]))
    }

    /// Columns that a file may have broken.
    fn is_sound(&self) -> bool {
        let count = self.step.len();
        let finite = |all: &[f32]| all.iter().all(|x| x.is_finite());
        [self.epoch.len(), self.loss.len(), self.accuracy.len()] == [count; 3]
            && count <= POINTS_LIMIT
            && self.step.is_sorted()
            && finite(&self.epoch)
            && finite(&self.loss)
            && finite(&self.accuracy)
    }
}

/// All records as text; `None` where some number is none.
pub fn write(records: &[Record]) -> Option<String> {
    json::write(&records).ok()
}

/// The records in a text, as far as they are sound; at most [`RUNS_LIMIT`].
///
/// # Errors
/// In words, where it is no list of records.
pub fn read(text: &str) -> Result<Vec<Record>, String> {
    let records: Vec<Record> = json::read(text).map_err(|e| e.to_string())?;
    let mut records: Vec<Record> = records.into_iter().filter(Record::is_sound).take(RUNS_LIMIT).collect();
    // Those of earlier versions have none: the same one in every tab that reads them.
    records.iter_mut().filter(|r| r.id == 0).for_each(|r| r.id = r.slot + 1);
    Ok(records)
}

/// What two tabs have made of one list: `mine` and `theirs`, both of which were `base` once. What either has added,
/// changed or removed is so; of more than [`RUNS_LIMIT`] the oldest go.
pub fn merge(base: &[Record], mine: &[Record], theirs: &[Record]) -> Vec<Record> {
    let of = |list: &[Record], id: u32| list.iter().find(|r| r.id == id).cloned();
    let kept = theirs.iter().filter_map(|their| match (of(base, their.id), of(mine, their.id)) {
        (Some(_), None) => None,
        (Some(before), Some(own)) if before == own => Some(their.clone()),
        (_, Some(own)) => Some(own),
        (None, None) => Some(their.clone()),
    });
    let mut merged: Vec<Record> = kept.collect();
    let news = mine.iter().filter(|own| of(base, own.id).is_none() && of(theirs, own.id).is_none());
    merged.extend(news.cloned());
    merged.drain(..merged.len().saturating_sub(RUNS_LIMIT));
    for i in 1..merged.len() {
        let (before, own) = merged.split_at_mut(i);
        if before.iter().any(|r| r.slot == own[0].slot) {
            own[0].slot = (0..).find(|slot| before.iter().chain(&own[1..]).all(|r| r.slot != *slot)).unwrap_or_default();
        }
    }
    merged
}

/// The first place in the key that none of the records has.
pub fn free_slot(records: &[Record]) -> u32 {
    (0..).find(|slot| records.iter().all(|r| r.slot != *slot)).unwrap_or_default()
}

/// A field of a table: in quotes where it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

/// One line a run, as CSV.
pub fn table_csv(records: &[Record]) -> String {
    let mut csv = String::from(
        "name,difference,parameters,steps,epochs,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,images_per_second,train_seconds,set_up\n",
    );
    for r in records {
        let last = (r.last.step > 0).then_some(r.last);
        let [validation, test] = [EvalSet::Validation, EvalSet::Test].map(|set| r.score(set));
        let speed = Some(r.images_per_second()).filter(|s| *s > 0.0);
        let numbers = [
            last.map(|p| p.loss),
            last.map(|p| p.accuracy),
            validation.map(|s| s.loss),
            validation.map(|s| s.accuracy),
            test.map(|s| s.loss),
            test.map(|s| s.accuracy),
            speed,
            speed.map(|_| r.train_ms / 1e3),
        ];
        let numbers = numbers.map(shown).join(",");
        // Writing to a String cannot fail.
        let _ = writeln!(
            csv,
            "{},{},{},{},{},{numbers},{}",
            field(&r.name),
            field(&r.difference),
            r.params,
            r.last.step,
            r.last.epoch,
            field(&r.link)
        );
    }
    csv
}

/// One line a point of every curve, as CSV.
pub fn curves_csv(records: &[Record]) -> String {
    let mut csv = String::from("run,set,step,epoch,loss,accuracy\n");
    for r in records {
        let name = field(&r.name);
        for i in 0..r.step.len() {
            let _ = writeln!(csv, "{name},train,{},{},{},{}", r.step[i], r.epoch[i], r.loss[i], r.accuracy[i]);
        }
        for s in &r.scores {
            let set = if s.set == EvalSet::Test { "test" } else { "validation" };
            let _ = writeln!(csv, "{name},{set},{},{},{},{}", s.step, s.epoch, s.loss, s.accuracy);
        }
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: u32) -> Vec<Progress> {
        (1..=count)
            .map(|step| Progress { step, epoch: f64::from(step) / 100.0, loss: f64::from(step), accuracy: 0.5, ..Progress::default() })
            .collect()
    }

    fn score(set: EvalSet, accuracy: f64) -> Score {
        Score { set, step: 4, epoch: 0.04, loss: 0.25, accuracy, count: 10, confusion: vec![1; 100], quality: None }
    }

    fn record() -> Record {
        let scores = [score(EvalSet::Validation, 0.9), score(EvalSet::Test, 0.875)];
        let record = Record::of(&RunSpec::default(), &points(4), &scores);
        Record {
            name: "A, the \"first\"".to_owned(),
            difference: "rate 1 → 2".to_owned(),
            params: 7,
            train_ms: 500.0,
            images: 256.0,
            ..record
        }
    }

    #[test]
    fn long_curves_become_few_points_with_their_means() {
        let record = Record::of(&RunSpec::default(), &points(900), &[]);
        assert_eq!((record.step.len(), record.step[0], record.step[299]), (300, 3, 900));
        assert_eq!((record.loss[0], record.last.loss), (2.0, 900.0));
        assert_eq!(Record::of(&RunSpec::default(), &points(299), &[]).step.len(), 299);
        assert_eq!(Record::of(&RunSpec::default(), &[], &[]).step.len(), 0);
    }

    #[test]
    fn text_and_back() {
        let mut spec = RunSpec::default();
        spec.train.rate = 0.1;
        let mut records = vec![record(), Record::of(&spec, &points(1000), &[])];
        (records[0].id, records[1].id) = (7, 9);
        assert_eq!(read(&write(&records).unwrap()), Ok(records.clone()));
        assert_eq!(records[1].spec(), spec);
        records[0].loss.pop();
        assert_eq!(read(&write(&records).unwrap()).unwrap().len(), 1, "what is broken is left out");
        assert!(read("{").is_err() && read("[{\"name\":1}]").is_err());
        let old = &read("[{\"name\":\"x\",\"slot\":4}]").unwrap()[0];
        assert_eq!((old.name.as_str(), old.id), ("x", 5), "of an earlier version");
    }

    #[test]
    fn values_around_a_place() {
        let record = record();
        assert_eq!(record.read(2.4, false), Some((2, 2.0, 0.5)));
        assert_eq!(record.read(0.031, true), Some((3, 3.0, 0.5)));
        assert_eq!((record.read(0.0, false).map(|r| r.0), record.read(4.1, false)), (Some(1), None));
    }

    #[test]
    fn slots_are_taken_up_again() {
        let of = |slot| Record { slot, ..Record::default() };
        assert_eq!((free_slot(&[]), free_slot(&[of(0), of(2)]), free_slot(&[of(1), of(0)])), (0, 1, 2));
    }

    #[test]
    fn what_either_tab_has_done_is_done() {
        let of = |id: u32, slot: u32, name: &str| Record { id, slot, name: name.to_owned(), ..Record::default() };
        let names = |list: &[Record]| list.iter().map(|r| format!("{}{}", r.name, r.slot)).collect::<Vec<_>>();
        let base = [of(1, 0, "a"), of(2, 1, "b"), of(3, 2, "c")];
        // One tab renames a, removes b and adds d; the other renames c and adds e in the same place.
        let mine = [of(1, 0, "A"), of(3, 2, "c"), of(8, 3, "d")];
        let theirs = [of(1, 0, "a"), of(2, 1, "b"), of(3, 2, "C"), of(9, 3, "e")];
        assert_eq!(names(&merge(&base, &mine, &theirs)), ["A0", "C2", "e3", "d1"]);
        assert_eq!(names(&merge(&base, &theirs, &mine)), ["A0", "C2", "d3", "e1"]);
        // What the other has removed is gone; the first list of a tab is what is there.
        assert_eq!(names(&merge(&base, &base, &mine)), ["A0", "c2", "d3"]);
        assert_eq!(names(&merge(&[], &[], &base)), ["a0", "b1", "c2"]);
        assert_eq!(merge(&base, &[], &base), []);
        let many: Vec<Record> = (1..=RUNS_LIMIT as u32).map(|i| of(i, i - 1, "x")).collect();
        let full = merge(&many, &[&many[..], &[of(77, 50, "new")]].concat(), &many);
        assert_eq!((full.len(), full[0].id, full[RUNS_LIMIT - 1].id), (RUNS_LIMIT, 2, 77));
    }

    #[test]
    fn tables_have_every_number() {
        let csv = table_csv(&[record()]);
        let line = csv.lines().nth(1).unwrap();
        assert_eq!(line, "\"A, the \"\"first\"\"\",rate 1 → 2,7,4,0.04,4,0.5,0.25,0.9,0.25,0.875,512,0.5,v=1");
        assert_eq!(csv.lines().next().unwrap().split(',').count(), 14);
        let empty = table_csv(&[Record::default()]);
        assert!(empty.ends_with(",,0,0,0,,,,,,,,,\n"), "{empty}");
        let curves = curves_csv(&[record()]);
        assert_eq!(curves.lines().count(), 1 + 4 + 2);
        assert!(curves.contains("\"A, the \"\"first\"\"\",train,2,0.02,2,0.5\n") && curves.contains(",test,4,0.04,0.25,0.875\n"));
    }
}
