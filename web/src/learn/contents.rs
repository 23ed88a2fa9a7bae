//! The table of contents.

use crate::reaction::live;
use leptos::prelude::*;

use super::{
    caption::plain,
    progress::bit,
    state::{Learn, Place},
    strings::with,
};
use crate::lessons::{LESSONS, Words};

pub fn view(learn: Learn) -> AnyView {
    let sought = RwSignal::new(String::new());
    let lines = move || {
        let words = sought.get().to_lowercase();
        let found: Vec<AnyView> = (0..LESSONS.len()).filter_map(|index| line(learn, index, &words)).collect();
        if found.is_empty() { view! { <p class="contents-none">{learn.say().nothing_found}</p> }.into_any() } else { found.into_any() }
    };
    view! {
        <main class="contents" data-testid="contents">
            <header class="contents-head">
                <h1>{move || learn.say().contents}</h1>
                <p>{move || learn.say().contents_about}</p>
                <input type="search" data-testid="search" aria-label=move || learn.say().search placeholder=move || learn.say().search
                    on:input=move |event| sought.set(event_target_value(&event))/>
            </header>
            <ol class="contents-list">{live(lines)}</ol>
        </main>
    }
    .into_any()
}

/// Steps whose words have `sought`; those of the whole lesson where its title or idea has it.
fn found(words: &Words, sought: &str) -> Option<Vec<usize>> {
    let has = |text: &str| plain(text).to_lowercase().contains(sought);
    if sought.is_empty() || has(words.title) || has(words.idea) {
        return Some(Vec::new());
    }
    let steps: Vec<usize> = words.steps.iter().enumerate().filter(|(_, s)| has(s.title) || has(s.text)).map(|(i, _)| i).collect();
    (!steps.is_empty()).then_some(steps)
}

fn line(learn: Learn, index: usize, sought: &str) -> Option<AnyView> {
    let lesson = LESSONS[index];
    let words = lesson.words(learn.language.get());
    let steps = found(words, sought)?;
    let (total, marks) = (lesson.steps.len(), learn.progress.with(|p| p.get(lesson.slug)));
    let seen = (marks.seen & ((1 << total) - 1)).count_ones() as usize;
    // On to the first step that has not been seen.
    let next = if seen == total { 0 } else { (marks.seen.trailing_ones() as usize).min(total - 1) };
    let goes = if seen == 0 {
        learn.say().begin
    } else if seen == total {
        learn.say().again
    } else {
        learn.say().go_on
    };
    let dot = |at: usize| {
        let seen = marks.seen & bit(at) != 0;
        view! { <i class:seen=seen></i> }.into_any()
    };
    let dots = (0..total).map(dot).collect_view();
    let place = move |step| Place::Lesson { index, step };
    let address = move |step: usize| super::address::query_of(&place(step), "", &super::address::query());
    let hit = |step: usize| {
        view! { <li><a href=address(step) on:click=move |event| { event.prevent_default(); learn.go(place(step)); }>{words.steps[step].title}</a></li> }
            .into_any()
    };
    let hits =
        (!steps.is_empty()).then(|| view! { <ul class="contents-hits">{steps.iter().map(|s| hit(*s)).collect_view()}</ul> }.into_any());
    Some(
        view! {
            <li class="contents-line" data-testid=format!("lesson-{}", lesson.slug)>
                <a class="contents-lesson" href=address(next) on:click=move |event| { event.prevent_default(); learn.go(place(next)); }>
                    <span class="number contents-number">{index + 1}</span>
                    <span class="contents-words"><b>{words.title}</b><span>{words.idea}</span></span>
                    <span class="contents-progress">
                        <span class="contents-dots" role="img" aria-label=with(learn.say().steps_seen, &[seen, total])>{dots}</span>
                        <span class="contents-go">{goes}</span>
                    </span>
                </a>
                {hits}
            </li>
        }
        .into_any(),
    )
}
