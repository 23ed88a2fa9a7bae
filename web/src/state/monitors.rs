//! What the monitors know: the probes of the run, what goes wrong in it, and what happened when.

use leptos::prelude::*;
use protocol::{Advice, Probing, Progress, Reading};
use trainer::probes::Trail;

use super::events::bump;

/// Something that happened to the run, for the curves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub step: u32,
    pub what: String,
}

/// Marks that are kept.
const MARKS_LIMIT: usize = 60;
/// A slider that is drawn goes through many rates: within so many steps the last one counts.
const ONE_MOVE: u32 = 40;

#[derive(Clone, Copy, Debug)]
pub struct Monitors {
    /// Read it when `tick` changes.
    pub trail: StoredValue<Trail>,
    pub tick: RwSignal<u32>,
    /// The step that is looked back at; none follows the run.
    pub at: RwSignal<Option<u32>>,
    pub advice: RwSignal<Vec<Advice>>,
    pub marks: RwSignal<Vec<Mark>>,
    /// Panels that want layers, and distributions.
    watchers: StoredValue<[u32; 2]>,
}

impl Monitors {
    pub fn new() -> Self {
        Self {
            trail: StoredValue::new(Trail::default()),
            tick: RwSignal::new(0),
            at: RwSignal::new(None),
            advice: RwSignal::new(Vec::new()),
            marks: RwSignal::new(Vec::new()),
            watchers: StoredValue::new([0; 2]),
        }
    }

    /// Another run: nothing is known of it.
    pub fn begin(&self) {
        self.trail.update_value(Trail::clear);
        self.at.set(None);
        self.advice.set(Vec::new());
        self.marks.set(Vec::new());
        bump(self.tick);
    }

    pub fn take(&self, reading: Reading) {
        self.trail.update_value(|trail| trail.push(reading));
        bump(self.tick);
    }

    /// The run has gone back to `progress`: what came later is void.
    pub fn rewind(&self, progress: &Progress) {
        let later = self.trail.with_value(|t| t.last().is_some_and(|r| r.head.step > progress.step));
        if later {
            self.trail.update_value(|trail| trail.rewind(progress.step));
            bump(self.tick);
        }
    }

    pub fn mark(&self, step: u32, what: String, moves: bool) {
        self.marks.update(|marks| {
            if moves && marks.last().is_some_and(|m| m.step + ONE_MOVE > step && m.what.split(' ').next() == what.split(' ').next()) {
                marks.pop();
            }
            marks.push(Mark { step, what });
            let surplus = marks.len().saturating_sub(MARKS_LIMIT);
            marks.drain(..surplus);
        });
    }

    /// Counts a panel that watches, by +1 or −1, and says what all of them together want.
    pub fn watch(&self, what: Probing, by: i32) -> Probing {
        self.watchers.update_value(|counts| {
            let place = usize::from(what == Probing::Distributions);
            counts[place] = counts[place].saturating_add_signed(by);
        });
        self.wanted()
    }

    /// Without a panel, what the adviser needs.
    pub fn wanted(&self) -> Probing {
        match self.watchers.get_value() {
            [0, 0] => Probing::Advice,
            [_, 0] => Probing::Layers,
            _ => Probing::Distributions,
        }
    }

    /// What `find` makes of the probe that is looked at.
    pub fn with<T>(&self, find: impl FnOnce(&Reading) -> T) -> Option<T> {
        let at = self.at.get();
        self.tick.track();
        self.trail.with_value(|trail| match at {
            Some(step) => trail.at(step).map(find),
            None => trail.last().map(find),
        })
    }
}
