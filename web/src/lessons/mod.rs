//! The lessons: one folder each, one line in the list below.
//!
//! A lesson is data and one figure. `mod.rs` has the steps (what the figure is set to, what is lit, which answer is
//! right, when a task is done), `en.rs` the words of one language, `figure.rs` the figure, `style.css` its style.

pub mod convolution;
pub mod eye;
pub mod fields;
pub mod kinds;
pub mod learning;
pub mod mlp;
pub mod nonlinearity;
pub mod padding;
pub mod pooling;
pub mod sharing;
#[cfg(test)]
mod tests;

use leptos::prelude::AnyView;

use crate::learn::{
    desk::{Desk, Facts, Settings},
    strings::Language,
};

/// In the order of the table of contents.
#[rustfmt::skip] // One line each.
pub const LESSONS: &[&Lesson] = &[
    &eye::LESSON,
    &convolution::LESSON,
    &padding::LESSON,
    &kinds::LESSON,
    &sharing::LESSON,
    &mlp::LESSON,
    &fields::LESSON,
    &pooling::LESSON,
    &learning::LESSON,
    &nonlinearity::LESSON,
];

/// Names and values of a figure's settings, as a link has them.
pub type Pairs = &'static [(&'static str, &'static str)];

#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    /// The folder, the word in the link, the class around the figure with which every rule of its style begins.
    pub slug: &'static str,
    /// Its words by language; English is the first.
    pub words: &'static [(Language, &'static Words)],
    /// Every setting of the figure with its usual value. What is not listed here does not get into the link.
    pub settings: Pairs,
    pub steps: &'static [Step],
    pub figure: fn(Desk) -> AnyView,
    /// The query that opens the same situation in the Lab.
    pub lab: fn(&Settings) -> String,
    pub style: &'static str,
}

/// A step without its words.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What of the settings is not as usual when the step begins.
    pub settings: Pairs,
    /// The part of the figure that is lit: a mark of the captions.
    pub mark: &'static str,
    /// MathML without the `math` element, in letters; empty for none. The figure says what stands beneath ([`Desk::live`]).
    pub formula: &'static str,
    pub question: Option<Question>,
    /// Whether what the step proposes to try has been done.
    pub task: Option<fn(&Settings, &Facts) -> bool>,
}

/// Nothing special: to be completed with `..PLAIN`.
pub const PLAIN: Step = Step { settings: &[], mark: "", formula: "", question: None, task: None };

/// A prediction to be made before the figure shows what comes out.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Which of the options, counted from 0.
    pub right: usize,
    /// What is set once somebody has answered, so that the figure shows it.
    pub reveal: Pairs,
}

/// All that is said in one language.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub title: &'static str,
    /// One line for the table of contents.
    pub idea: &'static str,
    /// As many as there are steps.
    pub steps: &'static [StepWords],
    /// What there is to do in the Lab.
    pub hand_over: &'static str,
    /// Where to read on, and who found it out.
    pub sources: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
pub struct StepWords {
    pub title: &'static str,
    /// Two to four short sentences. `[kernel|the kernel]` names a part of the figure: it has the colour of that part, and
    /// pointing at it lights the part.
    pub text: &'static str,
    /// For the lecturer: what to say, what to ask the room. May be empty.
    pub notes: &'static str,
    pub question: Option<QuestionWords>,
    /// What to try.
    pub task: Option<&'static str>,
}

/// Nothing special: to be completed with `..SAYS`.
pub const SAYS: StepWords = StepWords { title: "", text: "", notes: "", question: None, task: None };

#[derive(Clone, Copy, Debug)]
pub struct QuestionWords {
    pub ask: &'static str,
    /// Answers, each with what is said to whoever gives it: for a wrong one, what was thought of and why it is not so.
    pub options: &'static [(&'static str, &'static str)],
}

impl Lesson {
    /// The words in this language, or in English.
    pub fn words(&self, language: Language) -> &'static Words {
        let found = self.words.iter().find(|(of, _)| *of == language).or(self.words.first());
        found.map_or(&NO_WORDS, |(_, words)| words)
    }

    /// The settings with which a step begins.
    pub fn settings_at(&self, step: usize) -> Settings {
        let mut settings = Settings::of(self.settings);
        settings.lay_over(self.steps.get(step).map_or(&[], |s| s.settings));
        settings
    }

    pub fn place(slug: &str) -> Option<usize> {
        LESSONS.iter().position(|lesson| lesson.slug == slug)
    }
}

/// Of a lesson that has none, which a test forbids.
const NO_WORDS: Words = Words { title: "", idea: "", steps: &[], hand_over: "", sources: &[] };
