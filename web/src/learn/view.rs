//! A lesson at a step: the figure large, the words short beside it.

use crate::reaction::{effect, live};
use leptos::prelude::*;
use web_sys::Element;

use super::{
    caption::caption,
    desk::Desk,
    pad,
    progress::bit,
    question,
    state::{Learn, Place},
    strings::with,
};
use crate::{
    dom::{document, listen::Listener},
    lessons::{LESSONS, Lesson},
    widgets::icon::{Glyph, Icon},
};

/// Settings that the link has beside those of the step.
fn desk_of(learn: Learn, lesson: &'static Lesson, step: usize) -> Desk {
    let desk = Desk::new(learn, lesson, step, false);
    let query = super::address::query();
    if super::address::place_of(&query) == learn.place.get_untracked() {
        desk.settings.update(|settings| settings.read(&query));
    }
    desk
}

/// The figure as the step begins; what has been answered stays revealed.
pub fn reset(learn: Learn) {
    let (Some(desk), Place::Lesson { index, step }) = (learn.desk.get_untracked(), learn.place.get_untracked()) else { return };
    let mut settings = desk.lesson.settings_at(step);
    if learn.answers.with_untracked(|a| a.contains_key(&(index, step))) {
        settings.lay_over(desk.lesson.steps[step].question.map_or(&[], |q| q.reveal));
    }
    desk.playing.set(false);
    desk.pointed.set("");
    desk.mark.set(desk.lesson.steps[step].mark);
    if desk.settings.with_untracked(|s| *s != settings) {
        desk.settings.set(settings);
    }
}

pub fn lesson(learn: Learn, index: usize) -> AnyView {
    let lesson = LESSONS[index];
    let step = Memo::new(move |_| learn.place.with(Place::step).min(lesson.steps.len() - 1));
    let desk = desk_of(learn, lesson, step.get_untracked());
    learn.desk.set(Some(desk));
    on_cleanup(move || {
        if learn.desk.get_untracked().is_some_and(|d| d.lesson.slug == lesson.slug) {
            learn.desk.set(None);
        }
        learn.presenting.set(false);
    });
    Effect::new(move |before: Option<usize>| {
        let step = step.get();
        if before.is_some() {
            reset(learn);
        }
        // On a phone the button that leads on is pressed far below the words of the next step.
        if let Some(root) = document().and_then(|page| page.document_element()) {
            root.set_scroll_top(0);
        }
        learn.progress.update(|p| p.mark(lesson.slug, |m| m.seen |= bit(step)));
        step
    });
    effect(move || {
        let step = step.get();
        let done = lesson.steps[step].task.is_some_and(|task| desk.settings.with(|s| desk.facts.with(|f| task(s, f))));
        if done && learn.progress.with_untracked(|p| p.get(lesson.slug).tried & bit(step) == 0) {
            learn.progress.update(|p| p.mark(lesson.slug, |m| m.tried |= bit(step)));
        }
    });
    follow_fullscreen(learn);
    view! {
        <main class="lesson" class:presenting=move || learn.presenting.get() data-testid="lesson">
            {title(learn, index)}
            <div class=format!("lesson-figure {}", lesson.slug) data-testid="figure">{(lesson.figure)(desk)}</div>
            {words(learn, desk, index, step)}
            {ways(learn, lesson, index, step)}
        </main>
    }
    .into_any()
}

fn title(learn: Learn, index: usize) -> AnyView {
    let words = move || LESSONS[index].words(learn.language.get());
    view! {
        <header class="lesson-head">
            <p class="lesson-number">{move || with(learn.say().lesson, &[index + 1])}</p>
            <h1>{move || words().title}</h1>
            <p class="lesson-idea">{move || words().idea}</p>
            <button class="quiet" data-testid="reset" title=move || format!("{} (R)", learn.say().reset) aria-label=move || learn.say().reset on:click=move |_| reset(learn)><Icon glyph=Glyph::Reset/></button>
        </header>
    }
    .into_any()
}

fn words(learn: Learn, desk: Desk, index: usize, step: Memo<usize>) -> AnyView {
    // Language and step: what is said changes with these alone.
    let said = move || said(learn, desk, index, step.get());
    view! {
        <div class="lesson-words">
            <div class="lesson-said" aria-live="polite">{live(said)}</div>
            {(!desk.hides("pad")).then(|| pad::view(learn))}
        </div>
    }
    .into_any()
}

fn said(learn: Learn, desk: Desk, index: usize, step: usize) -> AnyView {
    let lesson = LESSONS[index];
    let words = lesson.words(learn.language.get());
    let Some(said) = words.steps.get(step) else { return ().into_any() };
    let last = step + 1 == lesson.steps.len();
    view! {
        <h2 data-testid="step-title">{said.title}</h2>
        <p class="lesson-caption" data-testid="caption">{caption(desk, said.text)}</p>
        {(!desk.hides("formula")).then(|| formula(desk, step))}
        {said.question.map(|question| question::view(learn, desk, index, step, question))}
        {said.task.map(|text| task(learn, desk, step, text))}
        {last.then(|| hand_over(learn, desk, index))}
        {move || learn.notes.get().then(|| notes(learn, said.notes))}
    }
    .into_any()
}

/// A formula in letters, and beneath it the same with the numbers of the moment.
pub fn formula(desk: Desk, step: usize) -> AnyView {
    let letters = desk.lesson.steps[step].formula;
    if letters.is_empty() {
        return ().into_any();
    }
    let math = |inside: &str| format!("<math display=\"block\"><mrow>{inside}</mrow></math>");
    view! {
        <div class="lesson-formula" data-testid="formula">
            <div inner_html=math(letters)></div>
            <div class="live" data-testid="live" inner_html=move || desk.live.with(|live| math(live))></div>
        </div>
    }
    .into_any()
}

fn task(learn: Learn, desk: Desk, step: usize, text: &'static str) -> AnyView {
    let done = Memo::new(move |_| learn.progress.with(|p| p.get(desk.lesson.slug).tried & bit(step) != 0));
    view! {
        <section class="lesson-task" class:done=move || done.get() data-testid="task">
            <h3><span class="lesson-tick" aria-hidden="true"></span>{move || learn.say().try_this}
                <span class="lesson-done" role="status">{move || done.get().then(|| learn.say().done)}</span></h3>
            <p>{caption(desk, text)}</p>
        </section>
    }
    .into_any()
}

fn hand_over(learn: Learn, desk: Desk, index: usize) -> AnyView {
    let words = move || LESSONS[index].words(learn.language.get());
    let link = move || super::address::of_lab(&desk.settings.with(desk.lesson.lab));
    let sources = move || words().sources.iter().map(|text| view! { <li>{*text}</li> }.into_any()).collect_view();
    view! {
        <section class="lesson-over">
            <h3>{move || learn.say().in_the_lab}</h3>
            <p>{move || words().hand_over}</p>
            <a class="primary" data-testid="open-lab" href=link>{move || learn.say().open_lab}</a>
        </section>
        <details class="lesson-sources" data-testid="sources">
            <summary>{move || learn.say().sources}</summary>
            <ul>{live(sources)}</ul>
        </details>
    }
    .into_any()
}

fn notes(learn: Learn, text: &'static str) -> AnyView {
    let text = if text.is_empty() { learn.say().no_notes } else { text };
    view! { <aside class="lesson-notes" data-testid="notes"><h3>{learn.say().notes}</h3><p>{text}</p></aside> }.into_any()
}

/// Back, the steps, on.
fn ways(learn: Learn, lesson: &'static Lesson, index: usize, step: Memo<usize>) -> AnyView {
    let dot = move |at: usize| {
        let label = move || {
            let title = lesson.words(learn.language.get()).steps.get(at).map_or("", |s| s.title);
            format!("{}: {title}", with(learn.say().step_of, &[at + 1, lesson.steps.len()]))
        };
        let seen = move || learn.progress.with(|p| p.get(lesson.slug).seen & bit(at) != 0);
        view! {
            <li><button class="lesson-dot" class:seen=seen data-testid=format!("dot-{}", at + 1) aria-label=label title=label
                aria-current=move || (step.get() == at).then_some("step") on:click=move |_| learn.go(Place::Lesson { index, step: at })></button></li>
        }
        .into_any()
    };
    let on = move || {
        let last = step.get() + 1 == lesson.steps.len();
        match (last, index + 1 < LESSONS.len()) {
            (false, _) => learn.say().next,
            (true, true) => learn.say().next_lesson,
            (true, false) => learn.say().contents,
        }
    };
    let dots = (0..lesson.steps.len()).map(dot).collect_view();
    view! {
        <nav class="lesson-ways" aria-label=move || learn.say().steps>
            <button class="quiet" data-testid="previous" disabled=move || step.get() == 0 on:click=move |_| learn.step_by(-1)><Icon glyph=Glyph::Back/><span>{move || learn.say().previous}</span></button>
            <ol class="lesson-dots">{dots}</ol>
            <button class="quiet strong" data-testid="next" on:click=move |_| learn.step_by(1)><span>{live(on)}</span><Icon glyph=Glyph::Next/></button>
        </nav>
    }
    .into_any()
}

/// Full screen goes with the presentation, and the presentation ends with full screen.
fn follow_fullscreen(learn: Learn) {
    let Some(page) = document() else { return };
    Effect::new(move |before: Option<()>| {
        let wanted = learn.presenting.get();
        let Some(page) = document() else { return };
        let root: Option<Element> = page.document_element();
        if wanted && page.fullscreen_element().is_none() {
            // Refused on some phones and in tests: type is large all the same.
            let _ = root.map(|root| root.request_fullscreen());
        } else if !wanted && before.is_some() && page.fullscreen_element().is_some() {
            page.exit_fullscreen();
        }
        if let Some(root) = page.document_element() {
            let _ = root.class_list().toggle_with_force("presenting", wanted);
        }
    });
    let ended = page.clone();
    let listener = Listener::new(&page, "fullscreenchange", move |_| {
        if ended.fullscreen_element().is_none() {
            let _ = learn.presenting.try_set(false);
        }
    });
    let held = StoredValue::new_local(Some(listener));
    on_cleanup(move || held.try_update_value(|held| drop(held.take())).unwrap_or_default());
}
