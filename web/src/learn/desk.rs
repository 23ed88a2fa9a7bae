//! Where a figure works: its settings, what it reports, the engine that it asks.

use std::collections::BTreeMap;

use crate::reaction::effect;
use leptos::prelude::*;

use super::{
    engine::{Answer, FigureAsk},
    state::Learn,
};
use crate::lessons::{Lesson, Pairs};

/// A figure's settings by name, as a link has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    pub fn of(pairs: Pairs) -> Self {
        Self(pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect())
    }

    /// The value of a setting; empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// The number that a setting says, or 0.
    pub fn number(&self, key: &str) -> f32 {
        self.get(key).parse().ok().filter(|v: &f32| v.is_finite()).unwrap_or(0.0)
    }

    pub fn count(&self, key: &str) -> usize {
        self.get(key).parse().unwrap_or(0)
    }

    /// Whether it is `1`.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key) == "1"
    }

    /// Changes one of the settings that there are.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        if let Some(held) = self.0.get_mut(key) {
            *held = value.into();
        }
    }

    pub fn lay_over(&mut self, pairs: Pairs) {
        pairs.iter().for_each(|(key, value)| self.set(key, *value));
    }

    /// What differs from `usual`, as `&key=value` for each.
    pub fn difference(&self, usual: &Self) -> String {
        let changed = self.0.iter().filter(|(key, value)| usual.0.get(*key) != Some(value));
        changed.map(|(key, value)| format!("&{key}={}", escaped(value))).collect()
    }

    /// Takes what a query says about settings that there are.
    pub fn read(&mut self, query: &str) {
        for (key, value) in super::address::pairs(query) {
            self.set(key, plain(value));
        }
    }
}

/// What a value may not have in a link is left out: figures write numbers, words and commas.
fn escaped(value: &str) -> String {
    value.replace('%', "").replace(['&', '#', '+', '='], "").replace(' ', "%20")
}

fn plain(value: &str) -> String {
    value.replace("%2C", ",").replace("%2c", ",").replace("%20", " ")
}

/// Numbers that a figure has reported, by name: what tasks look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(pub BTreeMap<&'static str, f64>);

impl Facts {
    /// NaN where there is none, which compares with nothing.
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    pub learn: Learn,
    pub lesson: &'static Lesson,
    /// Its changes get into the link.
    pub settings: RwSignal<Settings>,
    pub facts: RwSignal<Facts>,
    /// MathML of the step's formula with the numbers of the moment, without the `math` element.
    pub live: RwSignal<String>,
    /// The part that is lit since the step says so.
    pub mark: RwSignal<&'static str>,
    /// The part that a word is pointed at for.
    pub pointed: RwSignal<&'static str>,
    /// The animation runs.
    pub playing: RwSignal<bool>,
    /// A pointer is over the figure, which takes the animation's controls.
    pub held: RwSignal<bool>,
    /// It is on paper: nothing moves, nothing can be pressed.
    pub printed: bool,
}

impl Desk {
    pub fn new(learn: Learn, lesson: &'static Lesson, step: usize, printed: bool) -> Self {
        Self {
            learn,
            lesson,
            settings: RwSignal::new(lesson.settings_at(step)),
            facts: RwSignal::new(Facts::default()),
            live: RwSignal::new(String::new()),
            mark: RwSignal::new(lesson.steps.get(step).map_or("", |s| s.mark)),
            pointed: RwSignal::new(""),
            playing: RwSignal::new(false),
            held: RwSignal::new(false),
            printed,
        }
    }

    pub fn text(self, key: &'static str) -> Memo<String> {
        Memo::new(move |_| self.settings.with(|s| s.get(key).to_owned()))
    }

    pub fn number(self, key: &'static str) -> Memo<f32> {
        Memo::new(move |_| self.settings.with(|s| s.number(key)))
    }

    pub fn count(self, key: &'static str) -> Memo<usize> {
        Memo::new(move |_| self.settings.with(|s| s.count(key)))
    }

    pub fn is_on(self, key: &'static str) -> Memo<bool> {
        Memo::new(move |_| self.settings.with(|s| s.is_on(key)))
    }

    /// Changes a setting, if it is another value.
    pub fn set(self, key: &'static str, value: impl ToString) {
        let value = value.to_string();
        if self.settings.with_untracked(|s| s.get(key) != value) {
            self.settings.update(|s| s.set(key, value));
        }
    }

    /// Tells a number that tasks, tests and lecturers look at.
    pub fn report(self, name: &'static str, value: f64) {
        if self.facts.with_untracked(|f| f.0.get(name) != Some(&value)) {
            self.facts.update(|f| {
                f.0.insert(name, value);
            });
        }
    }

    /// Whether a part is lit: by the word that is pointed at, else by the step.
    pub fn is_lit(self, part: &str) -> bool {
        let pointed = self.pointed.get();
        if pointed.is_empty() { self.mark.with(|m| m.split(' ').any(|m| m == part)) } else { pointed == part }
    }

    /// Whether the link hides this control.
    pub fn hides(self, control: &str) -> bool {
        self.printed || self.learn.hidden.with_value(|hidden| hidden.iter().any(|name| name == control))
    }

    /// The person's image: 28 × 28 numbers from 0 (paper) to 1 (ink).
    pub fn sample(self) -> Memo<Vec<f32>> {
        Memo::new(move |_| self.learn.sample.with(|s| s.image.clone()))
    }

    /// The engine's answer to what `question` says at the moment: asked again whenever that changes, the newest wins. Until
    /// the first answer it is empty; where there is no question the last answer stays.
    pub fn ask(self, question: impl Fn() -> Option<FigureAsk> + Send + Sync + 'static) -> ReadSignal<Answer> {
        let (answer, set_answer) = signal(Answer::default());
        let place = self.learn.engine.open(move |news| {
            // Gone, if the figure is.
            let _ = set_answer.try_set(news);
        });
        let wanted = Memo::new(move |_| question());
        effect(move || {
            if let Some(ask) = wanted.get() {
                self.learn.engine.ask(place, ask);
            }
        });
        on_cleanup(move || self.learn.engine.close(place));
        answer
    }
}
