//! Which digits are looked at.

use std::sync::Arc;

use data::CLASSES;
use leptos::prelude::*;

use crate::{
    reaction::live,
    state::{Catalogue, app, browse::Known},
    widgets::number,
};

/// Sets as one would call them.
pub const SETS: [&str; 3] = ["Training", "Validation", "Test"];

/// What the network answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Or nothing yet.
    Anything,
    Right,
    Wrong,
    As(u8),
}

impl Answered {
    fn word(self) -> String {
        match self {
            Self::Anything => "anything".to_owned(),
            Self::Right => "right".to_owned(),
            Self::Wrong => "wrong".to_owned(),
            Self::As(class) => class.to_string(),
        }
    }

    /// As the user reads it.
    fn title(self) -> String {
        match self {
            Self::As(class) => app().class_name(usize::from(class)),
            other => other.word(),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Anything, Self::Wrong, Self::Right].into_iter().chain((0..CLASSES as u8).map(Self::As))
    }

    fn takes(self, class: u8, answer: Option<u8>) -> bool {
        match self {
            Self::Anything => true,
            Self::Right => answer == Some(class),
            Self::Wrong => answer.is_some_and(|a| a != class),
            Self::As(wanted) => answer == Some(wanted),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Of [`SETS`]; all of them.
    pub set: RwSignal<Option<usize>>,
    pub class: RwSignal<Option<u8>>,
    pub answered: RwSignal<Answered>,
    /// Numbers of the digits, counted through all sets.
    pub digits: Memo<Arc<Vec<u32>>>,
}

impl Choice {
    pub fn new() -> Self {
        let catalogue = app().catalogue;
        let (set, class) = (RwSignal::new(None), RwSignal::new(None));
        let answered = RwSignal::new(Answered::Anything);
        let digits = Memo::new(move |_| {
            catalogue.tick.track();
            catalogue.with(|known| Arc::new(chosen(known, set.get(), class.get(), answered.get())))
        });
        Self { set, class, answered, digits }
    }
}

fn chosen(known: &Known, set: Option<usize>, class: Option<u8>, answered: Answered) -> Vec<u32> {
    let sets = (0..SETS.len()).filter(|s| set.is_none_or(|set| set == *s));
    let fits = |number: &u32| {
        let own = known.labels[*number as usize];
        class.is_none_or(|class| class == own) && answered.takes(own, known.answer(*number))
    };
    sets.flat_map(|s| known.range(s)).filter(fits).collect()
}

/// The controls.
pub fn view(choice: Choice) -> AnyView {
    let catalogue = app().catalogue;
    let sets = std::iter::once(None).chain((0..SETS.len()).map(Some)).map(move |set| {
        let title = set.map_or("All", |s| SETS[s]);
        view! {
            <button role="radio" data-testid=format!("data-set-{}", title.to_ascii_lowercase()) aria-checked=move || (choice.set.get() == set).to_string()
                on:click=move |_| choice.set.set(set)>{title}</button>
        }
    });
    let options = move || {
        Answered::all()
            .map(|answer| view! { <option value=answer.word() selected=move || choice.answered.get() == answer>{answer.title()}</option> })
            .collect_view()
    };
    view! {
        <div class="data-choice">
            <div class="choice" role="radiogroup" aria-label="Set">{sets.collect_view()}</div>
            <label class="data-answered">
                <span>"answered"</span>
                <select data-testid="data-answered" prop:value=move || choice.answered.get().word()
                    on:change=move |event| {
                        let word = event_target_value(&event);
                        if let Some(answer) = Answered::all().find(|a| a.word() == word) { choice.answered.set(answer); }
                    }>{live(options)}</select>
            </label>
            <span class="data-count number" role="status" data-testid="data-count">{move || count_words(choice, catalogue)}</span>
        </div>
    }
    .into_any()
}

fn count_words(choice: Choice, catalogue: Catalogue) -> String {
    catalogue.tick.track();
    let count = choice.digits.with(|d| d.len());
    let scored = catalogue.with(|k| k.answers.iter().any(|a| !a.is_empty()));
    if choice.answered.get() != Answered::Anything && !scored {
        return "The network is scored at the end of an epoch".to_owned();
    }
    let noun = app().classes.with(|names| names.noun);
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", number::grouped(count as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_chosen_by_set_class_and_answer() {
        let mut known = Known::default();
        (known.counts, known.totals, known.labels) = ([2, 0, 3], [50_000, 10_000, 10_000], vec![0; 70_000]);
        known.labels[..2].copy_from_slice(&[4, 7]);
        known.labels[60_000..60_003].copy_from_slice(&[7, 2, 7]);
        known.answers[1] = vec![7, 2, 9];
        let of = |set, class, answered| chosen(&known, set, class, answered);
        assert_eq!(of(None, None, Answered::Anything), [0, 1, 60_000, 60_001, 60_002]);
        assert_eq!(of(None, Some(7), Answered::Anything), [1, 60_000, 60_002]);
        assert_eq!(of(Some(2), Some(7), Answered::Right), [60_000]);
        assert_eq!(of(None, None, Answered::Wrong), [60_002]);
        assert_eq!(of(None, None, Answered::As(2)), [60_001]);
        assert!(of(Some(1), None, Answered::Anything).is_empty());
    }
}
