//! What Learn knows.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::{
    address,
    desk::Desk,
    engine::Engine,
    progress::Progress,
    strings::{Language, Strings},
};
use crate::{
    dom::window,
    lessons::LESSONS,
    link::message::{Picked, Which},
    state::{Sample, ThemeChoice, kept_sample, url},
    widgets::ink::{Ink, SIDE},
};

const LANGUAGE: &str = "kernelscope-language";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Contents,
    /// Both counted from 0.
    Lesson {
        index: usize,
        step: usize,
    },
}

impl Place {
    pub fn lesson(&self) -> Option<usize> {
        match self {
            Self::Contents => None,
            Self::Lesson { index, .. } => Some(*index),
        }
    }

    pub fn step(&self) -> usize {
        match self {
            Self::Contents => 0,
            Self::Lesson { step, .. } => *step,
        }
    }
}

/// Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Learn {
    pub place: RwSignal<Place>,
    pub language: RwSignal<Language>,
    pub theme_choice: RwSignal<ThemeChoice>,
    pub theme: RwSignal<figures::Theme>,
    /// The image that figures show: drawn, or of the data set. The Lab shows the same.
    pub sample: RwSignal<Sample>,
    pub ink: StoredValue<Ink>,
    pub progress: RwSignal<Progress>,
    /// Which option was chosen, by lesson and step.
    pub answers: RwSignal<BTreeMap<(usize, usize), usize>>,
    pub presenting: RwSignal<bool>,
    pub notes: RwSignal<bool>,
    pub help_open: RwSignal<bool>,
    pub printing: RwSignal<bool>,
    /// Controls that the link hides.
    pub hidden: StoredValue<Vec<String>>,
    /// Of the lesson that is open.
    pub desk: RwSignal<Option<Desk>>,
    pub engine: Engine,
}

impl Learn {
    pub fn start() -> Self {
        let hidden = url::page_value("hide").unwrap_or_default();
        let learn = Self {
            place: RwSignal::new(address::place_of(&address::query())),
            language: RwSignal::new(first_language()),
            theme_choice: RwSignal::new(ThemeChoice::System),
            theme: RwSignal::new(figures::Theme::Light),
            sample: RwSignal::new(Sample::default()),
            ink: StoredValue::new(Ink::default()),
            progress: RwSignal::new(Progress::read()),
            answers: RwSignal::new(BTreeMap::new()),
            presenting: RwSignal::new(false),
            notes: RwSignal::new(false),
            help_open: RwSignal::new(false),
            printing: RwSignal::new(false),
            hidden: StoredValue::new(hidden.replace("%2C", ",").split(',').map(str::to_owned).collect()),
            desk: RwSignal::new(None),
            engine: Engine::start(),
        };
        learn.take_kept();
        learn.engine.on_pick(move |picked, image| learn.take(picked, image));
        address::follow(learn);
        learn
    }

    /// What was drawn or picked last, here or in the Lab; else a digit that the program brings along, so that the first
    /// figure need not wait for any file.
    fn take_kept(self) {
        let kept = kept_sample::read();
        if let Some(ink) = kept.as_ref().map(|kept| Ink::from_bytes(&kept.strokes)).filter(|ink| !ink.is_blank()) {
            self.sample.update(|sample| sample.draw(ink.grey(), SIDE));
            self.ink.set_value(ink);
        } else {
            let (picked, image) = kept.and_then(|kept| kept.digit).unwrap_or_else(kept_sample::first);
            self.sample.update(|sample| sample.pick(picked, image));
        }
    }

    /// A digit of the data set takes the place of the drawing.
    fn take(self, picked: Picked, image: Vec<f32>) {
        self.ink.update_value(Ink::clear);
        self.sample.update(|sample| sample.pick(picked, image));
        self.keep_sample();
    }

    pub fn pick(self, which: Which) {
        self.engine.pick(which);
    }

    /// Shows the ink that the pad holds now.
    pub fn show_ink(self) {
        self.sample.update(|sample| self.ink.with_value(|ink| sample.draw(ink.grey(), SIDE)));
    }

    pub fn keep_sample(self) {
        let strokes = self.ink.with_value(Ink::to_bytes);
        self.sample.with_untracked(|sample| kept_sample::keep(sample, &strokes));
    }

    pub fn say(self) -> &'static Strings {
        self.language.get().strings()
    }

    pub fn speak(self, language: Language) {
        self.language.set(language);
        if let Some(storage) = storage() {
            // Refused in some private windows: it then lasts as long as the page.
            let _ = storage.set_item(LANGUAGE, language.code());
        }
    }

    pub fn go(self, place: Place) {
        if self.place.get_untracked() != place {
            self.place.set(place);
        }
    }

    /// So many steps on, or back; past the last step to the next lesson's first.
    pub fn step_by(self, by: isize) {
        let Place::Lesson { index, step } = self.place.get_untracked() else { return };
        match step.checked_add_signed(by) {
            Some(step) if step < LESSONS[index].steps.len() => self.go(Place::Lesson { index, step }),
            Some(_) if index + 1 < LESSONS.len() => self.go(Place::Lesson { index: index + 1, step: 0 }),
            Some(_) => self.go(Place::Contents),
            None => {}
        }
    }
}

pub fn storage() -> Option<web_sys::Storage> {
    window()?.local_storage().ok().flatten()
}

/// The link's, the one chosen last, the browser's.
fn first_language() -> Language {
    let kept = storage().and_then(|s| s.get_item(LANGUAGE).ok().flatten());
    let own = window().and_then(|w| w.navigator().language());
    url::page_value("lang").or(kept).or(own).and_then(|code| Language::of(&code)).unwrap_or(Language::English)
}
