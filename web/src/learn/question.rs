//! Predict, then look: what comes out is shown to whoever has said what he thinks.

use crate::reaction::live;
use leptos::prelude::*;

use super::{
    caption::caption,
    desk::Desk,
    progress::bit,
    state::{Learn, Place},
};
use crate::lessons::QuestionWords;

/// Answers the question of the step that is open; whether there is one.
pub fn answer_open(learn: Learn, option: usize) -> bool {
    let (Some(desk), Place::Lesson { index, step }) = (learn.desk.get_untracked(), learn.place.get_untracked()) else { return false };
    let words = desk.lesson.words(learn.language.get_untracked());
    let Some(question) = words.steps.get(step).and_then(|s| s.question) else { return false };
    if option < question.options.len() {
        answer(learn, desk, index, step, option);
    }
    true
}

fn answer(learn: Learn, desk: Desk, index: usize, step: usize, option: usize) {
    let Some(question) = desk.lesson.steps.get(step).and_then(|s| s.question) else { return };
    let first = learn.answers.try_update(|answers| answers.insert((index, step), option)).flatten().is_none();
    // Only the first answer was a prediction.
    if first {
        learn.progress.update(|p| {
            p.mark(desk.lesson.slug, |m| {
                m.answered |= bit(step);
                m.right = if option == question.right { m.right | bit(step) } else { m.right & !bit(step) };
            });
        });
        desk.settings.update(|settings| settings.lay_over(question.reveal));
    }
}

pub fn view(learn: Learn, desk: Desk, index: usize, step: usize, words: QuestionWords) -> AnyView {
    let chosen = Memo::new(move |_| learn.answers.with(|a| a.get(&(index, step)).copied()));
    let right = desk.lesson.steps[step].question.map_or(0, |q| q.right);
    let option = move |(at, (text, _)): (usize, &'static (&'static str, &'static str))| {
        let state = move || match chosen.get() {
            None => "option",
            Some(_) if at == right => "option right",
            Some(own) if own == at => "option wrong",
            Some(_) => "option other",
        };
        view! {
            <li><button class=state data-testid=format!("option-{}", at + 1) aria-pressed=move || (chosen.get() == Some(at)).to_string()
                on:click=move |_| answer(learn, desk, index, step, at)><kbd>{at + 1}</kbd><span>{*text}</span></button></li>
        }
        .into_any()
    };
    let feedback = move || {
        let own = chosen.get()?;
        let (_, back) = words.options.get(own)?;
        let verdict = if own == right { learn.say().right } else { learn.say().wrong };
        Some(view! { <p class:is-right=own == right><b>{verdict}</b>" "{*back}</p> }.into_any())
    };
    let again = move |_| {
        learn.answers.update(|a| {
            a.remove(&(index, step));
        });
        super::view::reset(learn);
    };
    view! {
        <section class="lesson-question" data-testid="question">
            <h3>{move || learn.say().predict}</h3>
            <p>{caption(desk, words.ask)}</p>
            <ol>{words.options.iter().enumerate().map(option).collect_view()}</ol>
            <div class="lesson-feedback" data-testid="feedback" role="status">{live(feedback)}</div>
            {move || chosen.get().is_some().then(|| view! { <button class="quiet" data-testid="ask-again" on:click=again>{move || learn.say().ask_again}</button> })}
        </section>
    }
    .into_any()
}

/// On paper: question, answers, and which is right.
pub fn printed(desk: Desk, step: usize, words: QuestionWords) -> AnyView {
    let right = desk.lesson.steps[step].question.map_or(0, |q| q.right);
    let option = |(at, (text, back)): (usize, &'static (&'static str, &'static str))| {
        view! { <li><b>{*text}</b>{if at == right { " ✓ " } else { " – " }}{*back}</li> }.into_any()
    };
    view! {
        <section class="lesson-question">
            <p>{caption(desk, words.ask)}</p>
            <ol>{words.options.iter().enumerate().map(option).collect_view()}</ol>
        </section>
    }
    .into_any()
}
