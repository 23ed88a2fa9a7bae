//! All steps of a lesson in sequence, each with its figure, for paper.

use crate::reaction::{effect, live};
use leptos::prelude::*;

use super::{
    caption::caption,
    desk::Desk,
    question,
    state::{Learn, Place},
    view::formula,
};
use crate::{
    dom::{document, frame, listen::Listener, window},
    lessons::LESSONS,
};

/// So long the figures have to be answered and drawn.
const DRAW_MS: i32 = 1_600;

pub fn view(learn: Learn) -> AnyView {
    if let Some(window) = window() {
        Listener::new(&window, "afterprint", move |_| learn.printing.set(false)).keep();
    }
    effect(move || {
        let printing = learn.printing.get();
        if let Some(root) = document().and_then(|d| d.document_element()) {
            let _ = root.class_list().toggle_with_force("printing", printing);
        }
        if printing {
            frame::after(DRAW_MS, move || {
                if let Some(window) = window().filter(|_| learn.printing.get_untracked()) {
                    // Where the browser prints nothing, the sheets can be left by a press.
                    let _ = window.print();
                }
            });
        }
    });
    let sheets = move || {
        let index = learn.printing.get().then(|| learn.place.with_untracked(Place::lesson)).flatten()?;
        Some(sheets(learn, index))
    };
    view! { {live(sheets)} }.into_any()
}

fn sheets(learn: Learn, index: usize) -> AnyView {
    let lesson = LESSONS[index];
    let words = lesson.words(learn.language.get_untracked());
    let sheet = move |step: usize| {
        let desk = Desk::new(learn, lesson, step, true);
        if let Some(question) = lesson.steps[step].question {
            desk.settings.update(|s| s.lay_over(question.reveal));
        }
        let said = &words.steps[step];
        view! {
            <section class="sheet">
                <h2><span class="number">{step + 1}</span>" "{said.title}</h2>
                <div class=format!("lesson-figure {}", lesson.slug)>{(lesson.figure)(desk)}</div>
                <p>{caption(desk, said.text)}</p>
                {formula(desk, step)}
                {said.question.map(|words| question::printed(desk, step, words))}
                {said.task.map(|text| view! { <p class="sheet-task">{caption(desk, text)}</p> })}
            </section>
        }
        .into_any()
    };
    view! {
        <div class="sheets" data-testid="sheets" on:click=move |_| learn.printing.set(false)>
            <h1>{words.title}</h1>
            <p class="lesson-idea">{words.idea}</p>
            {(0..lesson.steps.len()).map(sheet).collect_view()}
            <section class="sheet"><h2>{learn.say().sources}</h2><ul>{words.sources.iter().map(|s| view! { <li>{*s}</li> }).collect_view()}</ul></section>
        </div>
    }
    .into_any()
}
