//! What holds for every lesson.

use protocol::link;

use super::*;
use crate::learn::caption::{Piece, pieces};

fn each(check: impl Fn(&Lesson, &Words)) {
    for lesson in LESSONS {
        for (_, words) in lesson.words {
            check(lesson, words);
        }
    }
}

#[test]
fn slugs_are_unique_and_styles_stay_at_home() {
    for (i, lesson) in LESSONS.iter().enumerate() {
        let slug = lesson.slug;
        assert!(!slug.is_empty() && slug.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{slug}");
        assert!(LESSONS[..i].iter().all(|other| other.slug != slug), "{slug} twice");
        assert_eq!(Lesson::place(slug), Some(i));
        for selectors in lesson.style.split('}').filter_map(|rule| rule.rsplit('{').nth(1)) {
            for selector in selectors.split(',').map(str::trim).filter(|s| !s.is_empty() && !s.starts_with('@')) {
                assert!(selector.starts_with(&format!(".{slug} ")), "{slug}: {selector}");
            }
        }
    }
}

#[test]
fn every_step_has_words_and_a_figure_state() {
    for lesson in LESSONS {
        assert!((3..=10).contains(&lesson.steps.len()), "{}: three to eight steps, or a few more", lesson.slug);
        assert!(lesson.words.first().is_some_and(|(language, _)| *language == Language::English), "{}", lesson.slug);
        assert!(!lesson.settings.is_empty(), "{}: the figure can be in one state only", lesson.slug);
        for (i, step) in lesson.steps.iter().enumerate() {
            for (key, value) in step.settings.iter().chain(step.question.iter().flat_map(|q| q.reveal)) {
                assert!(lesson.settings.iter().any(|(own, _)| own == key), "{} {i}: no setting {key}", lesson.slug);
                assert!(!value.contains(['&', '#', ' ', '+']), "{} {i}: {value} would have to be escaped in a link", lesson.slug);
            }
            // A step that shows what the one before has shown is only text.
            let same = i > 0 && lesson.settings_at(i) == lesson.settings_at(i - 1) && step.mark == lesson.steps[i - 1].mark;
            assert!(!same, "{} {i}: the figure is as in the step before", lesson.slug);
        }
        for key in lesson.settings.iter().map(|(key, _)| key) {
            assert!(!crate::learn::address::OWN_KEYS.contains(key), "{}: `{key}` is a key of the page", lesson.slug);
        }
    }
    each(|lesson, words| {
        assert_eq!(words.steps.len(), lesson.steps.len(), "{}", lesson.slug);
        assert!(!words.title.is_empty() && !words.idea.is_empty() && !words.hand_over.is_empty() && !words.sources.is_empty());
        assert!(words.steps.iter().all(|s| !s.title.is_empty() && !s.text.is_empty()), "{}", lesson.slug);
    });
}

#[test]
fn every_answer_is_answered() {
    each(|lesson, words| {
        for (i, (step, said)) in lesson.steps.iter().zip(words.steps).enumerate() {
            assert_eq!(step.question.is_some(), said.question.is_some(), "{} {i}", lesson.slug);
            assert_eq!(step.task.is_some(), said.task.is_some(), "{} {i}", lesson.slug);
            let (Some(question), Some(said)) = (step.question, said.question) else { continue };
            assert!((2..=5).contains(&said.options.len()) && question.right < said.options.len(), "{} {i}", lesson.slug);
            assert!(!said.ask.is_empty() && said.options.iter().all(|(option, back)| !option.is_empty() && back.len() > 20));
        }
        assert!(lesson.steps.iter().any(|s| s.question.is_some()), "{}: nothing to predict", lesson.slug);
        assert!(lesson.steps.iter().any(|s| s.task.is_some()), "{}: nothing to try", lesson.slug);
    });
}

#[test]
fn tasks_are_not_done_before_they_are_begun() {
    for lesson in LESSONS {
        for (i, step) in lesson.steps.iter().enumerate() {
            let done = step.task.is_some_and(|task| task(&lesson.settings_at(i), &Facts::default()));
            assert!(!done, "{} {i}: done at once", lesson.slug);
        }
    }
}

#[test]
fn links_into_the_lab_are_understood() {
    for lesson in LESSONS {
        for step in 0..lesson.steps.len() {
            let query = (lesson.lab)(&lesson.settings_at(step));
            let (spec, problems) = link::decode(&query);
            assert!(problems.is_empty(), "{} {step}: {query}: {problems:?}", lesson.slug);
            assert!(engine::Graph::check(&spec.model).is_ok(), "{} {step}", lesson.slug);
        }
    }
}

/// Every element that is opened is closed, in order, and none is unknown to MathML.
fn well_formed(text: &str) -> Result<(), String> {
    const KNOWN: &[&str] = &[
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "msub",
        "msup",
        "msubsup",
        "mfrac",
        "msqrt",
        "munder",
        "munderover",
        "mover",
        "mspace",
        "mtable",
        "mtr",
        "mtd",
        "mstyle",
    ];
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let tag = tag.split('>').next().ok_or("a tag that does not end")?;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !KNOWN.contains(&name) {
            return Err(format!("<{name}>"));
        }
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}>"));
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} is not closed")) }
}

#[test]
fn formulae_are_well_formed() {
    for lesson in LESSONS {
        for (i, step) in lesson.steps.iter().enumerate() {
            assert_eq!(well_formed(step.formula), Ok(()), "{} {i}", lesson.slug);
        }
        assert!(lesson.steps.iter().any(|step| !step.formula.is_empty()), "{} has no formula", lesson.slug);
    }
    assert!(well_formed("<mi>x</mo>").is_err() && well_formed("<mrow>").is_err() && well_formed("<b></b>").is_err());
}

#[test]
fn marks_are_closed() {
    each(|lesson, words| {
        for step in words.steps {
            let texts = [step.text].into_iter().chain(step.task).chain(step.question.map(|q| q.ask));
            for piece in texts.flat_map(pieces) {
                match piece {
                    Piece::Plain(text) => assert!(!text.contains(['[', ']', '|']), "{}: {text}", lesson.slug),
                    Piece::Mark(mark, text) => assert!(!mark.is_empty() && !text.is_empty(), "{}: {mark}|{text}", lesson.slug),
                }
            }
        }
    });
}

#[test]
fn settings_come_back_from_a_link() {
    for lesson in LESSONS {
        for step in 0..lesson.steps.len() {
            let usual = lesson.settings_at(step);
            let mut changed = usual.clone();
            changed.set(lesson.settings[0].0, "7,-1");
            let text = changed.difference(&usual);
            let mut back = usual.clone();
            back.read(&text);
            assert_eq!(back, changed, "{}", lesson.slug);
        }
    }
}
